/**
 * A peer whose figures Prometheus can scrape: `node examples/prometheus/server.mjs [PORT]`, then open the address it prints.
 * In a program of your own the imports are `airs-mcp` and `airs-mcp/prometheus`.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { Registry } from 'prom-client';
import { JsonRpcPeer, RuntimePerformanceMonitor, createMemoryTransportPair, getProductionConfig } from '../../dist/index.js';
import { PrometheusCollector } from '../../dist/monitoring/prometheus.js';

const { buffer, processor, correlation, notes } = getProductionConfig({ preset: 'streaming' });
for (const note of notes) console.error(note);

const monitor = new RuntimePerformanceMonitor().start();
monitor.on('alert', ({ name, state, value, advice }) => console.error(`${name} ${state} at ${value}: ${advice}`));

const registry = new Registry();
const collector = new PrometheusCollector({ registry, monitor });

const [ours, theirs] = createMemoryTransportPair({ buffer });
const server = new JsonRpcPeer(theirs, { processor, correlation, handlers: { 'tools/list': () => ({ tools: [] }) } });
const client = new JsonRpcPeer(ours, { processor, correlation });
collector.watch(server, 'server');
collector.watch(client, 'client');
await Promise.all([server.start(), client.start()]);

const http = createServer(async (request, response) => {
  if (request.url !== '/metrics') return response.writeHead(404).end();
  await client.request('tools/list'); // something to count
  response.setHeader('content-type', registry.contentType).end(await registry.metrics());
}).listen(Number(process.argv[2] ?? 0), '127.0.0.1');
await once(http, 'listening');
console.log(`http://127.0.0.1:${http.address().port}/metrics`);

process.once('SIGTERM', async () => {
  http.close();
  await Promise.all([client.close(), server.close()]);
  collector.close();
  monitor.stop();
});
