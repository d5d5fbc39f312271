/**
 * Fuzzes the native scanner against the JavaScript fallback and JSON.parse, and the code for long strings against JSON.parse and
 * JSON.stringify.
 *
 *     npm run fuzz -- [--seconds N] [--kernel NAME] [--keep FOLDER] [--minimise]
 *
 * --seconds   how long, 30 unless said otherwise
 * --kernel    one of simdjson's kernels (haswell, westmere, fallback), instead of the machine's best
 * --keep      a folder for all inputs found, from which a later run goes on
 * --minimise  makes the fewest inputs that reach all that was reached the corpus in the repository
 *
 * Needs clang++ with libFuzzer. Ends with status 1 at the first finding, which is left in a folder that is named then.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pack, readCorpus, unpack } from './corpus.mjs';
import { caseReader, judge } from './judge.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LONGEST_INPUT = 4096;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    kernel: { type: 'string' },
    keep: { type: 'string' },
    minimise: { type: 'boolean', default: false },
  },
});

const work = mkdtempSync(join(tmpdir(), 'airs-mcp-fuzz-'));
const findings = join(work, 'findings');
const inputs = options.keep === undefined ? join(work, 'inputs') : resolve(options.keep);
const binary = join(work, 'build', 'fuzz');

function build() {
  const { status, stderr } = spawnSync('bash', [join(HERE, 'build.sh'), join(work, 'build')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the fuzz target did not build\n${stderr}`);
}

function environment() {
  const kernel = options.kernel === undefined ? {} : { SIMDJSON_FORCE_IMPLEMENTATION: options.kernel };
  return { ...process.env, ...kernel };
}

/** Runs libFuzzer and judges its cases; gives its log, the number of cases, and the first difference, if any. */
function run() {
  const args = [
    inputs,
    `-max_total_time=${options.seconds}`,
    `-max_len=${LONGEST_INPUT}`,
    `-dict=${join(HERE, 'json.dict')}`,
    `-artifact_prefix=${findings}/`,
    '-timeout=60',
    '-print_final_stats=1',
  ];
  const env = { ...environment(), AIRS_FUZZ_JUDGE: '1' };
  const fuzzer = spawn(binary, args, { env, stdio: ['ignore', 'inherit', 'pipe', 'pipe'] });
  const outcome = { cases: 0, log: '', difference: undefined };
  fuzzer.stderr.setEncoding('utf8').on('data', (text) => (outcome.log += text));
  const read = caseReader((bytes) => {
    outcome.cases++;
    if (outcome.difference === undefined && (outcome.difference = judge(bytes)) !== undefined) fuzzer.kill();
  });
  fuzzer.stdio[3].on('data', read).on('error', () => undefined);
  return new Promise((settle) => fuzzer.once('close', (status) => settle({ ...outcome, status })));
}

function report({ log, cases }) {
  const statistic = (name) => new RegExp(`stat::${name}:\\s+(\\d+)`).exec(log)?.[1] ?? '?';
  const edges = Number(/\((\d+) inline 8-bit counters\)/.exec(log)?.[1]);
  const covered = Number([...log.matchAll(/cov: (\d+)/g)].at(-1)?.[1]);
  console.log(`executions ${statistic('number_of_executed_units')}, ${statistic('average_exec_per_sec')} a second`);
  console.log(`edges of native/ covered: ${covered} of ${edges} (${((100 * covered) / edges).toFixed(1)} %)`);
  console.log(`cases compared with the fallback: ${cases}`);
  console.log(`inputs: ${readCorpus().length} in the corpus, ${readdirSync(inputs).length} at the end`);
}

function minimise() {
  const least = join(work, 'least');
  mkdirSync(least);
  const { status, stderr } = spawnSync(binary, ['-set_cover_merge=1', '-use_counters=0', least, inputs], { env: environment(), encoding: 'utf8' });
  if (status !== 0) throw new Error(`merging failed\n${stderr}`);
  console.log(`the corpus has ${pack(least)} inputs now`);
}

build();
mkdirSync(findings);
unpack(inputs);
const outcome = await run();
if (outcome.difference !== undefined) writeFileSync(join(findings, 'difference.json'), JSON.stringify(outcome.difference, null, 1));
if (outcome.status === 0 && outcome.difference === undefined) {
  report(outcome);
  if (options.minimise) minimise();
  rmSync(work, { recursive: true });
} else {
  console.log(outcome.log.split('\n').slice(-60).join('\n'));
  if (outcome.difference !== undefined) console.log(outcome.difference);
  console.log(`findings are in ${findings}: ${readdirSync(findings).join(', ')}`);
  process.exitCode = 1;
}
