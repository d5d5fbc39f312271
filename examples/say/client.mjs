import { connectStdio } from 'airs-mcp';

const peer = await connectStdio('node', ['server.mjs']);
const result = await peer.request('tools/call', { name: 'say', arguments: { text: 'hi' } }, { timeout: 5000 });
console.log(result.content[0].text);
await peer.close();
