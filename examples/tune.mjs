/** Options for this machine, and what was lowered to fit it: `node examples/tune.mjs`. */

import { JsonRpcPeer, createMemoryTransportPair, getProductionConfig } from '../dist/index.js';

const { buffer, processor, correlation, memory, notes } = getProductionConfig({
  preset: 'latency',
  processor: { requestTimeout: 10_000 },
});
for (const note of notes) console.log(note);
console.log(`at most ${memory.total} bytes, of ${memory.budget} that may be used`);

const [transport] = createMemoryTransportPair({ buffer });
const peer = new JsonRpcPeer(transport, { processor, correlation, handlers: { ping: () => ({}) } });
await peer.close();
