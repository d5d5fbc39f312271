import type { AirsMcpError } from '../base/errors.js';
import { keepLayout } from '../base/layout.js';
import { WheelNode } from '../base/wheel.js';
import { JsonRpcMessage } from '../message/message.js';
import type { Line, LineMember } from './line.js';
import type { Priority } from './priority.js';

/** Takes what becomes of a job: exactly one call of one method, which must not throw. */
export interface Receiver {
  /** @param response what to send; null for a notification, which has no answer */
  answer(response: JsonRpcMessage | null): void;
  /** There is nothing to send: the request was cancelled, or never accepted. */
  refuse(error: AirsMcpError): void;
}

/** What a handler knows of its request beside the message. */
export interface HandlerContext {
  /** Aborts when the request is cancelled, times out, or the processor shuts down; its `reason` is an `AirsMcpError`. */
  readonly signal: AbortSignal;
  readonly priority: Priority;
}

export const STATE = {
  /** Outside the queue, until there is room. */
  WAITING: 0,
  QUEUED: 1,
  RUNNING: 2,
  /** Answered or refused; the handler may still run. */
  DONE: 3,
} as const;

/**
 * One request on its way through the processor.
 *
 * Thousands may wait, and the garbage collector moves each: what few of them need is in an object of its own, and the
 * links of the line and of the wheel that hold it are in the job itself.
 */
export class Job extends WheelNode implements LineMember<Job> {
  state: number = STATE.WAITING;
  /** @see Permits */
  permit = false;
  /** Whether a promise of the handler's is unsettled. */
  pending = false;
  /** Whether a shutdown goes on without this job, since its handler asked for it. */
  exempt = false;
  startedAt = 0;

  /** Where it waits, or stands among those that run. */
  line: Line<Job> | null = null;
  ahead: Job | null = null;
  behind: Job | null = null;

  /** Where answers leave in the order of their requests. */
  turn: Turn | null = null;
  /** Where other jobs have to do with it: those it was submitted by, or that its handler submitted. */
  family: Family | null = null;
  private cancellation: Cancellation | null = null;

  constructor(
    readonly message: JsonRpcMessage,
    public receiver: Receiver | null,
    readonly priority: Priority,
    /** Whose job it is, to be told from one of another processor. */
    readonly owner: object,
    readonly submittedAt: number,
  ) {
    super();
  }

  /** Made on demand: a controller costs more than the rest of a job. */
  get signal(): AbortSignal {
    return (this.cancellation ??= new Cancellation()).signal;
  }

  abort(reason: AirsMcpError): void {
    (this.cancellation ??= new Cancellation()).abort(reason);
  }

  /** Sets what else an abort takes: it tells a thread. */
  set onabort(act: (() => void) | null) {
    (this.cancellation ??= new Cancellation()).act = act;
  }

  /** Sets what stops listening to the caller's signal. */
  set unlisten(stop: () => void) {
    (this.cancellation ??= new Cancellation()).stop = stop;
  }

  /** Stops listening to the caller's signal. */
  stopListening(): void {
    if (this.cancellation === null) return;
    this.cancellation.stop?.();
    this.cancellation.stop = null;
  }
}

/** A job's place in the order of answers. */
export class Turn implements LineMember<Turn> {
  line: Line<Turn> | null = null;
  ahead: Turn | null = null;
  behind: Turn | null = null;
  /** An answer that waits for those before it. */
  response: JsonRpcMessage | null = null;

  constructor(readonly job: Job) {}
}

/** What a job has to do with others. */
export class Family {
  /** The job in whose handler this one was submitted, of any processor. */
  caller: Job | null = null;
  /** The nearest such job of the same processor. */
  parent: Job | null = null;
  /** Unanswered jobs that this one's handler submitted to the same processor. */
  children = 0;
}

/** How a job is told that its answer isn't wanted. */
class Cancellation {
  act: (() => void) | null = null;
  stop: (() => void) | null = null;
  private controller: AbortController | null = null;
  private reason: AirsMcpError | null = null;

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.reason !== null) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  abort(reason: AirsMcpError): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.act?.();
    this.controller?.abort(reason);
  }
}

/** A job as its handler sees it. */
export class JobContext implements HandlerContext {
  readonly #job: Job;

  constructor(job: Job) {
    this.#job = job;
  }

  get signal(): AbortSignal {
    return this.#job.signal;
  }

  get priority(): Priority {
    return this.#job.priority;
  }
}

// Times are seldom whole: a field that was seen to hold one that isn't has another layout.
const NOBODYS = new Job(JsonRpcMessage.notification(''), null, 'normal', {}, 0.5);
NOBODYS.startedAt = 0.5;
keepLayout(NOBODYS);
keepLayout(new JobContext(NOBODYS));
