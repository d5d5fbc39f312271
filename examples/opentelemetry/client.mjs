/** One trace across two processes: `node examples/opentelemetry/client.mjs` prints it as a tree. */

import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import { connectStdio } from '../../dist/index.js';
import { openTelemetry } from '../../dist/monitoring/opentelemetry.js';
import { finishedSpans } from './setup.mjs';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));

const peer = await connectStdio(process.execPath, [SERVER], {
  handlers: { 'user/name': () => ({ name: 'Ada' }) },
  instrumentation: openTelemetry(),
});

const traceId = await trace.getTracer('example').startActiveSpan('the whole', async (span) => {
  await peer.request('tools/call', { name: 'search', arguments: {} });
  span.end();
  return span.spanContext().traceId;
});
const spans = [...finishedSpans(), ...(await peer.request('spans'))].filter((span) => span.traceId === traceId);
await peer.close();

const print = (parent, indent) => {
  for (const { name, kind, spanId } of spans.filter((span) => span.parent === parent)) {
    console.log(`${indent}${name} (${kind})`);
    print(spanId, `${indent}  `);
  }
};
print(undefined, '');
