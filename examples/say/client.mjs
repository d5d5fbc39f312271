import { connectStdio } from 'airs-mcp';

const peer = await connectStdio('node', ['server.mjs']);
const params = { name: 'say', arguments: { text: 'hi' } };
const result = await peer.request('tools/call', params, { timeout: 30_000 });
console.log(result.content[0].text);
await peer.close();
