import { DurationRecorder } from '../base/durations.js';

/** How long something took (ms); 0 where nothing was measured. Percentiles are within 1%. */
export interface Durations {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** A snapshot of a {@link ConcurrentJsonRpcProcessor}. Counts are since its construction unless they say "now". */
export interface ProcessorStatistics {
  /** Requests whose handlers run now; at most `workerCount`. */
  activeWorkers: number;
  /** Requests in the queue now; at most `queueCapacity`. */
  queueDepth: number;
  peakQueueDepth: number;
  /** Calls of `processRequest` that wait for room now. */
  waitingForRoom: number;
  /** Responses that wait now for an earlier one; only with `ordered`. */
  heldResponses: number;
  /** Whether sources should pause now. */
  underPressure: boolean;
  /** Requests answered, failed and timed out ones included, and notifications handled. */
  totalProcessed: number;
  /** Of those: the handler threw, rejected, or gave what JSON can't hold, or was cut off by a shutdown. */
  failed: number;
  /** Of those: not answered within the timeout. */
  timedOut: number;
  /** Requests cancelled, to which no response is due. */
  cancelled: number;
  /** Requests refused: the queue was full, or the processor not running. */
  rejected: number;
  /** Handlers that still run now although their request was answered or cancelled. They hold memory, but no slot. */
  abandoned: number;
  /** From a handler's start to its answer (ms). */
  avgProcessingTime: number;
  processingTime: Durations;
  /** From submission to a handler's start (ms). */
  avgWaitingTime: number;
  waitingTime: Durations;
}

/** A recorder's figures as they are shown. */
export function durationsOf(recorder: DurationRecorder): Durations {
  return { p50: recorder.percentile(50), p90: recorder.percentile(90), p99: recorder.percentile(99), max: recorder.max };
}

/** Counts what became of requests. */
export class Counters {
  processed = 0;
  failed = 0;
  timedOut = 0;
  cancelled = 0;
  rejected = 0;
  abandoned = 0;
  readonly processing = new DurationRecorder();
  readonly waiting = new DurationRecorder();
}
