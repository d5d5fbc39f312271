/** `npm run bench`: runs the groups and prints a table for each. `-- --quick` for fewer rounds, `-- --filter TEXT` for some rows. */

import { arch, cpus, platform } from 'node:os';
import { parseArgs } from 'node:util';
import { backendInfo } from '../dist/index.js';
import { inTurn } from './lib/measure.mjs';
import { printGroup } from './lib/print.mjs';
import * as routing from './groups/routing.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, filter: { type: 'string', default: '' } } });
const pace = values.quick ? { rounds: 3, budget: 20 } : { rounds: 9, budget: 80 };

const { name, kernel } = backendInfo();
console.log(`airs-mcp on ${name} (${kernel}), Node ${process.versions.node}, ${platform()} ${arch()}, ${cpus()[0]?.model.trim()}`);

for (const group of [routing]) {
  const results = [];
  for (const row of group.rows) {
    if (!`${group.title} ${row.name}`.toLowerCase().includes(values.filter.toLowerCase())) continue;
    process.stderr.write(`measuring ${group.title}: ${row.name} ...\n`);
    results.push({ name: row.name, results: await inTurn(row.ways, { ...pace, units: row.units }) });
  }
  if (results.length > 0) printGroup(group, results);
}
