/**
 * Register and settle, against a Map plus one setTimeout for each request; and the heap of a pending request.
 *
 *     npx tsc -p tsconfig.build.json && node --expose-gc bench/correlation.mjs
 *
 * All sides make a promise for each request and settle it by an answer's id. A round registers as many requests as are
 * in flight, then settles all; between rounds the event loop turns. Sides take turns; a ratio is taken within each turn, and
 * its median and quartiles are printed. `promise` only makes and settles the promise: nobody can be faster than that.
 */

import { setImmediate } from 'node:timers/promises';
import { CorrelationManager } from '../dist/correlation/manager.js';

const REPETITIONS = 7;
const ROUND_TIME = 60;

/** Timeouts (ms) by request number. */
const TIMEOUTS = {
  'one for all': () => 60_000,
  'four kinds': (i) => [1_000, 5_000, 30_000, 60_000][i & 3],
  'all mixed': (i) => 1_000 + ((i * 7_919) % 60_000),
};

/** What a client without us does; nothing is measured and no limit is kept. */
class MapAndTimers {
  #pending = new Map();

  register({ id }, timeout) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`request ${id} timed out`));
      }, timeout);
      this.#pending.set(id, { resolve, reject, timer });
    });
  }

  settle({ id, result }) {
    const entry = this.#pending.get(id);
    if (entry === undefined) return;
    this.#pending.delete(id);
    clearTimeout(entry.timer);
    entry.resolve(result);
  }
}

class Answer {
  constructor(id) {
    this.id = id;
    this.result = id;
  }
  kind = 'response';
  release() {}
}

class Ours {
  #manager = new CorrelationManager({ maxPendingRequests: 1_000_000 });

  register(request, timeout) {
    return this.#manager.registerRequest(request, timeout === 60_000 ? undefined : { timeout });
  }

  settle(answer) {
    this.#manager.correlateResponse(answer);
  }
}

/** What none can do without. */
class PromiseAlone {
  #resolvers = new Array(2 ** 17);

  register({ id }) {
    return new Promise((resolve) => (this.#resolvers[id & (2 ** 17 - 1)] = resolve));
  }

  settle({ id, result }) {
    this.#resolvers[id & (2 ** 17 - 1)](result);
  }
}

/** Nanoseconds for registering and settling one request. */
async function measure(side, inFlight, timeoutOf) {
  let elapsed = 0n;
  let count = 0;
  let id = side.next ?? 0;
  while (elapsed < BigInt(ROUND_TIME) * 1_000_000n) {
    await setImmediate();
    const start = process.hrtime.bigint();
    for (let round = 0; round < 1_000; round += inFlight) {
      const first = id;
      for (let i = 0; i < inFlight; i++, id++) side.register({ id }, timeoutOf(id));
      for (let settled = first; settled < id; settled++) side.settle(new Answer(settled));
      count += inFlight;
    }
    elapsed += process.hrtime.bigint() - start;
  }
  side.next = id;
  return Number(elapsed) / count;
}

const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)];
const median = (values) => quantile(values, 0.5);

async function compare(inFlight, mix) {
  const sides = [new MapAndTimers(), new Ours(), new PromiseAlone()];
  const times = sides.map(() => []);
  for (let repetition = -2; repetition < REPETITIONS; repetition++) {
    for (const [index, side] of sides.entries()) {
      const time = await measure(side, inFlight, TIMEOUTS[mix]);
      if (repetition >= 0) times[index].push(time);
    }
  }
  const [baseline, ours, promise] = times.map(median);
  const ratios = times[0].map((time, i) => time / times[1][i]);
  const ns = (time) => `${time.toFixed(0).padStart(6)} ns`;
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => `${quantile(ratios, share).toFixed(1)}x`);
  console.log(
    `${String(inFlight).padStart(7)}  ${mix.padEnd(12)} ${ns(baseline)}     ${ns(ours)} ${ns(promise)}` +
      `  ${(1_000 / ours).toFixed(2).padStart(5)} M/s  ${middle.padStart(5)} (${low}..${high})`,
  );
}

function heap(make, count) {
  const keep = new Array(count).fill(null);
  globalThis.gc();
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < count; i++) keep[i] = make(i);
  globalThis.gc();
  globalThis.gc();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  return [bytes, keep];
}

console.log('register + settle, per request\nin flight  timeouts     Map+setTimeout  ours   promise       rate  ratio (quartiles)');
for (const inFlight of [1, 256, 10_000, 100_000]) for (const mix of Object.keys(TIMEOUTS)) await compare(inFlight, mix);

if (globalThis.gc === undefined) console.log('run with --expose-gc for the heap of a pending request');
else {
  const count = 100_000;
  const ours = new CorrelationManager({ maxPendingRequests: count });
  const [bytes, promises] = heap((id) => ours.registerRequest({ id }), count);
  console.log(`heap per pending request at ${count}: ours ${bytes.toFixed(0)} bytes (promise and entry)`);
  for (const promise of promises) promise.catch(() => {});
  ours.shutdown();
  const baseline = new MapAndTimers();
  const [theirs] = heap((id) => baseline.register({ id }, 60_000), count);
  console.log(`heap per pending request at ${count}: Map and timers ${theirs.toFixed(0)} bytes`);
  for (let id = 0; id < count; id++) baseline.settle({ id });
}
