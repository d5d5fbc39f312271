/** The same echo on the official SDK 2.x. */

import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { echoResult, sizedResult } from '../../dist/cli/bench/echo.js';

const server = new Server({ name: 'echo', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/call', ({ params }) => {
  const { arguments: args } = params;
  return args.size === undefined ? echoResult(args) : sizedResult(args.size);
});
await server.connect(new StdioServerTransport());
