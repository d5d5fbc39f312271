/**
 * What the request processor costs, without a transport: `node --expose-gc bench/processor.mjs [dist]`.
 * Medians of several rounds, in one process, on one core but for the threads.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const DIST = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url)));
const load = (path) => import(pathToFileURL(`${DIST}/${path}`).href);
const { ConcurrentJsonRpcProcessor } = await load('concurrency/processor.js');
const { JsonRpcMessage } = await load('message/message.js');
const { JsonRpcPeer } = await load('peer/peer.js');
const { createMemoryTransportPair } = await load('transport/memory.js');

/** Rounds before those that count: the compiler needs some hundred thousand calls. */
const WARM_UP = 15;
const ROUNDS = 15;
const RESULT = { content: [{ type: 'text', text: 'Echo: hello' }] };

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const turn = () => new Promise(setImmediate);

const messages = Array.from({ length: 20_000 }, (_, id) => {
  const params = '{"name":"echo","arguments":{"text":"hello"}}';
  return JsonRpcMessage.fromBytes(Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`));
});

/** Writes each response as a transport would. */
const sink = {
  bytes: 0,
  answer(response) {
    this.bytes += response.encode().head.length;
  },
  refuse(error) {
    throw error;
  },
};

/** CPU nanoseconds per message of `round`, which runs them all; what else the machine does counts less than in wall time. */
async function measure(name, round) {
  const taken = [];
  const used = [];
  // Not once per round: a full collection drops hidden classes without live instances, and with them compiled code.
  globalThis.gc?.();
  for (let i = -WARM_UP; i < ROUNDS; i++) {
    const cpu = process.cpuUsage();
    const began = process.hrtime.bigint();
    await round();
    const ns = Number(process.hrtime.bigint() - began) / messages.length;
    const { user, system } = process.cpuUsage(cpu);
    if (i < 0) continue;
    taken.push(ns);
    used.push(((user + system) * 1e3) / messages.length);
  }
  const [ns, cpu] = [median(taken), median(used)];
  const rate = `${(1e3 / cpu).toFixed(2).padStart(5)} M/s`;
  console.log(`${name.padEnd(60)} ${cpu.toFixed(0).padStart(5)} ns CPU ${rate}, ${ns.toFixed(0).padStart(5)} ns by the clock`);
  return cpu;
}

async function withProcessor(config, handler, body) {
  const processor = new ConcurrentJsonRpcProcessor(config, handler);
  await processor.start();
  try {
    return await body(processor);
  } finally {
    await processor.shutdown({ drain: false });
  }
}

function submitting(name, handler) {
  return withProcessor({}, handler, (processor) =>
    measure(name, () => {
      for (const message of messages) processor.submit(message, sink);
    }));
}

/** 64 at a time through `run`, which gives a promise of the response. */
async function inGroups(run) {
  for (let i = 0; i < messages.length; i += 64) {
    for (const response of await Promise.all(messages.slice(i, i + 64).map(run))) sink.answer(response);
  }
}

async function threeAwaits() {
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  return RESULT;
}

async function measureCosts() {
  await measure('no processor: build the response, write it', () => {
    for (const message of messages) sink.answer(JsonRpcMessage.response(message, RESULT));
  });
  await measure('no processor: the same after three awaits, 64 at a time', () =>
    inGroups(async (message) => JsonRpcMessage.response(message, await threeAwaits())));
  await submitting('submit: synchronous handler, number', () => 1);
  await submitting('submit: synchronous handler, object', () => RESULT);
  await submitting('submit: synchronous handler that reads its signal', (_request, context) => Number(context.signal.aborted));
  await withProcessor({}, () => RESULT, (processor) =>
    measure('processRequest: synchronous handler, object, 64 at a time', () =>
      inGroups((message) => processor.processRequest(message))));
  await withProcessor({}, threeAwaits, (processor) =>
    measure('processRequest: three awaits, 64 at a time', () =>
      inGroups((message) => processor.processRequest(message))));
}

/** Keeps `backlog` requests waiting until all have run. */
function throughBacklog(processor, backlog) {
  return new Promise((done) => {
    let next = 0;
    let answered = 0;
    const feed = {
      answer(response) {
        sink.answer(response);
        if (++answered === messages.length) done();
        else if (next < messages.length) processor.submit(messages[next++], feed, undefined, true);
      },
      refuse: sink.refuse,
    };
    while (next < backlog + 64) processor.submit(messages[next++], feed);
  });
}

async function measureBacklog() {
  const costs = [];
  for (const queueCapacity of [100, 1_000, 10_000]) {
    const cost = await withProcessor({ workerCount: 64, queueCapacity }, async () => RESULT, (processor) =>
      measure(`backlog of ${queueCapacity}`, () => throughBacklog(processor, queueCapacity)));
    costs.push(cost);
  }
  console.log(`10,000 against 100: ${((costs[2] / costs[0] - 1) * 100).toFixed(1)}% more`);
}

async function flood(processor) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const began = performance.now();
  let [answered, refused, peak] = [0, 0, 0];
  const count = { answer: () => answered++, refuse: sink.refuse };
  for (let i = 0; i < 100_000; i++) {
    if (processor.submit(messages[i % messages.length], count) === null) refused++;
    if (i % 200 === 199) await turn();
    if (i % 1_000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed - before);
  }
  while (processor.statistics().activeWorkers > 0) await turn();
  const taken = performance.now() - began;
  globalThis.gc?.();
  const left = process.memoryUsage().heapUsed - before;
  const { peakQueueDepth } = processor.statistics();
  const total = answered + refused;
  console.log(`answered ${answered} + refused ${refused} = ${total}, peak depth ${peakQueueDepth}, ${taken.toFixed(0)} ms`);
  console.log(`heap: at most ${(peak / 2 ** 20).toFixed(1)} MiB more on the way, ${(left / 1024).toFixed(0)} KiB afterwards`);
}

/** The same through two peers, whose reading pauses at the threshold, or never with a threshold of 1. */
async function floodPeer(backpressureThreshold) {
  const count = 100_000;
  const [left, right] = createMemoryTransportPair();
  const [near, far] = [
    new JsonRpcPeer(left, { correlation: { maxPendingRequests: count } }),
    new JsonRpcPeer(right, { handlers: { m: slow }, processor: { workerCount: 8, queueCapacity: 100, backpressureThreshold } }),
  ];
  await Promise.all([near.start(), far.start()]);
  const began = performance.now();
  const fates = { answered: 0, refused: 0, other: 0 };
  const calls = Array.from({ length: count }, (_, i) => near.request('m', { i }).then(
    () => fates.answered++,
    (error) => fates[error.data?.code === 'AIRS_MCP_QUEUE_FULL' ? 'refused' : 'other']++,
  ));
  await Promise.all(calls);
  const taken = performance.now() - began;
  const { peakQueueDepth } = far.processor.statistics();
  const { read } = right.buffers.metrics();
  const memory = (read.peakLent * right.buffers.config.readBufferCapacity) / 1024;
  const { pendingCount, late, unknown } = near.correlation.statistics();
  await Promise.all([near.close(), far.close()]);
  const lost = count - fates.answered - fates.refused - fates.other + pendingCount;
  console.log(`threshold ${backpressureThreshold}: answered ${fates.answered} + refused ${fates.refused} + failed otherwise ${fates.other}, ` +
    `lost ${lost}, late ${late}, unknown ${unknown}; peak depth ${peakQueueDepth}, at most ${memory} KiB of receive buffers, ${taken.toFixed(0)} ms`);
  if (lost + fates.other + late + unknown > 0) process.exitCode = 1;
}

/** Requests/s of a handler that computes for some milliseconds, and how late the event loop was meanwhile. */
async function onThreads(workerCount) {
  const workerModule = new URL('./processor-worker.mjs', import.meta.url);
  return withProcessor({ workerModule, workerCount }, undefined, async (processor) => {
    const run = (message) => processor.processRequest(message);
    await Promise.all(messages.slice(0, 40).map(run));
    let worst = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      worst = Math.max(worst, performance.now() - last - 5);
      last = performance.now();
    }, 5);
    const began = performance.now();
    await Promise.all(messages.slice(0, 400).map(run));
    const rate = 400_000 / (performance.now() - began);
    clearInterval(watch);
    console.log(`${workerCount} thread(s): ${rate.toFixed(0)} requests/s, event loop late by at most ${worst.toFixed(1)} ms`);
    return rate;
  });
}

await measureCosts();
console.log('\nBacklog: so many wait; each answer lets the next in');
await measureBacklog();
console.log('\n100,000 requests against a queue of 100');
const slow = () => new Promise((done) => setImmediate(done, RESULT));
await withProcessor({ workerCount: 8, queueCapacity: 100 }, slow, flood);
console.log('\nThe same through two peers in memory');
await floodPeer(0.8);
await floodPeer(1);
console.log(`\nThreads, on ${availableParallelism()} CPUs: a handler that computes for some 5 ms`);
const rates = [[], []];
for (let i = 0; i < 3; i++) {
  rates[0].push(await onThreads(1));
  rates[1].push(await onThreads(2));
}
console.log(`two against one: ${(median(rates[1]) / median(rates[0])).toFixed(2)}x`);
