import type { AirsMcpError } from '../base/errors.js';
import type { JsonRpcMessage } from '../message/message.js';
import type { Priority } from './priority.js';
import type { List, Place } from './list.js';

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

/** One request on its way through the processor. */
export class Job {
  state: number = STATE.WAITING;
  /** @see Permits */
  permit = false;
  /** Whether a promise of the handler's is unsettled. */
  pending = false;

  /** Where it waits, or where it stands among those that run. */
  place: Place<Job> | null = null;
  turn: Place<Job> | null = null;
  due: Place<Job> | null = null;
  dueIn: List<Job> | null = null;
  /** On the clock (ms); Infinity without a limit. */
  deadline = Infinity;
  startedAt = 0;

  /** The job in whose handler this one was submitted, of any processor. */
  caller: Job | null = null;
  /** The nearest such job of the same processor. */
  parent: Job | null = null;
  /** Unanswered jobs that this one's handler submitted to the same processor. */
  children = 0;
  /** Whether a shutdown goes on without this job, since its handler asked for it. */
  exempt = false;

  /** An answer that waits for its turn. */
  response: JsonRpcMessage | null = null;
  /** Does what else an abort takes: tells a thread. */
  onabort: (() => void) | null = null;
  /** Stops listening to the caller's signal. */
  unlisten: (() => void) | null = null;
  private controller: AbortController | null = null;
  private reason: AirsMcpError | null = null;

  constructor(
    readonly message: JsonRpcMessage,
    public receiver: Receiver | null,
    readonly priority: Priority,
    /** Whose job it is, to be told from one of another processor. */
    readonly owner: object,
    readonly submittedAt: number,
  ) {}

  /** Made on demand: a controller costs more than the rest of a job. */
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
    this.onabort?.();
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
