/** The official SDK's client over our transport, with a server that crashes and is started again. */

import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from 'airs-mcp/client/stdio';

const command = { command: process.execPath, args: [fileURLToPath(new URL('server.mjs', import.meta.url))] };

const transport = new StdioClientTransport({
  ...command,
  // These are the defaults; `true` stands for them.
  restart: { maxRestarts: 5, initialDelay: 500, maxDelay: 30_000, healthyAfter: 60_000 },
});
transport.onrestart = ({ attempt, cause }) => console.error(`restarted (${attempt}): ${cause.message}`);

const client = new Client({ name: 'example', version: '1.0.0' });
await client.connect(transport);
const hello = async () => (await client.callTool({ name: 'hello' })).content[0].text.replace(/\d+/, 'a process');
console.log(await hello());
await client.callTool({ name: 'crash' }).catch((error) => console.log(error.message.split('\n', 1)[0]));
console.log(await hello());
await client.close();
