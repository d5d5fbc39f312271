import { type Clock, SteadyTime } from './clock.js';

/** Settled: what is chained to it runs when the running code is done. */
export const SOON = Promise.resolve();

/** A reading of the clock, which those who share it refer to. */
export interface Moment {
  /** Milliseconds. */
  at: number;
}

/**
 * The time, and the bursts of calls that arrive in it: a burst begins with a call, and ends when the code
 * that runs, be it the reading of a chunk or a loop that sends, is done. The calls of one share a reading of a dear clock.
 */
export class BurstTime {
  readonly #time: SteadyTime;
  readonly #shared: boolean;
  readonly #onEnd: (start: Moment | null, end: number) => void;
  /** The reading that is shared; null before the first of a burst, and where none is. */
  #moment: Moment | null = null;
  #open = false;

  /** @param onEnd called at the end of each burst, with the reading that was shared and the time, or with null where there was none */
  constructor(clock: Clock, onEnd: (start: Moment | null, end: number) => void) {
    this.#time = new SteadyTime(clock);
    this.#shared = clock.dear === true;
    this.#onEnd = onEnd;
  }

  /** The time, never falling; with a dear clock, as it was at the first such call of this burst. */
  now(): Moment {
    if (this.#moment !== null) return this.#moment;
    const moment = { at: this.#time.now() };
    if (this.#shared) {
      this.#moment = moment;
      this.begin();
    }
    return moment;
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
    const moment = this.#moment;
    this.#moment = null;
    this.#open = false;
    this.#onEnd(moment, moment === null ? NaN : this.#time.now());
  };
}
