/** A small MCP server on airs-mcp: the demo starts it, and the official SDK's client calls it. */

import { JsonRpcMessage, StdioTransport } from '../../dist/index.js';

const TOOLS = [
  {
    name: 'count',
    description: 'Counts the words of a text',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  },
];

const methods = {
  initialize: (request) => ({
    protocolVersion: request.at('/params/protocolVersion'),
    capabilities: { tools: {} },
    serverInfo: { name: 'airs-mcp-demo', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: TOOLS }),
  'tools/call': (request) => {
    const words = String(request.at('/params/arguments/text')).split(/\s+/).filter(Boolean);
    return { content: [{ type: 'text', text: String(words.length) }] };
  },
};

const transport = new StdioTransport();
transport.onmessage = (message) => {
  if (message.kind === 'request') {
    const method = methods[message.method];
    const answer = method === undefined
      ? JsonRpcMessage.error(message, { code: -32601, message: `no method ${message.method}` })
      : JsonRpcMessage.response(message, method(message));
    void transport.send(answer);
  }
  message.release();
};
await transport.start();
