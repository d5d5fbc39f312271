/** The same echo on vscode-jsonrpc, in its own framing. */

import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { echoResult, sizedResult } from '../../dist/cli/bench/echo.js';

const connection = createMessageConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
connection.onRequest('tools/call', ({ arguments: args }) => (args.size === undefined ? echoResult(args) : sizedResult(args.size)));
connection.onClose(() => process.exit(0));
connection.listen();
