/**
 * What the request processor costs, without a transport: `node --expose-gc bench/processor.mjs [dist]`.
 * Medians of several rounds, in one process on one core but for the threads.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const DIST = resolve(process.argv[2] ?? join(import.meta.dirname ?? fileURLToPath(new URL('.', import.meta.url)), '..', 'dist'));
const load = (path) => import(pathToFileURL(join(DIST, path)).href);
const { ConcurrentJsonRpcProcessor } = await load('concurrency/processor.js');
const { JsonRpcMessage } = await load('message/message.js');
/** Rounds before those that count: the compiler needs some hundred thousand calls. */
const WARM_UP = 15;
const ROUNDS = 15;
const RESULT = { content: [{ type: 'text', text: 'Echo: hello' }] };

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function requests(count) {
  const text = (id) => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}`;
  return Array.from({ length: count }, (_, id) => JsonRpcMessage.fromBytes(Buffer.from(text(id))));
}

/** Nanoseconds per request; `round` returns how many it ran. */
async function measure(name, round) {
  const taken = [];
  // Not once per round: a full collection drops hidden classes without live instances, and with them compiled code.
  globalThis.gc?.();
  for (let i = -WARM_UP; i < ROUNDS; i++) {
    const began = process.hrtime.bigint();
    const count = await round();
    const perRequest = Number(process.hrtime.bigint() - began) / count;
    if (i >= 0) taken.push(perRequest);
  }
  const ns = median(taken);
  console.log(`${name.padEnd(64)} ${ns.toFixed(0).padStart(7)} ns  ${(1e3 / ns).toFixed(2).padStart(6)} M/s`);
  return ns;
}

async function withProcessor(config, handler, body) {
  const processor = new ConcurrentJsonRpcProcessor({ requestTimeout: 60_000, ...config }, handler);
  await processor.start();
  try {
    return await body(processor);
  } finally {
    await processor.shutdown({ drain: false });
  }
}

const messages = requests(20_000);
/** Writes each response, as a transport would. */
const sink = { bytes: 0, answer(response) { this.bytes += response.encode().head.length; }, refuse(error) { throw error; } };
const inTurn = (processor) => () => {
  for (const message of messages) processor.submit(message, sink);
  return messages.length;
};

await measure('no processor: build the response and write it', () => {
  for (const message of messages) sink.answer(JsonRpcMessage.response(message, RESULT));
  return messages.length;
});
await withProcessor({}, () => 1, (p) => measure('submit, synchronous handler, number', inTurn(p)));
await withProcessor({}, () => RESULT, (p) => measure('submit, synchronous handler, object', inTurn(p)));
await withProcessor({}, () => RESULT, (p) => measure('processRequest, synchronous handler, object', async () => {
  const pending = messages.map((message) => p.processRequest(message));
  for (const response of await Promise.all(pending)) sink.answer(response);
  return messages.length;
}));

const threeAwaits = async () => {
  await null;
  await null;
  await null;
  return RESULT;
};
await measure('no processor: a handler with three awaits', async () => {
  for (let i = 0; i < messages.length; i += 64) {
    const results = await Promise.all(messages.slice(i, i + 64).map(threeAwaits));
    results.forEach((result, j) => sink.answer(JsonRpcMessage.response(messages[i + j], result)));
  }
  return messages.length;
});
await withProcessor({}, threeAwaits, (p) => measure('processRequest, handler with three awaits, 64 at a time', async () => {
  for (let i = 0; i < messages.length; i += 64) {
    for (const response of await Promise.all(messages.slice(i, i + 64).map((m) => p.processRequest(m)))) sink.answer(response);
  }
  return messages.length;
}));
await withProcessor({}, (_, context) => context.signal.aborted, (p) => measure('submit, handler that reads its signal', inTurn(p)));

console.log('\nBacklog: that many wait; each answer lets the next in');
const costs = {};
for (const backlog of [100, 1_000, 10_000]) {
  const config = { workerCount: 64, queueCapacity: backlog };
  costs[backlog] = await withProcessor(config, async () => RESULT, (p) => measure(`backlog of ${backlog}`, () => new Promise((done) => {
    let next = 0;
    let answered = 0;
    const feed = {
      answer(response) {
        sink.answer(response);
        if (++answered === messages.length) return done(messages.length);
        if (next < messages.length) p.submit(messages[next++], feed, undefined, true);
      },
      refuse(error) { throw error; },
    };
    const first = backlog + 64;
    while (next < first) p.submit(messages[next++], feed);
  })));
}
console.log(`10,000 against 100: ${((costs[10_000] / costs[100] - 1) * 100).toFixed(1)}%`);

console.log('\n100,000 requests against a queue of 100');
await withProcessor({ workerCount: 8, queueCapacity: 100 }, () => new Promise((resolve) => setImmediate(resolve, RESULT)), async (p) => {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let answered = 0;
  let refused = 0;
  const count = { answer() { answered++; }, refuse() { throw new Error('cancelled?'); } };
  const began = performance.now();
  for (let i = 0; i < 100_000; i++) {
    if (p.submit(messages[i % messages.length], count) === null) refused++;
    if (i % 200 === 199) await new Promise(setImmediate);
  }
  while (p.statistics().activeWorkers > 0) await new Promise(setImmediate);
  globalThis.gc?.();
  const growth = process.memoryUsage().heapUsed - before;
  const { peakQueueDepth, totalProcessed } = p.statistics();
  console.log(`answered ${answered} + refused ${refused} = ${answered + refused}; processed ${totalProcessed}, peak depth ${peakQueueDepth}, ` +
    `heap ${(growth / 1024).toFixed(0)} KiB more, ${(performance.now() - began).toFixed(0)} ms`);
});

console.log(`\nThreads: a handler that computes for some 5 ms; ${availableParallelism()} CPUs`);
const module = new URL(`./processor-worker.mjs`, import.meta.url);
async function threads(workerCount) {
  return withProcessor({ workerModule: module, workerCount, queueCapacity: 1_000 }, undefined, async (p) => {
    const batch = messages.slice(0, 200);
    await Promise.all(batch.slice(0, 20).map((m) => p.processRequest(m)));
    let worst = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      worst = Math.max(worst, performance.now() - last - 5);
      last = performance.now();
    }, 5);
    const began = performance.now();
    await Promise.all(batch.map((m) => p.processRequest(m)));
    const taken = performance.now() - began;
    clearInterval(watch);
    console.log(`${workerCount} thread(s): ${(batch.length / taken * 1000).toFixed(0)} requests/s, loop late by at most ${worst.toFixed(1)} ms`);
    return batch.length / taken;
  });
}
const single = [];
const double = [];
for (let i = 0; i < 3; i++) {
  single.push(await threads(1));
  double.push(await threads(2));
}
console.log(`two against one: ${(median(double) / median(single)).toFixed(2)}x`);
