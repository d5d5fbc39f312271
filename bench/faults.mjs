/**
 * `npm run faults`: runs each fault against the SDKs' transports and ours, and prints what becomes of it.
 * Exits with 1 where one of ours fails. `-- TEXT` runs those whose name contains it.
 */

import { FAULTS, SUBJECTS } from './faults-cases.mjs';

const filter = process.argv[2] ?? '';
const rows = [];
for (const [fault, run] of Object.entries(FAULTS)) {
  if (!fault.includes(filter)) continue;
  process.stderr.write(`${fault} ...\n`);
  const row = [fault];
  for (const subject of SUBJECTS) {
    const { ok, outcome } = await run(subject).catch((error) => ({ ok: false, outcome: `broke: ${error.message}` }));
    row.push(`${ok ? 'ok  ' : 'FAIL'} ${outcome}`);
    if (!ok && subject.side === 'ours') process.exitCode = 1;
  }
  rows.push(row);
}

const heads = ['fault', ...SUBJECTS.map(({ name }) => name)];
const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
console.log([line(heads), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n'));
