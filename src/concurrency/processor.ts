import { AirsMcpError } from '../base/errors.js';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import { rejected } from '../base/rejection.js';
import type { PressureListener } from '../buffer/pressure.js';
import type { JsonRpcMessage } from '../message/message.js';
import { type Clock, systemClock } from './clock.js';
import { type ProcessorConfig, type ResolvedProcessorConfig, resolveProcessorConfig } from './config.js';
import { type ProcessorStatistics, durationsOf } from './counters.js';
import { Job, type Receiver } from './job.js';
import { type Priority, isPriority, priorityOf } from './priority.js';
import { adopt, runningAncestor } from './nesting.js';
import { Outcome } from './outcome.js';
import { LoopRunner, type RequestHandler, type Runner, currentJob } from './runner.js';
import { Scheduler } from './scheduler.js';
import { ThreadRunner } from './threads.js';

/** How one request is run. */
export interface ProcessOptions {
  /** Default: `high` for pings, cancellations and progress, else `normal`. A lane moves when those above it are empty. */
  priority?: Priority | undefined;
  /** Cancels the request. */
  signal?: AbortSignal | undefined;
  /** Replaces `requestTimeout` for this request (ms); 0: never. */
  timeout?: number | undefined;
}

/** How {@link ConcurrentJsonRpcProcessor.shutdown} ends. */
export interface ShutdownOptions {
  /** Whether what was accepted may finish, within `shutdownTimeout`; default true. False aborts it now. */
  drain?: boolean | undefined;
}

const NO_OPTIONS: ProcessOptions = {};

/**
 * Runs requests, and gives each its response: `workerCount` handlers at a time, `queueCapacity` requests
 * in a queue, the rest kept out.
 *
 * An accepted request always gets a response, be it an error response for a handler that threw, took too long
 * (-32001), or was cut off by a shutdown (-32000), with one exception: a cancelled request gets none, as MCP
 * demands, and its promise rejects with `AIRS_MCP_CANCELLED`. A request that was not accepted rejects as well,
 * with `AIRS_MCP_QUEUE_FULL`, `AIRS_MCP_SHUTDOWN` or `AIRS_MCP_NOT_STARTED`.
 *
 * When a slot is free the handler runs inside the call that submits it. The processor holds the message until
 * its answer; the caller releases its own hold when it likes.
 *
 * A handler may submit to its own processor, or shut it down, and doesn't wait for itself: see {@link processRequest}
 * and {@link shutdown}. To know its own calls, the processor uses `AsyncLocalStorage`.
 */
export class ConcurrentJsonRpcProcessor {
  readonly #config: ResolvedProcessorConfig;
  readonly #runner: Runner;
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  #state: 'new' | 'starting' | 'running' | 'closing' = 'new';
  #closed: { promise: Promise<void>; check: () => void } | null = null;
  readonly #drained: (() => void)[] = [];

  /**
   * @param handler answers each request; not used, and may be left out, with `workerModule`
   * @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, naming every invalid option; `AIRS_MCP_INVALID_ARGUMENT` without a handler
   */
  constructor(config: Partial<ProcessorConfig>, handler?: RequestHandler);
  /** @internal Takes its time from `clock`. */
  constructor(config: Partial<ProcessorConfig>, handler: RequestHandler | undefined, clock: Clock);
  constructor(config: Partial<ProcessorConfig>, handler?: RequestHandler, clock: Clock = systemClock) {
    this.#config = resolveProcessorConfig(config);
    this.#clock = clock;
    const { workerModule, workerCount } = this.#config;
    if (workerModule !== undefined) this.#runner = new ThreadRunner(workerModule, workerCount, clock);
    else if (typeof handler === 'function') this.#runner = new LoopRunner(handler);
    else throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'a handler is a function');
    this.#scheduler = new Scheduler(this.#config, this.#runner, clock);
  }

  /**
   * Makes it take requests; with `workerModule`, starts the threads first and resolves when the module is loaded.
   *
   * @throws AirsMcpError `AIRS_MCP_ALREADY_STARTED`, `AIRS_MCP_SHUTDOWN`; `AIRS_MCP_INVALID_CONFIG` where the module can't be
   *   loaded, or exports no handler
   */
  async start(): Promise<void> {
    if (this.#state === 'closing') throw new AirsMcpError('AIRS_MCP_SHUTDOWN');
    if (this.#state !== 'new') throw new AirsMcpError('AIRS_MCP_ALREADY_STARTED');
    if (this.#config.workerModule === undefined) {
      this.#state = 'running';
      return;
    }
    this.#state = 'starting';
    try {
      await this.#runner.start();
    } catch (error) {
      if (this.#isState('closing')) throw new AirsMcpError('AIRS_MCP_SHUTDOWN');
      this.#state = 'new';
      throw error;
    }
    if (this.#isState('closing')) throw new AirsMcpError('AIRS_MCP_SHUTDOWN');
    this.#state = 'running';
  }

  /**
   * Runs or queues a request.
   *
   * @returns its response, or null where the queue is full; as {@link processRequest} otherwise
   */
  tryProcessRequest(request: JsonRpcMessage, options: ProcessOptions = NO_OPTIONS): Promise<JsonRpcMessage> | null {
    const outcome = new Outcome();
    try {
      requireRequest(request);
      return this.submit(request, outcome, options) === null ? null : outcome.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * Runs or queues a request; where the queue is full, waits for room, first come, first served. Those that wait
   * are the caller's: nothing bounds them but its restraint, and `signal` and the timeout end the wait.
   *
   * Inside a handler of this processor it doesn't wait for room: a full queue is `AIRS_MCP_QUEUE_FULL`, and so is one
   * that could move only if this handler, or others that wait likewise, ended first.
   *
   * @throws AirsMcpError `AIRS_MCP_CANCELLED` (no response is due), `AIRS_MCP_QUEUE_FULL`, `AIRS_MCP_NOT_STARTED`,
   *   `AIRS_MCP_SHUTDOWN`, `AIRS_MCP_INVALID_ARGUMENT`, `AIRS_MCP_MESSAGE_RELEASED`
   */
  processRequest(request: JsonRpcMessage, options: ProcessOptions = NO_OPTIONS): Promise<JsonRpcMessage> {
    const outcome = new Outcome();
    try {
      requireRequest(request);
      if (this.submit(request, outcome, options, true) === null) throw new AirsMcpError('AIRS_MCP_QUEUE_FULL');
      return outcome.promise;
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * @internal The same without a promise, and for notifications too. `receiver` is told the outcome, perhaps before
   * this returns.
   *
   * @param mayWait whether to wait for room
   * @returns the job, for {@link cancel}; null where the queue is full
   * @throws `AIRS_MCP_NOT_STARTED`, `AIRS_MCP_SHUTDOWN`, `AIRS_MCP_INVALID_ARGUMENT`, `AIRS_MCP_MESSAGE_RELEASED`
   */
  submit(message: JsonRpcMessage, receiver: Receiver, options: ProcessOptions = NO_OPTIONS, mayWait = false): Job | null {
    const scheduler = this.#scheduler;
    if (this.#state !== 'running') throw this.#refusal();
    const { priority = priorityOf(message.method), signal, timeout = this.#config.requestTimeout } = options;
    if (options !== NO_OPTIONS) checkOptions(priority, timeout);
    const job = new Job(message, receiver, priority, this, this.#clock.now());
    const caller = currentJob();
    if (caller !== undefined) adopt(job, caller, this);
    if (signal?.aborted === true) {
      scheduler.counters.cancelled++;
      receiver.refuse(new AirsMcpError('AIRS_MCP_CANCELLED', undefined, { cause: signal.reason }));
      return job;
    }
    if (signal !== undefined) listen(signal, job, scheduler);
    if (scheduler.offer(job, timeout, mayWait)) return job;
    job.stopListening();
    scheduler.counters.rejected++;
    return null;
  }

  /** @internal Cancels a job; false where it was settled before. */
  cancel(job: Job, cause?: unknown): boolean {
    return this.#scheduler.cancel(job, cause);
  }

  /** Whether sources should pause: more than `backpressureThreshold` of the queue waits. */
  get underPressure(): boolean {
    return this.#scheduler.gauge.on;
  }

  /**
   * Calls `listener` with true when pressure begins and with false when half of the threshold is left, inside the call
   * that causes it. Returns the unsubscriber.
   */
  onPressure(listener: PressureListener): () => void {
    return this.#scheduler.gauge.listen(listener);
  }

  /** What became of the requests so far, and what is at work now. */
  statistics(): ProcessorStatistics {
    const { counters, permits, lanes, room, gauge, order } = this.#scheduler;
    return {
      activeWorkers: permits.active,
      queueDepth: lanes.size,
      peakQueueDepth: lanes.peak,
      waitingForRoom: room.size,
      heldResponses: order?.held ?? 0,
      underPressure: gauge.on,
      totalProcessed: counters.processed,
      failed: counters.failed,
      timedOut: counters.timedOut,
      cancelled: counters.cancelled,
      rejected: counters.rejected,
      abandoned: counters.abandoned,
      avgProcessingTime: counters.processing.average,
      processingTime: durationsOf(counters.processing),
      avgWaitingTime: counters.waiting.average,
      waitingTime: durationsOf(counters.waiting),
    };
  }

  /**
   * Takes no more requests, lets those submitted finish, aborts what is left after `shutdownTimeout`, ends the threads.
   * Aborted requests get an error response (-32000); callers that still wait for room, `AIRS_MCP_SHUTDOWN`.
   *
   * Resolves when every request is settled. Inside a handler it resolves when all others are, and does not abort that
   * handler before the time is up. Again with `drain: false` it aborts at once. Never rejects.
   */
  shutdown({ drain = true }: ShutdownOptions = {}): Promise<void> {
    const scheduler = this.#scheduler;
    const closed = (this.#closed ??= this.#close());
    let inside = false;
    for (let job = runningAncestor(currentJob() ?? null, this); job !== null; job = runningAncestor(job.family?.caller ?? null, this)) {
      scheduler.exempt(job);
      inside = true;
    }
    if (!drain) scheduler.abortAll(new AirsMcpError('AIRS_MCP_SHUTDOWN'), (job) => job.exempt);
    const drained = inside ? new Promise<void>((resolve) => void this.#drained.push(resolve)) : closed.promise;
    closed.check();
    return drained;
  }

  /** Begins the end; once. */
  #close(): { promise: Promise<void>; check: () => void } {
    const scheduler = this.#scheduler;
    this.#state = 'closing';
    const abort = (): void => scheduler.abortAll(new AirsMcpError('AIRS_MCP_SHUTDOWN'), () => false);
    const disarm = this.#clock.after(this.#config.shutdownTimeout, abort, true);
    let settled: () => void;
    const promise = new Promise<void>((resolve) => (settled = resolve)).then(() => {
      disarm();
      scheduler.stop();
      return this.#runner.stop();
    });
    const check = (): void => {
      if (scheduler.outstanding > 0) return;
      for (const resolve of this.#drained.splice(0)) resolve();
      if (scheduler.exempted === 0) settled();
    };
    scheduler.onsettle = check;
    return { promise, check };
  }

  #refusal(): AirsMcpError {
    this.#scheduler.counters.rejected++;
    if (this.#state === 'closing') return new AirsMcpError('AIRS_MCP_SHUTDOWN', 'the processor was shut down');
    return new AirsMcpError('AIRS_MCP_NOT_STARTED', 'the processor was used before start()');
  }

  // A comparison of its own: what the state was narrowed to before an await no longer holds.
  #isState(state: 'closing'): boolean {
    return this.#state === state;
  }
}

function requireRequest(message: JsonRpcMessage): void {
  if (message.kind === 'request') return;
  throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', `only a request has a response, not a message of kind ${message.kind}`);
}

function checkOptions(priority: unknown, timeout: unknown): void {
  if (!isPriority(priority)) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'a priority is high, normal, or low');
  if (typeof timeout !== 'number' || !(timeout >= 0 && timeout <= MAX_TIMER_DELAY)) {
    throw new AirsMcpError('AIRS_MCP_OUT_OF_RANGE', `a timeout is a number of ms from 0 to ${MAX_TIMER_DELAY}`);
  }
}

function listen(signal: AbortSignal, job: Job, scheduler: Scheduler): void {
  const cancel = (): void => void scheduler.cancel(job, signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  job.unlisten = () => signal.removeEventListener('abort', cancel);
}
