/** How much memory passes of work take from V8's heap and beside it, whether or not a collection gave it back meanwhile. */

import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

const MOST_PASSES = 200;

function used() {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** The mean rise between marks. Where a collection fell between two, what was allocated there is not known, and not counted. */
export function riseMeter() {
  let last = 0;
  let sum = 0;
  let rises = 0;
  return {
    start: () => (last = used()),
    mark() {
      const now = used();
      if (now >= last) {
        sum += now - last;
        rises++;
      }
      last = used();
    },
    get mean() {
      return rises === 0 ? 0 : sum / rises;
    },
  };
}

function risesOver(pass, passes) {
  const meter = riseMeter();
  meter.start();
  for (let i = 0; i < passes; i++) {
    pass();
    meter.mark();
  }
  return meter.mean;
}

const LEAST_PASSES = 10;

const nothing = () => {};

/** A way that gives the bytes allocated for each of the `units` of a pass; only the code's own, not the reading's. */
export function allocationOf(pass, units = 1) {
  return {
    sample(budget) {
      const began = performance.now();
      let passes = 0;
      while (passes < MOST_PASSES && performance.now() - began < budget * 4) {
        pass();
        passes++;
      }
      globalThis.gc?.();
      const reading = risesOver(nothing, MOST_PASSES);
      return Math.max(0, risesOver(pass, Math.max(passes, LEAST_PASSES)) - reading) / units;
    },
  };
}

/** Counts collections until `stop()`, which gives their number. */
export function countCollections() {
  let count = 0;
  const observer = new PerformanceObserver((list) => (count += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  return {
    async stop() {
      // Entries come in a later tick.
      await new Promise((resolve) => setTimeout(resolve, 20));
      observer.disconnect();
      return count;
    },
  };
}
