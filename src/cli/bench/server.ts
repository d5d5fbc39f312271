/** Echo on airs-mcp. `tools/call` answers with its arguments; with `size`, with a text of that many bytes. */

import { type RawJson, rawJson } from '../../message/json.js';
import { serveStdio } from '../../peer/serve.js';
import { type EchoParams, echoResult, type EchoResult, sizedResult } from './echo.js';

export interface EchoMethods {
  'tools/call': { params: EchoParams; result: EchoResult };
}

/** Output that waits for a reader who has asked for much at once (bytes). */
const ROOM = 256 * 1024 * 1024;

/** JSON text that is made once is sent as it is. */
const sized = new Map<number, RawJson>();

function sizedText(size: number): RawJson {
  const text = sized.get(size) ?? rawJson(Buffer.from(JSON.stringify(sizedResult(size))));
  sized.set(size, text);
  return text;
}

await serveStdio<EchoMethods>({
  'tools/call'(request) {
    const { arguments: args } = request.params;
    return args.size === undefined ? echoResult(args) : sizedText(args.size);
  },
}, { transport: { maxSendQueue: ROOM } });
