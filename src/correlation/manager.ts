import { AirsMcpError, type AirsMcpErrorCode } from '../base/errors.js';
import { RECENT_REQUESTS } from '../base/limits.js';
import type { RequestId } from '../base/wire.js';
import { type AbandonListener, abandon, cancelled, timedOut } from './abandon.js';
import { type Answer, failureOf } from './answer.js';
import type { Moment } from './burst.js';
import { type Clock, systemClock } from './clock.js';
import { type CorrelationConfig, resolveCorrelationConfig } from './config.js';
import { Deadlines } from './deadlines.js';
import { type Identified, type IdKey, idOf, idTextOf, keyOf, keyOfId } from './key.js';
import { optionsProblem, type RequestOptions } from './options.js';
import { type Extras, PendingRequest, deadlineOf, extrasOf, promiseOf } from './pending.js';
import { RecentKeys } from './recent.js';
import { SignalWatcher } from './signals.js';
import { type CorrelationStatistics, Tally } from './statistics.js';
import { PendingTable } from './table.js';

/** What a manager is connected to. */
export interface CorrelationHooks {
  /** Time and timers; default the process's monotonic clock. */
  clock?: Clock;
  /**
   * Called when a request is given up while its answer may still come: on timeout, cancel, and abort (`reason.code`
   * tells which), not on shutdown. The promise is rejected already. What it throws becomes an uncaught exception.
   */
  onAbandoned?: AbandonListener;
}

/**
 * Our calls: brings each response to the request that it answers.
 *
 * Pure state: it neither sends nor receives. Register a request, send it, hand in what arrives. Each promise settles
 * exactly once: by its response, an error from the peer, a timeout, a cancel, its signal, {@link failAll}, or
 * {@link shutdown}. Ids keep their type: `1`, `"1"` and `""` are three ids. Numbers compare by value where they are safe
 * integers (`1.0` answers `1`), else by their exact text.
 */
export class CorrelationManager {
  /** @internal The options in force. */
  readonly config: Readonly<CorrelationConfig>;
  readonly #onAbandoned: AbandonListener | undefined;
  readonly #pending = new PendingTable();
  readonly #recent = new RecentKeys(RECENT_REQUESTS);
  readonly #tally = new Tally();
  readonly #deadlines: Deadlines<PendingRequest>;
  readonly #signals: SignalWatcher<PendingRequest>;
  #closed = false;

  /** @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, naming every invalid option */
  constructor(config?: Partial<CorrelationConfig>);
  /** @internal Connected to `hooks`. */
  constructor(config: Partial<CorrelationConfig> | undefined, hooks: CorrelationHooks);
  constructor(config: Partial<CorrelationConfig> = {}, hooks: CorrelationHooks = {}) {
    this.config = resolveCorrelationConfig(config);
    this.#onAbandoned = hooks.onAbandoned;
    this.#deadlines = new Deadlines(hooks.clock ?? systemClock, this.config.cleanupInterval, {
      expire: (request) => this.#expire(request),
      heldUp: (start, end) => this.#postpone(start, end),
    });
    this.#signals = new SignalWatcher((request, reason) => this.#cancel(request, reason));
  }

  /**
   * Takes on a request, before it is sent. Nothing is thrown: what is wrong rejects the promise, which is then not pending.
   * A promise that nobody handles is an unhandled rejection, as any other.
   *
   * @param request a request message, or anything with its `id`: a string or a number that no request in flight has
   * @returns the result, parsed (or the message, with `raw`). Rejects with an {@link AirsMcpRemoteError} (`AIRS_MCP_REMOTE`)
   *   for the peer's error; `AIRS_MCP_REQUEST_TIMEOUT`; `AIRS_MCP_CANCELLED`, its cause the reason; `AIRS_MCP_SHUTDOWN`;
   *   the failure of an unreadable answer (`AIRS_MCP_MESSAGE_TOO_LARGE`, ...) or of the transport. Refused at once with
   *   `AIRS_MCP_DUPLICATE_ID`, `AIRS_MCP_TOO_MANY_PENDING`, `AIRS_MCP_INVALID_ARGUMENT`, `AIRS_MCP_OUT_OF_RANGE`
   */
  registerRequest(request: Identified, options?: RequestOptions): Promise<unknown> {
    const key = typeof request === 'object' && request !== null ? keyOf(request) : undefined;
    if (key === undefined) return this.#refuse('AIRS_MCP_INVALID_ARGUMENT', 'a request needs an id: a string or a finite number');
    if (this.#closed) return this.#refuse('AIRS_MCP_SHUTDOWN');
    if (this.#pending.get(key) !== undefined) {
      return this.#refuse('AIRS_MCP_DUPLICATE_ID', `a request with the id ${idTextOf(key)} is in flight`);
    }
    const { maxPendingRequests, defaultTimeout } = this.config;
    if (this.#pending.size >= maxPendingRequests) {
      return this.#refuse('AIRS_MCP_TOO_MANY_PENDING', `${maxPendingRequests} requests are in flight already`);
    }
    if (options !== undefined) return this.#registerWithOptions(key, options);
    return this.#add(new PendingRequest(key, this.#deadlines.now(), defaultTimeout, undefined));
  }

  /**
   * Settles the request that `message` answers: with its result, its error, or the failure of an `invalid` message that
   * was going to be an answer, or that has the id of a request and nothing else. Late, unknown, and second answers are
   * counted and change nothing.
   *
   * @returns whether the message was taken. Then it belongs to the manager, which releases it (or passes it on, with `raw`);
   *   otherwise, and for every call, it stays the caller's
   */
  correlateResponse(message: Answer): boolean {
    const { kind } = message;
    if (kind === 'request' || kind === 'notification' || (kind === 'invalid' && !this.isAnswer(message))) return false;
    const key = keyOf(message);
    const request = key === undefined ? undefined : this.#pending.get(key);
    if (request === undefined) {
      if (key !== undefined && this.#recent.has(key)) this.#tally.late++;
      else this.#tally.unknown++;
      return false;
    }
    this.#remove(request);
    this.#tally.answer(this.#deadlines.now().at - request.registered.at);
    if (kind === 'response') this.#complete(request, message);
    else this.#fail(request, failureOf(message), message);
    return true;
  }

  /**
   * @internal Whether an invalid message was going to answer a call of ours. `{"jsonrpc":"2.0","id":7}` tells nothing of itself:
   * it is what becomes of an answer whose result was `undefined`, so with the id of a call of ours it is taken for one.
   */
  isAnswer(message: Answer): boolean {
    if (message.intent !== undefined) return message.intent === 'answer';
    const key = message.isHollow ? keyOf(message) : undefined;
    return key !== undefined && (this.#pending.get(key) !== undefined || this.#recent.has(key));
  }

  /**
   * Takes in a progress notification: starts the timeout anew where the request asked for it, and calls its `onProgress`,
   * whose exceptions come out here. Progress for a settled or unknown request is counted and dropped.
   *
   * @param token the progress token, which is the request's id
   * @param progress given to `onProgress` as it is
   * @returns whether the request is pending
   */
  correlateProgress(token: RequestId, progress: unknown): boolean {
    const key = keyOfId(token);
    const request = key === undefined ? undefined : this.#pending.get(key);
    if (request === undefined) {
      if (key !== undefined && this.#recent.has(key)) this.#tally.lateProgress++;
      else this.#tally.unknownProgress++;
      return false;
    }
    const { extras } = request;
    if (extras?.resetTimeoutOnProgress === true) this.#restart(request, extras);
    extras?.onProgress?.(progress);
    return true;
  }

  /**
   * Gives a request up: its promise rejects with `AIRS_MCP_CANCELLED`.
   *
   * @param id the request's id, or the request
   * @param reason becomes the error's cause
   * @returns whether it was pending
   */
  cancelRequest(id: RequestId | Identified, reason?: unknown): boolean {
    const request = this.#find(id);
    if (request !== undefined) this.#cancel(request, reason);
    return request !== undefined;
  }

  /**
   * Fails a request for a reason of ours: it could not be sent.
   *
   * @returns whether it was pending
   */
  failRequest(id: RequestId | Identified, error: Error): boolean {
    const request = this.#find(id);
    if (request === undefined) return false;
    this.#remove(request);
    this.#tally.failed++;
    request.reject(error);
    return true;
  }

  /** Fails all pending requests with `error`: the transport has ended. New ones are taken on as before. */
  failAll(error: Error): void {
    this.#tally.failed += this.#pending.size;
    this.#rejectAll(error);
  }

  /** Whether a request of this id waits for its answer. */
  isPending(id: RequestId | Identified): boolean {
    return this.#find(id) !== undefined;
  }

  /** The ids of the pending requests, in no particular order. */
  pendingIds(): RequestId[] {
    return this.#pending.all().map((request) => idOf(request.key));
  }

  /** What became of the requests so far. */
  statistics(): CorrelationStatistics {
    return this.#tally.snapshot(this.#pending.size);
  }

  /** Rejects all pending requests, and all later ones, with `AIRS_MCP_SHUTDOWN`. Twice is harmless. Never rejects. */
  shutdown(): Promise<void> {
    this.#closed = true;
    this.#tally.cancelled += this.#pending.size;
    this.#rejectAll(new AirsMcpError('AIRS_MCP_SHUTDOWN', 'the correlation manager was shut down'));
    return Promise.resolve();
  }

  #refuse(code: AirsMcpErrorCode, message?: string): Promise<never> {
    this.#tally.refused++;
    return Promise.reject(new AirsMcpError(code, message));
  }

  #registerWithOptions(key: IdKey, options: RequestOptions): Promise<unknown> {
    const problem = optionsProblem(options);
    if (problem !== undefined) return this.#refuse(problem.code, problem.message);
    const { timeout = this.config.defaultTimeout, signal } = options;
    if (signal?.aborted === true) {
      this.#tally.registered++;
      this.#tally.cancelled++;
      return Promise.reject(cancelled(key, signal.reason));
    }
    const now = this.#deadlines.now();
    const watch = signal === undefined ? undefined : this.#signals.watch(signal);
    const request = new PendingRequest(key, now, timeout, extrasOf(options, now.at, watch));
    if (watch !== undefined) this.#signals.join(watch, request);
    return this.#add(request);
  }

  /** Adds a request. Returns its promise. */
  #add(request: PendingRequest): Promise<unknown> {
    const promise = promiseOf(request);
    this.#pending.add(request);
    this.#deadlines.add(request, deadlineOf(request), request.registered.at);
    this.#tally.registered++;
    return promise;
  }

  #restart(request: PendingRequest, extras: Extras): void {
    const now = this.#deadlines.exactNow();
    this.#deadlines.move(request, Math.min(now + request.timeout, extras.lastDeadline), now);
  }

  /** Lets what was registered in a burst that began at `start` wait from its end, `end`: nothing leaves the process earlier. */
  #postpone(start: Moment, end: number): void {
    const lost = end - start.at;
    start.at = end;
    for (const request of this.#pending.all()) {
      if (request.registered !== start) continue;
      if (request.extras !== undefined) request.extras.lastDeadline += lost;
      this.#deadlines.move(request, deadlineOf(request), end);
    }
  }

  /** Forgets a request that is about to settle. Whoever calls this settles it, and nobody else can. */
  #remove(request: PendingRequest): void {
    this.#pending.delete(request);
    this.#deadlines.remove(request);
    this.#recent.add(request.key);
    const watch = request.extras?.watch;
    if (watch !== undefined) this.#signals.leave(watch, request);
  }

  #complete(request: PendingRequest, message: Answer): void {
    let value: unknown = message;
    if (request.extras?.raw !== true) {
      try {
        value = message.result;
      } catch (error) {
        return this.#fail(request, error as Error, message);
      }
      message.release();
    }
    this.#tally.completed++;
    request.resolve(value);
  }

  #fail(request: PendingRequest, error: Error, message: Answer): void {
    message.release();
    this.#tally.failed++;
    request.reject(error);
  }

  #expire(request: PendingRequest): void {
    const { extras } = request;
    const last = extras !== undefined && request.due >= this.#deadlines.tickOf(extras.lastDeadline);
    this.#remove(request);
    this.#tally.timedOut++;
    abandon(request, timedOut(request, last ? extras.maxTotalTimeout : undefined), this.#onAbandoned);
  }

  #cancel(request: PendingRequest, reason: unknown): void {
    this.#remove(request);
    this.#tally.cancelled++;
    abandon(request, cancelled(request.key, reason), this.#onAbandoned);
  }

  #rejectAll(error: Error): void {
    for (const request of this.#pending.all()) {
      this.#remove(request);
      request.reject(error);
    }
    this.#deadlines.disarmIfIdle();
  }

  #find(id: RequestId | Identified): PendingRequest | undefined {
    const key = typeof id === 'object' && id !== null ? keyOf(id) : keyOfId(id);
    return key === undefined ? undefined : this.#pending.get(key);
  }
}
