/** What becomes of 100,000 requests against a queue of 100, and of the memory meanwhile. */

import { ConcurrentJsonRpcProcessor, JsonRpcPeer, createMemoryTransportPair } from '../../dist/index.js';

const COUNT = 100_000;
const LIMITS = { workerCount: 8, queueCapacity: 100 };
/** Requests that come in one turn of the event loop: twice what the queue holds. */
const PER_TURN = 200;
/** So often is the heap looked at (requests). */
const PROBED = 5_000;

const turn = () => new Promise(setImmediate);
const slow = () => new Promise((done) => setImmediate(done, { ok: true }));

function heapUsed() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** @returns how many were `answered`, `refused`, and `lost`, and how much live heap there was at most (bytes) */
async function throughProcessor(messages) {
  const processor = new ConcurrentJsonRpcProcessor(LIMITS, slow);
  await processor.start();
  const before = heapUsed();
  const fates = { answered: 0, refused: 0, memory: 0 };
  const count = { answer: () => fates.answered++, refuse: () => undefined };
  for (let i = 0; i < COUNT; i++) {
    if (processor.submit(messages[i % messages.length], count) === null) fates.refused++;
    if (i % PER_TURN === PER_TURN - 1) await turn();
    if (i % PROBED === 0) fates.memory = Math.max(fates.memory, heapUsed() - before);
  }
  await processor.shutdown();
  return { ...fates, lost: COUNT - fates.answered - fates.refused, depth: processor.statistics().peakQueueDepth };
}

/**
 * @param backpressureThreshold with 1 reading never pauses
 * @returns as above; `memory` is what was lent to receive into (bytes). An answer too many, or to another call, counts as lost
 */
async function throughPeers(backpressureThreshold) {
  const [left, right] = createMemoryTransportPair();
  const near = new JsonRpcPeer(left, { correlation: { maxPendingRequests: COUNT } });
  const far = new JsonRpcPeer(right, { handlers: { slow }, processor: { ...LIMITS, backpressureThreshold } });
  await Promise.all([near.start(), far.start()]);
  const fates = { answered: 0, refused: 0 };
  const fate = (error) => {
    if (error.data?.code === 'AIRS_MCP_QUEUE_FULL') fates.refused++;
  };
  await Promise.all(Array.from({ length: COUNT }, (_, i) => near.request('slow', { i }).then(() => fates.answered++, fate)));
  const { late, unknown } = near.correlation.statistics();
  const memory = right.buffers.metrics().read.peakLent * right.buffers.config.readBufferCapacity;
  const depth = far.processor.statistics().peakQueueDepth;
  await Promise.all([near.close(), far.close()]);
  return { ...fates, lost: COUNT - fates.answered - fates.refused + late + unknown, memory, depth };
}

const FLOODS = {
  'one processor': (messages) => throughProcessor(messages),
  'two peers': () => throughPeers(0.8),
  'two peers that read on': () => throughPeers(1),
};

/** Rows about floods: what is lost, and how much memory is taken. The rows of one flood share its only run. */
export function floodRows(messages) {
  return Object.entries(FLOODS).flatMap(([name, flood]) => {
    let run;
    const fates = () => (run ??= flood(messages));
    const memory = name === 'one processor' ? 'live heap' : 'receive buffers';
    const slow = name !== 'one processor';
    return [
      rowOf({ name: `flood through ${name}: requests lost`, unit: 'requests', slow }, 'lost', fates),
      rowOf({ name: `flood through ${name}: ${memory}`, unit: 'bytes', slow }, 'memory', fates),
    ];
  });
}

function rowOf(row, key, fates) {
  const notes = [];
  const sample = async () => {
    const { answered, refused, depth, [key]: value } = await fates();
    notes[0] = `answered ${answered}, refused ${refused}, at most ${depth} in the queue`;
    return value;
  };
  return { ...row, rounds: 1, notes, ways: () => ({ 'airs-mcp': { sample } }) };
}
