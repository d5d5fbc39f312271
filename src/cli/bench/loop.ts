/** The same echo, written by hand for this one purpose: lines, JSON.parse, one write per tick. */

import { eachLine, tickWriter } from './lines.js';
import { type EchoParams, echoResult, sizedResult } from './echo.js';

const write = tickWriter(process.stdout);
eachLine(process.stdin, (line) => {
  const { id, params } = JSON.parse(line) as { id: number; params: EchoParams };
  const { arguments: args } = params;
  write(JSON.stringify({ jsonrpc: '2.0', id, result: args.size === undefined ? echoResult(args) : sizedResult(args.size) }));
});
