import { setImmediate } from 'node:timers/promises';
import { CorrelationManager } from '../../dist/index.js';

/** Timeouts (ms) by request number. */
const TIMEOUTS = {
  'one timeout': () => 60_000,
  'four timeouts': (i) => [1_000, 5_000, 30_000, 60_000][i & 3],
  'timeouts all mixed': (i) => 1_000 + ((i * 7_919) % 60_000),
};
const IN_FLIGHT = [1, 256, 10_000, 100_000];
const HEAP_COUNT = 100_000;

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
  manager = new CorrelationManager({ maxPendingRequests: 1_000_000 });

  register(request, timeout) {
    return this.manager.registerRequest(request, timeout === 60_000 ? undefined : { timeout });
  }

  settle(answer) {
    this.manager.correlateResponse(answer);
  }
}

/** What none can do without. */
class BarePromise {
  #resolvers = new Array(2 ** 17);

  register({ id }) {
    return new Promise((resolve) => (this.#resolvers[id & (2 ** 17 - 1)] = resolve));
  }

  settle({ id, result }) {
    this.#resolvers[id & (2 ** 17 - 1)](result);
  }
}

/** Registers as many as are in flight, then settles all; between rounds the event loop turns, which is not counted. */
function registerAndSettle(side, inFlight, timeoutOf) {
  let id = 0;
  return {
    cold: true,
    async sample(budget) {
      let elapsed = 0;
      let count = 0;
      while (elapsed < budget) {
        await setImmediate();
        const began = performance.now();
        for (let round = 0; round < 1_000; round += inFlight) {
          const first = id;
          for (let i = 0; i < inFlight; i++, id++) side.register({ id }, timeoutOf(id));
          for (let settled = first; settled < id; settled++) side.settle(new Answer(settled));
          count += inFlight;
        }
        elapsed += performance.now() - began;
      }
      return (elapsed / count) * 1e6;
    },
  };
}

/** Heap of a request that waits: its promise and its entry. */
function heapOf(makeSide, settle) {
  return {
    sample() {
      const side = makeSide();
      const keep = new Array(HEAP_COUNT).fill(null);
      globalThis.gc();
      const before = process.memoryUsage().heapUsed;
      for (let id = 0; id < HEAP_COUNT; id++) keep[id] = side.register({ id }, 60_000);
      globalThis.gc();
      const bytes = (process.memoryUsage().heapUsed - before) / keep.length;
      settle(side);
      return bytes;
    },
  };
}

function settleAll(side) {
  for (let id = 0; id < HEAP_COUNT; id++) side.settle(new Answer(id));
}

const MOST = IN_FLIGHT.at(-1);

const timed = IN_FLIGHT.flatMap((inFlight) =>
  Object.entries(TIMEOUTS).map(([name, timeoutOf]) => ({
    name: `${inFlight.toLocaleString('en')} in flight, ${name}`,
    slow: inFlight === MOST || name === 'four timeouts',
    references: inFlight === 1 && name === 'one timeout' ? [{ name: 'Rust origin, best', value: 259 }, { name: 'Rust origin, worst', value: 723 }] : [],
    ways: () => ({
      'airs-mcp': registerAndSettle(new Ours(), inFlight, timeoutOf),
      'Map and timers': registerAndSettle(new MapAndTimers(), inFlight, timeoutOf),
      'bare promise': registerAndSettle(new BarePromise(), inFlight, timeoutOf),
    }),
  })));

export const group = {
  name: 'correlation',
  costly: true,
  title: 'Correlation: register and settle',
  about:
    'A promise for each request, settled by an answer with its id. A Map with one setTimeout per request is what a client writes by ' +
    'hand: it keeps no limit and counts nothing. The bare promise is made and settled, and nothing else.',
  unit: 'ns/request',
  rows: [
    ...timed,
    {
      name: 'heap of a pending request',
      unit: 'bytes',
      rounds: 3,
      ways: () => ({ 'airs-mcp': heapOf(() => new Ours(), settleAll), 'Map and timers': heapOf(() => new MapAndTimers(), settleAll) }),
    },
  ].map((row) => ({ ...row, baseline: 'Map and timers' })),
};
