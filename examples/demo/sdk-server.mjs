/** The echo of `peer-server.mjs` on the official SDK 2.x, to compare with. */

import { Server } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { TOOL, echoed, sized } from './echo.mjs';

const server = new Server({ name: 'sdk', version: '1.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler('tools/list', () => ({ tools: [TOOL] }));
server.setRequestHandler('tools/call', ({ params }) => {
  const { message, size } = params.arguments;
  return size === undefined ? echoed(message) : sized(size);
});
await server.connect(new StdioServerTransport());
