/**
 * What the monitor costs: calls between two peers in memory, with it and without, in turn. `node bench/monitor.mjs`
 *
 * The monitor looks ten times as often as by default, at both peers. A round is timed in CPU time, which another process on the
 * machine disturbs less than the clock.
 */

import { JsonRpcPeer, RuntimePerformanceMonitor, createMemoryTransportPair } from '../dist/index.js';

const [ROUNDS, CALLS, IN_FLIGHT] = [21, 40_000, 64];

const [left, right] = createMemoryTransportPair();
const server = new JsonRpcPeer(right, { handlers: { echo: ({ params }) => params } });
const client = new JsonRpcPeer(left);
await Promise.all([server.start(), client.start()]);

async function round() {
  let count = CALLS;
  const lane = async () => {
    while (count-- > 0) await client.request('echo', { text: 'hello' });
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function watched() {
  const monitor = new RuntimePerformanceMonitor({ interval: 100 }).start();
  monitor.watch(server);
  monitor.watch(client);
  const time = await round();
  monitor.stop();
  return time;
}

const sorted = (values) => [...values].sort((a, b) => a - b);
const ratios = [];
for (let i = -2; i < ROUNDS; i++) {
  // Each goes first in every second round.
  const first = i % 2 === 0;
  const a = first ? await watched() : await round();
  const b = first ? await round() : await watched();
  if (i >= 0) ratios.push(first ? a / b : b / a);
}
const [low, median, high] = [0.25, 0.5, 0.75].map((share) => sorted(ratios)[Math.floor((ROUNDS - 1) * share)]);
console.log(`${CALLS} calls with the monitor: ${median.toFixed(4)} of the CPU time without (quartiles ${low.toFixed(4)}..${high.toFixed(4)}, ${ROUNDS} rounds)`);
await Promise.all([client.close(), server.close()]);
