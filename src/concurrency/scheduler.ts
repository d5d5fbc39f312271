import { AirsMcpError } from '../base/errors.js';
import { PressureGauge } from '../buffer/pressure.js';
import type { JsonRpcMessage } from '../message/message.js';
import type { Clock } from './clock.js';
import type { ResolvedProcessorConfig } from './config.js';
import { Counters } from './counters.js';
import { Deadlines } from './deadlines.js';
import { type Job, STATE } from './job.js';
import { Lanes } from './lanes.js';
import { Line } from './line.js';
import { Nesting, parentOf } from './nesting.js';
import { OrderKeeper } from './order.js';
import { Permits } from './permits.js';
import { failureReply, givenUpReply, resultReply } from './reply.js';
import type { Runner } from './runner.js';

/** How long queued handlers run on end before the event loop has its turn (ms). */
const SLICE = 10;
/** Handlers that may run inside one another before the next is put off: the stack is finite. */
const DEEPEST = 32;

/**
 * Decides which job runs when, and settles each exactly once.
 *
 *     offer ─▶ room (callers that wait, FIFO) ─▶ lanes (the queue) ─▶ running ─▶ finish
 *
 * A job may leave from anywhere: it is cancelled, times out, or is aborted. {@link finish} is the only
 * way out, and gives back what the job holds: its place, permit, deadline, and message.
 */
export class Scheduler {
  readonly counters = new Counters();
  readonly permits: Permits;
  readonly lanes = new Lanes();
  /** Jobs for which the queue has no room yet. */
  readonly room = new Line<Job>();
  readonly gauge: PressureGauge;
  readonly order: OrderKeeper | null;
  /** Called when a job was settled. */
  onsettle: (() => void) | null = null;
  /** Jobs that run without a permit since their handlers wait for a shutdown. */
  exempted = 0;
  private readonly nesting: Nesting;
  private readonly deadlines: Deadlines;
  /** Jobs whose handlers returned a promise. */
  private readonly running = new Line<Job>();
  private depth = 0;
  private pumping = false;
  private deferred = false;

  constructor(
    private readonly config: ResolvedProcessorConfig,
    private readonly runner: Runner,
    private readonly clock: Clock,
  ) {
    this.permits = new Permits(config.workerCount);
    this.nesting = new Nesting(this.permits);
    this.gauge = new PressureGauge(Math.floor(config.backpressureThreshold * config.queueCapacity), 'requests');
    this.order = config.ordered ? new OrderKeeper() : null;
    this.deadlines = new Deadlines(clock, (job) => this.expire(job));
  }

  /** Jobs that are not settled, but for those exempted. */
  get outstanding(): number {
    return this.permits.active + this.lanes.size + this.room.size;
  }

  /**
   * Takes a job in: runs it, queues it, or lets it wait for room.
   *
   * @param timeout ms from its submission; 0: never
   * @returns false, and nothing was done, where there is no room
   * @throws whatever `retain()` of its message throws
   */
  offer(job: Job, timeout: number, mayWait: boolean): boolean {
    const free = this.permits.free && this.lanes.size === 0 && this.room.size === 0 && !this.congested;
    const atOnce = free && this.depth < DEEPEST;
    const { roomy } = this;
    if (!atOnce) {
      // One that was put off only to spare the stack waits for nobody.
      const parent = parentOf(job);
      if (!free && parent !== null && !(roomy && this.nesting.mayWait(parent))) return false;
      if (!free && !roomy && !mayWait) return false;
    }
    job.message.retain();
    this.nesting.enter(job);
    // What a handler submits it may wait for: held behind that handler's own answer it would wait for ever.
    if (this.order !== null && parentOf(job) === null && job.message.kind === 'request') this.order.enter(job);
    if (atOnce) {
      this.begin(job, job.submittedAt, timeout);
      return true;
    }
    if (roomy) this.enqueue(job);
    else this.room.push(job);
    this.deadlines.add(job, timeout);
    this.gauge.hold(1);
    if (this.permits.free) this.putOff();
    return true;
  }

  /** The caller no longer wants a response. False where it was settled before. */
  cancel(job: Job, cause?: unknown): boolean {
    if (job.state === STATE.DONE) return false;
    this.counters.cancelled++;
    this.giveUp(job, new AirsMcpError('AIRS_MCP_CANCELLED', undefined, { cause }), null);
    return true;
  }

  /** Settles everything that is unsettled, but for jobs that `spare` holds. */
  abortAll(reason: AirsMcpError, spare: (job: Job) => boolean): void {
    // From the back, so that nothing takes the place of what is aborted.
    for (const job of [...this.room.toArray().reverse(), ...this.lanes.toArray().reverse(), ...this.running.toArray()]) {
      if (job.state === STATE.DONE || spare(job)) continue;
      if (job.state === STATE.WAITING) {
        this.counters.rejected++;
        this.giveUp(job, reason, null);
      } else {
        this.counters.processed++;
        this.counters.failed++;
        this.giveUp(job, reason, job.message.kind === 'request' ? givenUpReply(job.message, reason) : null);
      }
    }
  }

  /** Lets a shutdown go on without waiting for `job`, whose handler asked for it: another may have its slot. */
  exempt(job: Job): void {
    if (job.exempt) return;
    job.exempt = true;
    this.exempted++;
    this.permits.give(job);
    this.pump();
  }

  /** Turns the timer off; nothing may be outstanding. */
  stop(): void {
    this.deadlines.stop();
  }

  /** Whether the queue has room. A response that is held takes the room of a request. */
  private get roomy(): boolean {
    return this.lanes.size + (this.order?.held ?? 0) < this.config.queueCapacity;
  }

  /** Whether so many responses are held that nothing new may start, or one slow handler would gather them without end. */
  private get congested(): boolean {
    return this.order !== null && this.order.held > this.config.queueCapacity;
  }

  private enqueue(job: Job): void {
    job.state = STATE.QUEUED;
    this.lanes.push(job);
  }

  /** Runs what waits while there are permits for it. */
  private pump(): void {
    if (this.pumping || (this.lanes.size === 0 && this.room.size === 0)) return;
    this.pumping = true;
    let since = 0;
    while (this.permits.free) {
      const job = this.lanes.shift() ?? (this.congested ? null : this.room.shift());
      if (job === null) break;
      this.admit();
      this.gauge.unhold(1);
      const now = this.clock.now();
      this.begin(job, now, 0);
      if (since === 0) since = now;
      if (now - since < SLICE) continue;
      this.putOff();
      break;
    }
    this.admit();
    this.pumping = false;
  }

  /** Lets callers that wait for room into the queue. */
  private admit(): void {
    while (this.room.size > 0 && this.roomy) {
      this.enqueue(this.room.shift() as Job); // size > 0
    }
  }

  private putOff(): void {
    if (this.deferred) return;
    this.deferred = true;
    this.clock.defer(() => {
      this.deferred = false;
      this.pump();
    });
  }

  private begin(job: Job, now: number, timeout: number): void {
    this.permits.take(job);
    job.state = STATE.RUNNING;
    job.startedAt = now;
    this.counters.waiting.record(now - job.submittedAt);
    let result: unknown;
    let asynchronous: boolean;
    this.depth++;
    try {
      result = this.runner.run(job);
      asynchronous = isThenable(result);
    } catch (thrown) {
      this.depth--;
      return this.fail(job, thrown);
    }
    this.depth--;
    if (asynchronous) this.follow(job, result as PromiseLike<unknown>, timeout);
    else this.complete(job, result);
  }

  private follow(job: Job, result: PromiseLike<unknown>, timeout: number): void {
    // Another's thenable may call back twice, at once, or throw: a promise of ours does not.
    const promise = result instanceof Promise ? (result as Promise<unknown>) : Promise.resolve(result);
    job.pending = true;
    promise.then(
      (value) => {
        job.pending = false;
        if (job.state === STATE.DONE) this.counters.abandoned--;
        else this.complete(job, value);
      },
      (thrown: unknown) => {
        job.pending = false;
        if (job.state === STATE.DONE) this.counters.abandoned--;
        else this.fail(job, thrown);
      },
    );
    if (job.state === STATE.DONE) {
      // Cancelled while its handler was on the stack.
      this.counters.abandoned++;
      return;
    }
    this.running.push(job);
    this.deadlines.add(job, timeout);
  }

  private complete(job: Job, result: unknown): void {
    if (job.state === STATE.DONE) return;
    if (job.message.kind !== 'request') return this.answer(job, null);
    let response: JsonRpcMessage;
    try {
      response = resultReply(job.message, result);
    } catch (error) {
      return this.fail(job, error);
    }
    this.answer(job, response);
  }

  private fail(job: Job, thrown: unknown): void {
    if (job.state === STATE.DONE) return;
    this.counters.failed++;
    this.answer(job, job.message.kind === 'request' ? failureReply(job.message, thrown) : null);
  }

  private answer(job: Job, response: JsonRpcMessage | null): void {
    this.counters.processed++;
    this.finish(job, response, null);
  }

  private expire(job: Job): void {
    const reason = new AirsMcpError('AIRS_MCP_REQUEST_TIMEOUT', 'the request was not answered in time');
    this.counters.processed++;
    this.counters.timedOut++;
    this.giveUp(job, reason, job.message.kind === 'request' ? givenUpReply(job.message, reason) : null);
  }

  /** Settles a job before its handler does: with `response`, or by a refusal where there is none. */
  private giveUp(job: Job, reason: AirsMcpError, response: JsonRpcMessage | null): void {
    const answered = response !== null || reason.code === 'AIRS_MCP_REQUEST_TIMEOUT';
    this.finish(job, response, answered ? null : reason);
    job.abort(reason);
  }

  /** The one way out. `refusal`: there is no answer. */
  private finish(job: Job, response: JsonRpcMessage | null, refusal: AirsMcpError | null): void {
    const ran = job.state === STATE.RUNNING;
    job.state = STATE.DONE;
    if (ran) {
      this.counters.processing.record(this.clock.now() - job.startedAt);
      if (job.pending) this.counters.abandoned++;
      this.permits.give(job);
    }
    if (job.exempt) this.exempted--;
    this.leave(job, ran);
    this.nesting.leave(job);
    job.message.release();
    try {
      this.deliver(job, response, refusal);
    } finally {
      this.pump();
      this.onsettle?.();
    }
  }

  private leave(job: Job, ran: boolean): void {
    this.deadlines.remove(job);
    job.stopListening();
    if (job.line === null) return;
    if (ran) this.running.remove(job);
    else if (!this.lanes.remove(job)) this.room.remove(job);
    if (!ran) this.gauge.unhold(1);
  }

  private deliver(job: Job, response: JsonRpcMessage | null, refusal: AirsMcpError | null): void {
    if (job.turn !== null && response !== null) return this.order?.answer(job.turn, response);
    const { receiver } = job;
    job.receiver = null;
    if (refusal === null) receiver?.answer(response);
    else receiver?.refuse(refusal);
    this.order?.leave(job);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}
