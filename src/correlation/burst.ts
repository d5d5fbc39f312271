import { type Clock, SteadyTime } from './clock.js';

/** Settled: what is chained to it runs when the running code is done. */
export const SOON = Promise.resolve();

/**
 * The time, and the bursts of calls that arrive in it: a burst begins with a call, and ends when the code
 * that runs, be it the reading of a chunk or a loop that sends, is done. The calls of one share a reading of a dear clock.
 */
export class BurstTime {
  readonly #time: SteadyTime;
  readonly #shared: boolean;
  readonly #onEnd: (start: number, end: number) => void;
  #start = NaN;
  #open = false;

  /** @param onEnd called at the end of each burst, with the reading that was shared (NaN where there was none) and the time */
  constructor(clock: Clock, onEnd: (start: number, end: number) => void) {
    this.#time = new SteadyTime(clock);
    this.#shared = clock.dear === true;
    this.#onEnd = onEnd;
  }

  /** The time (ms), never falling; with a dear clock, as it was at the first such call of this burst. */
  now(): number {
    if (!this.#shared) return this.#time.now();
    // A number that is not itself: nobody has read the clock yet.
    if (Number.isNaN(this.#start)) {
      this.#start = this.#time.now();
      this.begin();
    }
    return this.#start;
  }

  /** The time (ms), never falling, read now. */
  exact(): number {
    return this.#time.now();
  }

  get inBurst(): boolean {
    return this.#open;
  }

  /** Begins a burst, unless it has begun. */
  begin(): void {
    if (this.#open) return;
    this.#open = true;
    void SOON.then(this.#end);
  }

  readonly #end = (): void => {
    const start = this.#start;
    this.#start = NaN;
    this.#open = false;
    this.#onEnd(start, this.#shared ? this.#time.now() : NaN);
  };
}
