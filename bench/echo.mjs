/**
 * Echo over stdio between two processes: airs-mcp, the official SDK 2.x, and a loop written by hand, in turn.
 * `node bench/echo.mjs [--quick]`
 */

import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { airs, loop, sdk2 } from './clients/index.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
const ROUNDS = values.quick ? 3 : 9;
const IN_FLIGHT = 256;
const SMALL = { message: 'hello from the bench' };

const quantile = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))];

async function pipelined(client, count) {
  let left = count;
  const start = performance.now();
  const lane = async () => {
    while (left-- > 0) await client.call(SMALL);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return (count / (performance.now() - start)) * 1000;
}

async function oneByOne(call, count) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    times.push((performance.now() - start) * 1000);
  }
  return quantile(times, 0.5);
}

const makers = Object.entries({ airs, loop, sdk2 }).filter(([name]) => values.only === undefined || values.only === name);
const clients = Object.fromEntries(await Promise.all(makers.map(async ([name, make]) => [name, await make()])));
const results = {};
const note = (row, name, value) => ((results[row] ??= {})[name] ??= []).push(value);

for (let round = -1; round < ROUNDS; round++) {
  for (const [name, client] of Object.entries(clients)) {
    const rate = await pipelined(client, name === 'sdk2' ? 4_000 : 40_000);
    const small = await oneByOne(() => client.call(SMALL), 400);
    const large = await oneByOne(() => client.call({ size: 1024 * 1024 }), 8);
    const raw = client.raw && (await oneByOne(() => client.raw({ size: 1024 * 1024 }), 8));
    if (round < 0) continue;
    note(`echo, ${IN_FLIGHT} in flight (requests/s)`, name, rate);
    note('echo, one at a time (us, p50)', name, small);
    note('1 MiB result (us, p50)', name, large);
    if (raw) note('1 MiB result, raw (us, p50)', name, raw);
  }
}
for (const [row, byName] of Object.entries(results)) {
  console.log(row);
  for (const [name, list] of Object.entries(byName)) {
    const ratios = list.map((value, i) => value / (byName.sdk2 ?? results['1 MiB result (us, p50)'].sdk2 ?? list)[i]);
    console.log(`  ${name.padEnd(6)} ${Math.round(quantile(list, 0.5)).toLocaleString('en').padStart(10)}   ${quantile(ratios, 0.5).toFixed(3)} of the SDK's (${quantile(ratios, 0.25).toFixed(3)}..${quantile(ratios, 0.75).toFixed(3)})`);
  }
}
await Promise.all(Object.values(clients).map((client) => client.close()));
