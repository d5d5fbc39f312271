import { DurationRecorder } from '../base/durations.js';

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
  readonly #answers = new DurationRecorder();

  /** Counts an answer that took `duration` ms. */
  answer(duration: number): void {
    this.#answers.record(duration);
  }

  snapshot(pendingCount: number): CorrelationStatistics {
    const { registered, refused, completed, failed, timedOut, cancelled, late, unknown, lateProgress, unknownProgress } = this;
    const settled = completed + failed + timedOut + cancelled;
    return {
      pendingCount, registered, refused, completed, failed, timedOut, cancelled, late, unknown, lateProgress, unknownProgress,
      successRate: settled === 0 ? 1 : completed / settled,
      avgResponseTime: this.#answers.average,
      p50ResponseTime: this.#answers.percentile(50),
      p90ResponseTime: this.#answers.percentile(90),
      p99ResponseTime: this.#answers.percentile(99),
      maxResponseTime: this.#answers.max,
    };
  }
}
