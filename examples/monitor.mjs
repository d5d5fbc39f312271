/** A monitor, and a listener on a channel: `node examples/monitor.mjs`. */

import { JsonRpcPeer, RuntimePerformanceMonitor, createMemoryTransportPair, subscribe } from '../dist/index.js';

const thresholds = { memory: 512 * 1024 * 1024, loopDelay: 50, gc: false };
const monitor = new RuntimePerformanceMonitor({ interval: 1_000, thresholds });
monitor.on('alert', ({ name, state, value, threshold, advice }) => {
  console.error(`${name} ${state}: ${value}, threshold ${threshold}. ${advice}`);
});
monitor.start();

const [left, right] = createMemoryTransportPair();
const server = new JsonRpcPeer(right, { handlers: { ping: () => ({}) } });
const client = new JsonRpcPeer(left);
monitor.watch(server, 'server');
monitor.watch(client, 'client');

const unsubscribe = subscribe('airs-mcp:call:settled', ({ method, duration, failure }) => {
  const outcome = failure === undefined ? 'ok' : (failure.code ?? failure.rpcCode);
  console.log(method, outcome, duration.toFixed(1), 'ms');
});

await Promise.all([server.start(), client.start()]);
await client.request('ping');

const { memory, loop, parts } = monitor.snapshot();
console.log(memory.rss, loop.utilization, parts.map(({ name, correlation }) => [name, correlation[0]?.completed]));

unsubscribe();
await Promise.all([client.close(), server.close()]);
