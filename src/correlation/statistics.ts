import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { MAX_TIMER_DELAY } from '../base/limits.js';

/** What became of the requests, since the manager was made. Times are milliseconds from registering to the answer. */
export interface CorrelationStatistics {
  /** Requests that wait now. */
  pendingCount: number;
  /** Requests that were taken on: `pendingCount + completed + failed + timedOut + cancelled`. */
  registered: number;
  /** Requests refused: a duplicate id, too many pending, wrong arguments, after shutdown. Not among `registered`. */
  refused: number;
  /** Answered with a result. */
  completed: number;
  /** Answered with an error, answered by an unreadable message, or lost with the transport. */
  failed: number;
  timedOut: number;
  /** Cancelled by a call, by a signal, or by shutdown. */
  cancelled: number;
  /** Answers to a request that had settled: dropped. Second answers among them. */
  late: number;
  /** Answers to no request that is remembered: dropped. */
  unknown: number;
  /** Progress for a request that had settled: dropped. */
  lateProgress: number;
  /** Progress for no request that is remembered: dropped. */
  unknownProgress: number;
  /** completed / (completed + failed + timedOut + cancelled), 0..1; 1 before anything has settled. */
  successRate: number;
  /** Mean of all answers, results and errors alike (ms); 0 without any, as the rest. */
  avgResponseTime: number;
  /** Percentiles (ms), within 1 %. */
  p50ResponseTime: number;
  p90ResponseTime: number;
  p99ResponseTime: number;
  maxResponseTime: number;
}

/** The histogram counts microseconds. */
const PER_MS = 1_000;

/** Gathers the numbers. */
export class Tally {
  registered = 0;
  refused = 0;
  completed = 0;
  failed = 0;
  timedOut = 0;
  cancelled = 0;
  late = 0;
  unknown = 0;
  lateProgress = 0;
  unknownProgress = 0;
  // Two significant figures bound its memory to about 40 KiB; mean and maximum are kept exactly beside it.
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: MAX_TIMER_DELAY * PER_MS, figures: 2 });
  #answers = 0;
  #total = 0;
  #longest = 0;

  /** Counts an answer that took `duration` ms. */
  answer(duration: number): void {
    this.#answers++;
    this.#total += duration;
    if (duration > this.#longest) this.#longest = duration;
    this.#histogram.record(Math.min(Math.max(Math.round(duration * PER_MS), 1), MAX_TIMER_DELAY * PER_MS));
  }

  snapshot(pendingCount: number): CorrelationStatistics {
    const { registered, refused, completed, failed, timedOut, cancelled, late, unknown, lateProgress, unknownProgress } = this;
    const settled = completed + failed + timedOut + cancelled;
    return {
      pendingCount, registered, refused, completed, failed, timedOut, cancelled, late, unknown, lateProgress, unknownProgress,
      successRate: settled === 0 ? 1 : completed / settled,
      avgResponseTime: this.#answers === 0 ? 0 : this.#total / this.#answers,
      p50ResponseTime: this.#percentile(50),
      p90ResponseTime: this.#percentile(90),
      p99ResponseTime: this.#percentile(99),
      maxResponseTime: this.#longest,
    };
  }

  /** In ms; never above the exact maximum, past which a histogram's bucket may reach. */
  #percentile(percent: number): number {
    return this.#answers === 0 ? 0 : Math.min(this.#histogram.percentile(percent) / PER_MS, this.#longest);
  }
}
