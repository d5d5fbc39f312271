import { type RecordableHistogram, createHistogram } from 'node:perf_hooks';
import { MAX_TIMER_DELAY } from './limits.js';

/** The histogram counts nanoseconds. */
const PER_MS = 1e6;
/** Longer is counted as that in percentiles. */
const LONGEST = MAX_TIMER_DELAY * PER_MS;

/**
 * How long things took: mean and maximum exactly, percentiles within 1%; two significant figures bound the memory to
 * about 50 KiB. Recording crosses into the histogram, which costs 25 to 50 ns; durations of zero, as of requests that never
 * wait, are only counted.
 */
export class DurationRecorder {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: LONGEST, figures: 2 });
  #count = 0;
  /** How many of them took no time at all. */
  #zeros = 0;
  #total = 0;
  #max = 0;

  /** @param duration ms */
  record(duration: number): void {
    this.#count++;
    if (duration === 0) {
      this.#zeros++;
      return;
    }
    this.#total += duration;
    if (duration > this.#max) this.#max = duration;
    const value = Math.round(duration * PER_MS);
    this.#histogram.record(value < 1 ? 1 : value > LONGEST ? LONGEST : value);
  }

  /** In ms; 0 where nothing was recorded, as the others. */
  get average(): number {
    return this.#count === 0 ? 0 : this.#total / this.#count;
  }

  /** In ms. */
  get max(): number {
    return this.#max;
  }

  /** In ms; never above the exact maximum, past which a histogram's bucket may reach. */
  percentile(percent: number): number {
    const beyondZeros = Math.ceil((percent / 100) * this.#count) - this.#zeros;
    if (beyondZeros <= 0) return 0;
    const share = (beyondZeros / (this.#count - this.#zeros)) * 100;
    return Math.min(this.#histogram.percentile(share) / PER_MS, this.#max);
  }
}
