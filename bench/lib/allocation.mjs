/** How much memory passes of work take from V8's heap and beside it, whether or not a collection gave it back meanwhile. */

import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

const MOST_PASSES = 200;

function used() {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** The rises between passes: where a collection fell into a pass, that pass is not counted. */
function risesOver(pass, passes) {
  let sum = 0;
  let rises = 0;
  for (let i = 0; i < passes; i++) {
    const before = used();
    pass();
    const rise = used() - before;
    if (rise < 0) continue;
    sum += rise;
    rises++;
  }
  return sum / rises;
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
