import { performance } from 'node:perf_hooks';

/** Time, and one-shot timers. Injected, so that deadlines can be tested without waiting. */
export interface Clock {
  /** Milliseconds since any fixed moment, with fractions. Should not go back; what uses it bears it when it does. */
  now(): number;
  /** Calls `fire` once, `delay` ms from now (1 to 2,147,483,647). */
  setTimer(fire: () => void, delay: number): unknown;
  /** Whether a reading costs so much that the calls of one burst of running code share one; default false. */
  readonly dear?: boolean;
  /** Stops a timer that has not fired; harmless for one that has. */
  clearTimer(timer: unknown): void;
}

/** The process's monotonic clock. Its timers don't keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (fire, delay) => setTimeout(fire, delay).unref(),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
  // 35-45 ns: two for each request would be half of what a request costs.
  dear: true,
};

/** A clock's readings with the way back cut out: they never fall, and go on from where they were. */
export class SteadyTime {
  readonly #clock: Clock;
  #offset = 0;
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = clock.now();
  }

  /** Milliseconds; never less than at the call before. */
  now(): number {
    const now = this.#clock.now() + this.#offset;
    if (now >= this.#last) return (this.#last = now);
    // What the clock lost is added from here on, so that time neither falls nor stands still.
    if (now < this.#last) this.#offset += this.#last - now;
    return this.#last;
  }
}
