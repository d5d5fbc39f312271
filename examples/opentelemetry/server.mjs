/** A server whose handlers run in the trace of whoever called them. */

import { trace } from '@opentelemetry/api';
import { serveStdio } from '../../dist/index.js';
import { openTelemetry } from '../../dist/monitoring/opentelemetry.js';
import { finishedSpans } from './setup.mjs';

const tracer = trace.getTracer('example');

const peer = await serveStdio({
  'tools/call': () =>
    tracer.startActiveSpan('look it up', async (span) => {
      const { name } = await peer.request('user/name'); // back to the client, in the same trace
      span.end();
      return { content: [{ type: 'text', text: `for ${name}` }] };
    }),
  spans: () => finishedSpans(),
}, { instrumentation: openTelemetry() });
