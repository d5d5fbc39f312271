/** An MCP server as `serveStdio` makes it: one tool, which answers with what it is given, or with a text of `size` bytes. */

import { rawJson, serveStdio } from '../../dist/index.js';
import { TOOL, echoed, sized } from './echo.mjs';

/** JSON text that is made once is sent as it is. */
const texts = new Map();

const peer = await serveStdio({
  initialize: (request) => ({
    protocolVersion: request.at('/params/protocolVersion'),
    capabilities: { tools: {} },
    serverInfo: { name: 'airs-mcp-peer', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [TOOL] }),

  async 'tools/call'(request) {
    const { message, size, times } = request.params.arguments;
    if (size !== undefined) {
      if (!texts.has(size)) texts.set(size, rawJson(Buffer.from(JSON.stringify(sized(size)))));
      return texts.get(size);
    }
    for (let i = 1; i <= (times ?? 0); i++) await request.progress({ progress: i, total: times });
    return echoed(message);
  },

  // Calls the client back, while the client waits for this.
  'demo/ask': (request) => peer.request('demo/name', { of: request.params.who }),

  // Ends when it is cancelled; no answer is due then.
  'demo/wait': ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  'demo/cancelled': () => peer.processor.statistics().cancelled,
});
