/**
 * Measures one group in a process of its own, so that no group sees code that another has shaped. Started by session.mjs,
 * to which it sends each row as it is done.
 */

import { backendInfo } from '../../dist/index.js';
import { groupNamed } from '../groups/index.mjs';
import { inTurn } from '../../dist/cli/bench/measure.js';
import { roleOf } from './ways.mjs';

const { group: name, rows: wanted, pace } = JSON.parse(process.argv[2]);
const backend = backendInfo().name;
const send = (message) => new Promise((sent) => process.send(message, sent));

async function main() {
  const group = await groupNamed(name);
  const shared = await group.open?.({ pace, backend });
  try {
    for (const row of group.rows.filter((one) => wanted.includes(one.name))) {
      await send({ begins: row.name });
      await send({ row: await measured(group, row, shared) });
    }
  } finally {
    await shared?.close?.();
  }
}

async function measured(group, row, shared) {
  const { unit = group.unit, higher = false, size, units = 1, rounds, floor, notes = [] } = row;
  const began = performance.now();
  const ways = chosen(row, await row.ways(shared));
  const patience = pace.patience * Object.keys(ways).length;
  const results = await inTurn(ways, { rounds: Math.min(rounds ?? pace.rounds, pace.rounds), budget: pace.budget, patience, units, higher, floor });
  const all = Object.entries(results);
  return {
    group: group.name, name: row.name, size, backend, unit, better: higher ? 'higher' : 'lower', notes,
    rounds: all[0][1].rounds, seconds: (performance.now() - began) / 1000,
    references: row.references ?? [],
    ways: all.map(([way, { value, ahead }]) => ({ name: way, role: roleOf(way), ...value, ahead })),
  };
}

/** On the fallback only what its figure is about: ours against code that uses JSON.parse. */
function chosen({ baseline = 'JSON.parse' }, ways) {
  const entries = Object.entries(ways).filter(([, way]) => way !== undefined);
  if (backend === 'native') return Object.fromEntries(entries);
  return Object.fromEntries(entries.filter(([way]) => roleOf(way) === 'ours' || way === baseline));
}

try {
  await main();
  process.exit(0);
} catch (error) {
  await send({ failed: error?.stack ?? String(error) });
  process.exit(1);
}
