/**
 * Checks the workflows: by actionlint, and by rules of ours that it doesn't have.
 * Usage: node .ci/workflows.mjs
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './package.mjs';
import { program } from './runtimes.mjs';

const FOLDER = join('.github', 'workflows');
/** Machines that came after this actionlint. */
const NEWER = /^label "(macos-15-intel|windows-11-arm)" is unknown/;
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What a step names and this clone does not have. */
function missingIn(text) {
  const files = [...text.matchAll(/(?:^|[\s'"(])((?:\.ci|release|test)\/[\w/.-]+\.(?:mjs|sh)|\.ci\/run)\b/g)].map((match) => match[1]);
  const names = [...text.matchAll(/\bnpm run (?:--silent )?([\w:]+)/g)].map((match) => match[1]);
  return [...files.filter((path) => !existsSync(join(ROOT, path))), ...names.filter((name) => !Object.hasOwn(scripts, name))];
}

/** Faults as `line: text`. A job is two spaces deep, what it says of itself four. */
function* faultsOf(text) {
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const [, used] = /^\s*-?\s*uses: (\S+)/.exec(line) ?? [];
    if (used && !used.startsWith('./') && !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)) yield `${index + 1}: ${used} is not pinned by its commit, with the version beside it`;
    for (const name of missingIn(line)) yield `${index + 1}: there is no ${name}`;
  }
  if (!/^permissions:\n {2}contents: read$/m.test(text)) yield '1: permissions are not those to read';
  for (const [, name, body] of text.slice(text.indexOf('\njobs:')).matchAll(/^ {2}(\w+):\n((?: {4}.*\n|\n)+)/gm)) {
    if (!/^ {4}(timeout-minutes|uses):/m.test(body)) yield `1: the job ${name} may run for ever`;
    for (const step of body.split(/^ {6}- /m)) {
      if (step.includes('actions/checkout@') && !step.includes('persist-credentials: false')) yield `1: the job ${name} leaves credentials in its clone`;
    }
  }
}

const { runLint } = createRequire(import.meta.url)(await program('actionlint'));
let faults = 0;
const names = readdirSync(join(ROOT, FOLDER));
for (const name of names) {
  const text = readFileSync(join(ROOT, FOLDER, name), 'utf8');
  const found = (await runLint(text, join(FOLDER, name))).filter(({ message }) => message && !NEWER.test(message));
  for (const line of [...found.map(({ line: at, column, message }) => `${at}:${column}: ${message}`), ...faultsOf(text)]) {
    console.log(`NOT OK ${name}:${line}`);
    faults++;
  }
}
console.log(`${names.length} workflows, ${faults} faults`);
// The Go program in WebAssembly would wait for ever.
process.exit(faults === 0 ? 0 : 1);
