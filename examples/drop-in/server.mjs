/** A server by `serveStdio` of the official SDK 2.x, over our transport. Its tool `crash` ends it. */

import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { StdioServerTransport } from 'airs-mcp/server/stdio';

function createServer() {
  const server = new McpServer({ name: 'example', version: '1.0.0' });
  server.registerTool('hello', { description: 'Says hello' }, () => ({ content: [{ type: 'text', text: `hello from ${process.pid}` }] }));
  server.registerTool('crash', { description: 'Ends the server' }, () => process.exit(3));
  return server;
}

serveStdio(createServer, { transport: new StdioServerTransport() });
