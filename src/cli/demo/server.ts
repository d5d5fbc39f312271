/** The server that the demo calls. */

import { backendInfo } from '../../backend/select.js';
import { type RawJson, rawJson } from '../../message/json.js';
import type { JsonRpcPeer } from '../../peer/peer.js';
import { serveStdio } from '../../peer/serve.js';
import type { ClientMethods, ServerMethods } from './methods.js';

const NOISE = 'Listening on port 3000';

/** JSON text that is made once is sent as it is. */
const tables = new Map<number, RawJson>();

function tableOf(bytes: number): RawJson {
  const rows: unknown[] = [];
  for (let length = 0; length < bytes; ) {
    const row = { id: rows.length, name: `row ${rows.length}`, score: rows.length / 7, tags: ['a', 'b'] };
    rows.push(row);
    length += JSON.stringify(row).length + 1;
  }
  return rawJson(Buffer.from(JSON.stringify({ rows, count: rows.length })));
}

const peer: JsonRpcPeer<ClientMethods, ServerMethods> = await serveStdio<ServerMethods, ClientMethods>({
  hello: ({ params }) => ({ greeting: `hello, ${params.name}`, pid: process.pid, backend: backendInfo().name }),
  echo: ({ params }) => ({ text: params.text }),
  async work(request) {
    const { steps } = request.params;
    for (let step = 1; step <= steps; step++) await request.progress({ progress: step, total: steps });
    return { done: steps };
  },
  ask: ({ params }) => peer.request('answer', params),
  wait: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  cancelled: () => peer.processor.statistics().cancelled,
  table({ params }) {
    const table = tables.get(params.bytes) ?? tableOf(params.bytes);
    tables.set(params.bytes, table);
    return table;
  },
  noise() {
    process.stdout.write(`${NOISE}\n`);
    return { printed: NOISE };
  },
  crash() {
    process.stderr.write('out of luck\n');
    process.exit(3);
  },
});
