import { performance } from 'node:perf_hooks';

/** Time as the processor sees it; tests have their own. */
export interface Clock {
  /** Milliseconds, with a fraction, that only ever grow. */
  now(): number;
  /** Calls `run` once after `delay` ms. `hold`: the process stays open for it. Returns what cancels it. */
  after(delay: number, run: () => void, hold: boolean): () => void;
  /** Calls `run` once after the events that wait now. */
  defer(run: () => void): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delay, run, hold) {
    const timer = setTimeout(run, delay);
    if (!hold) timer.unref();
    return () => clearTimeout(timer);
  },
  defer(run) {
    setImmediate(run);
  },
};
