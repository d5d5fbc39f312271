/** Echo on airs-mcp. `tools/call` answers with its arguments; with `size`, with a text of that many bytes. */

import { rawJson, serveStdio } from '../../dist/index.js';
import { echoResult, sizedResult } from './results.mjs';

const sized = new Map();

const handlers = {
  'tools/call': (request) => {
    const { arguments: args } = request.params;
    if (args.size === undefined) return echoResult(args);
    if (!sized.has(args.size)) sized.set(args.size, rawJson(Buffer.from(JSON.stringify(sizedResult(args.size)))));
    return sized.get(args.size);
  },
};

await serveStdio(handlers, { transport: { maxSendQueue: 256 * 1024 * 1024 } });
