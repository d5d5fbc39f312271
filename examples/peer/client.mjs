// @ts-check
/** Starts `server.mjs` and calls it in every way there is. Prints what it gets; exits non-zero if a call went wrong. */

import { fileURLToPath } from 'node:url';
import { AirsMcpError, connectStdio } from '../../dist/index.js';

/** @typedef {import('./server.mjs').ServerMethods} ServerMethods */
/** @typedef {import('./server.mjs').ClientMethods} ClientMethods */

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));

/** @type {import('../../dist/index.js').JsonRpcPeer<ServerMethods, ClientMethods>} */
const peer = await connectStdio(process.execPath, [SERVER], {
  handlers: { 'user/name': () => 'Ada' },
  transport: { stderr: 'ignore' },
});

const { serverInfo } = await peer.request('initialize', { clientInfo: { name: 'example' } });
await peer.notify('notifications/initialized');
print('connected to', serverInfo.name);

const { tools } = await peer.request('tools/list');
print('tools', tools);

try {
  await peer.request('tools/call', { name: 'cuont' });
} catch (error) {
  // Match the code. A failure of the other side keeps its number, message and data.
  if (!(error instanceof AirsMcpError) || error.code !== 'AIRS_MCP_REMOTE') throw error;
  print('refused', error.rpcCode, error.message);
}

const imported = await peer.request('import', { files: ['a.txt', 'b.txt', 'c.txt'] }, {
  timeout: 1_000,
  resetTimeoutOnProgress: true,
  maxTotalTimeout: 10_000,
  onProgress: (progress) => print('progress', progress),
});
print('imported', imported);

const controller = new AbortController();
const unwanted = peer.request('import', { files: Array(1_000).fill('x.txt') }, { signal: controller.signal });
controller.abort();
await unwanted.catch((error) => print('gave up', error.code));

const [greeting, count] = peer.batch([
  { method: 'greet' },
  { method: 'tools/call', params: { name: 'count', arguments: { text: 'three' } } },
  { method: 'notifications/initialized', notification: true },
]);
print('batch', await greeting, await count);

const message = await peer.request('tools/list', undefined, { raw: true });
print('raw', message.rawResult?.length, 'bytes, first tool', message.at('/result/tools/0/name'));
message.release();

const { completed, cancelled, avgResponseTime } = peer.correlation.statistics();
print('statistics', { completed, cancelled, measured: avgResponseTime > 0 });

await peer.close();

/** @param {unknown[]} values */
function print(...values) {
  console.log(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' '));
}
