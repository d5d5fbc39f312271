/** The same echo on the official SDK 1.x. */

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { echoResult, sizedResult } from '../../dist/cli/bench/echo.js';

const server = new Server({ name: 'echo', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
  const { arguments: args } = params;
  return args.size === undefined ? echoResult(args) : sizedResult(args.size);
});
await server.connect(new StdioServerTransport());
