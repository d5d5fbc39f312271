/** Where the time of receiving goes: `node examples/profile.mjs [FILE.svg]` writes a flame graph and prints the shares. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileCriticalSection, StreamingParser } from 'airs-mcp';

const output = process.argv[2] ?? join(tmpdir(), 'airs-mcp-profile.svg');
const tools = Array.from({ length: 17 }, (_, i) => ({ name: `tool_${i}`, description: 'Looks a document up by its title.', inputSchema: { type: 'object' } }));
const chunk = Buffer.from(Array.from({ length: 40 }, (_, id) => `${JSON.stringify({ jsonrpc: '2.0', id, result: { tools } })}\n`).join(''));

function handleBurst() {
  const parser = new StreamingParser();
  let count = 0;
  for (let round = 0; round < 500; round++) {
    for (const message of parser.parseMultipleFromBytes(chunk)) {
      count += message.result.tools.length;
      message.release();
    }
  }
  return count;
}

const { value, duration, shares, top } = await profileCriticalSection(() => handleBurst(), { output });

const percent = (share) => `${(share * 100).toFixed(1)}%`.padStart(6);
console.log(`${value} tools in ${duration.toFixed(0)} ms; flame graph in ${output}`);
for (const [kind, share] of Object.entries(shares)) console.log(`  ${percent(share)} ${kind}`);
console.log('most time of their own:');
for (const { name, kind, selfTime, share } of top.slice(0, 5)) console.log(`  ${percent(share)} ${selfTime.toFixed(1).padStart(7)} ms  ${name} (${kind})`);
