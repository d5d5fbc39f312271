/** `npm run bench`: measures, and prints a table for each group and one of the figures to reach. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeBackend } from './lib/backend.mjs';
import { machine, versions } from './lib/machine.mjs';
import { printFigures, printGroups, printHeader } from './lib/print.mjs';
import { plan, run } from './lib/session.mjs';
import { prepareLimits } from './native/build.mjs';
import { prepareSimdjson } from './peers/simdjson.mjs';
import { judge } from './targets.mjs';
import { groupsOf } from './groups/index.mjs';

/** For each way of a row: how long a round takes it, and when there are enough of them on a slow machine (ms). */
const PACES = { full: { rounds: 7, budget: 15, patience: 700 }, quick: { rounds: 3, budget: 5, patience: 400 } };

const USAGE = `usage: npm run bench -- [options]     (or node bench/run.mjs [options], once it is built)

  --quick          fewer rows, fewer and shorter rounds: under two minutes; the limits and the simdjson binding only if a full
                   run has compiled them
  --filter TEXT    only the rows whose backend, group or name contains TEXT
  --backend NAME   native or javascript; both by default
  --json FILE      writes all results; \`npm run bench:report -- FILE\` makes a page of them
  --list           the names of the rows, nothing is measured
  --help           this text
`;

const BACKENDS = ['native', 'javascript'];

const values = readOptions();

/** Ends the process where the options are wrong, or ask for nothing but help. */
function readOptions() {
  try {
    const options = {
      quick: { type: 'boolean', default: false },
      filter: { type: 'string', default: '' },
      backend: { type: 'string', multiple: true, default: BACKENDS },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    };
    const { values: given } = parseArgs({ options });
    const unknown = given.backend.find((name) => !BACKENDS.includes(name));
    if (unknown !== undefined) throw new Error(`there is no backend '${unknown}'`);
    if (!given.help) return given;
    process.stdout.write(USAGE);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const say = (text) => process.stderr.write(`${text}\n`);

const backends = values.backend.map(describeBackend).filter((backend) => {
  if (backend.missing !== undefined) say(`no rows on the ${backend.name} backend: ${backend.missing}`);
  return backend.missing === undefined;
});
const jobs = await plan({ backends: backends.map(({ name }) => name), filter: values.filter, quick: values.quick });
const total = jobs.reduce((sum, { rows }) => sum + rows.length, 0);

if (values.list) {
  for (const { backend, group, rows } of jobs) for (const row of rows) console.log(`${backend} ${group}: ${row}`);
} else if (total === 0) {
  say(`no row's name contains "${values.filter}"; --list shows all`);
  process.exitCode = 1;
} else {
  await measureAll();
}

async function measureAll() {
  // Not at the top: --help works where nothing is built.
  const { progressOf } = await import('../dist/cli/bench/progress.js');
  const began = new Date();
  // A quick run has no time to compile: it uses what an earlier one left.
  const left = values.quick ? [] : [prepareSimdjson(say), await prepareLimits(say)].filter((reason) => reason !== undefined);
  for (const reason of left) say(`rows are left out: ${reason}`);
  const about = { format: 1, date: began.toISOString(), pace: values.quick ? 'quick' : 'full', machine: machine(), versions: versions(), backends, left };
  printHeader(about);
  const progress = progressOf(total);
  const { rows, failures } = await run(jobs, { pace: values.quick ? PACES.quick : PACES.full, progress: progress.begins });
  progress.end();
  const figures = judge(rows);
  const results = { ...about, seconds: (Date.now() - began) / 1000, groups: await groupsOf(rows), rows, figures, failures };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
  printGroups(results);
  printFigures(figures);
  for (const failure of failures) say(`FAILED ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}
