import { ChildProcessTransport, JsonRpcMessage } from 'airs-mcp';

const transport = new ChildProcessTransport({
  command: 'npx', args: ['-y', '@modelcontextprotocol/server-everything'], stderr: 'ignore',
});
transport.onmessage = (message) => {
  console.log(message.kind, message.id, message.at('/result/serverInfo/name'));
  if (message.id === 1) void transport.close();
  message.release();
};
transport.onerror = (error) => console.error(error.code, error.message);
await transport.start();
await transport.send(JsonRpcMessage.request(1, 'initialize', {
  protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'me', version: '1' },
}));
