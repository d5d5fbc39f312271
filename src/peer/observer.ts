import { performance } from 'node:perf_hooks';
import {
  CALL_SETTLED, CALL_STARTED, type CallEvent, type CallFailure, REQUEST_RECEIVED, REQUEST_SETTLED,
} from '../base/channels.js';
import { AirsMcpError } from '../base/errors.js';
import { AirsMcpRemoteError } from '../base/remote.js';
import type { RequestId } from '../base/wire.js';
import type { Job, Receiver } from '../concurrency/job.js';
import type { JsonRpcMessage } from '../message/message.js';
import type { CallTrace, Instrumentation, OutgoingCall, RequestTrace } from './instrumentation.js';
import { withMeta } from './meta.js';
import type { BatchCall } from './methods.js';

/** Tells whoever watches of a peer's calls. While nobody does, the two getters are all that is used. */
export class Observer {
  /**
   * @param carriesMeta whether params have a place for what a trace says to the other side
   * @param report told what the instrumentation throws
   */
  constructor(
    private readonly peer: object,
    private readonly instrumentation: Instrumentation | null,
    readonly carriesMeta: boolean,
    private readonly report: (error: Error) => void,
  ) {}

  /** Whether anybody watches our calls. */
  get watchesCalls(): boolean {
    return this.instrumentation !== null || CALL_STARTED.hasSubscribers || CALL_SETTLED.hasSubscribers;
  }

  /** Whether anybody watches theirs. */
  get watchesRequests(): boolean {
    return this.instrumentation !== null || REQUEST_RECEIVED.hasSubscribers || REQUEST_SETTLED.hasSubscribers;
  }

  /** A call of ours that is about to be made. */
  call(kind: OutgoingCall['kind'], id: RequestId | undefined, method: string, params: unknown): ObservedCall {
    const event: CallEvent = { peer: this.peer, id, method };
    if (CALL_STARTED.hasSubscribers) CALL_STARTED.publish(event);
    const trace = this.quietly(() => this.instrumentation?.call?.({ ...event, kind, params }));
    return new ObservedCall(this, event, trace, params);
  }

  /**
   * Calls of ours that are about to be made as one batch, by `send`.
   * @param id of its first request; the others' follow
   */
  batch(calls: readonly BatchCall[], id: number, send: (calls: readonly BatchCall[]) => Promise<unknown>[]): Promise<unknown>[] {
    let next = id;
    const observed = calls.map(({ method, params, notification }) =>
      notification === true ? this.call('notification', undefined, method, params) : this.call('request', next++, method, params));
    try {
      const results = send(calls.map((call, at) => ({ ...call, params: observed[at]?.params })));
      return results.map((result, at) => observed[at]?.follow(result) ?? result);
    } catch (error) {
      for (const call of observed) call.fail(error);
      throw error;
    }
  }

  /** A call of theirs that is about to be taken on. */
  request(message: JsonRpcMessage): ObservedRequest {
    const event: CallEvent = { peer: this.peer, id: message.id, method: message.method as string }; // a call has one
    if (REQUEST_RECEIVED.hasSubscribers) REQUEST_RECEIVED.publish(event);
    const trace = this.quietly(() => this.instrumentation?.request?.({ ...event, message }));
    return new ObservedRequest(this, event, trace);
  }

  /** Runs what belongs to the instrumentation. */
  quietly<Result>(step: () => Result): Result | undefined {
    try {
      return step();
    } catch (error) {
      this.report(error as Error);
      return undefined;
    }
  }
}

/** One call of ours that somebody watches. */
class ObservedCall {
  /** To be sent. */
  readonly params: unknown;
  private readonly started = performance.now();

  constructor(
    private readonly observer: Observer,
    private readonly event: CallEvent,
    private readonly trace: CallTrace | undefined,
    params: unknown,
  ) {
    const meta = observer.carriesMeta ? trace?.meta : undefined;
    this.params = meta === undefined ? params : withMeta(params, meta);
  }

  /** The same outcome, told to whoever watches; a notification's may be ignored, as it could be before. */
  follow<Value>(result: Promise<Value>): Promise<Value> {
    const told = this.told(result);
    if (this.event.id !== undefined) return told;
    told.catch(() => undefined);
    return result;
  }

  fail(error: unknown): void {
    this.settle(failureOf(error), undefined);
  }

  private told<Value>(result: Promise<Value>): Promise<Value> {
    return result.then(
      (value) => {
        this.settle(undefined, value);
        return value;
      },
      (error: unknown) => {
        this.fail(error);
        throw error;
      },
    );
  }

  private settle(failure: CallFailure | undefined, result: unknown): void {
    if (CALL_SETTLED.hasSubscribers) CALL_SETTLED.publish({ ...this.event, duration: performance.now() - this.started, failure });
    this.observer.quietly(() => this.trace?.settled(failure, result));
  }
}

/** One call of theirs that somebody watches; of a notification also the receiver. */
export class ObservedRequest implements Receiver {
  private readonly started = performance.now();
  /** What a notification's handler threw. */
  private thrown: CallFailure | undefined;

  constructor(
    private readonly observer: Observer,
    private readonly event: CallEvent,
    private readonly trace: RequestTrace | undefined,
  ) {}

  /** Runs the handler. */
  run(handler: () => unknown): unknown {
    const traced = this.trace === undefined ? handler : () => this.trace?.run(handler);
    // A request's answer tells what became of its handler.
    return this.event.id === undefined ? this.noting(traced) : traced();
  }

  answer(response: JsonRpcMessage | null): void {
    this.settle(failureIn(response) ?? this.thrown, response);
  }

  refuse(error: AirsMcpError): void {
    this.settle({ code: error.code, rpcCode: undefined, message: error.message }, null);
  }

  private noting(handler: () => unknown): unknown {
    const note = (error: unknown): void => void (this.thrown = failureOf(error));
    try {
      const outcome = handler();
      if (outcome instanceof Promise) outcome.then(undefined, note);
      return outcome;
    } catch (error) {
      note(error);
      throw error;
    }
  }

  private settle(failure: CallFailure | undefined, response: JsonRpcMessage | null): void {
    if (REQUEST_SETTLED.hasSubscribers) {
      REQUEST_SETTLED.publish({ ...this.event, duration: performance.now() - this.started, failure });
    }
    this.observer.quietly(() => this.trace?.settled(failure, response));
  }
}

/** The observed request whose handler is about to run. */
export function observedOf(job: Job | undefined): ObservedRequest | null {
  const receiver = job?.receiver as (Receiver & { observed?: ObservedRequest | null }) | null | undefined;
  return receiver instanceof ObservedRequest ? receiver : (receiver?.observed ?? null);
}

function failureOf(error: unknown): CallFailure {
  const code = error instanceof AirsMcpError ? error.code : undefined;
  const rpcCode = error instanceof AirsMcpRemoteError ? error.remoteCode : undefined;
  return { code, rpcCode, message: error instanceof Error ? error.message : String(error) };
}

function failureIn(response: JsonRpcMessage | null): CallFailure | undefined {
  const error = response?.error;
  return error === undefined ? undefined : { code: undefined, rpcCode: error.code, message: error.message };
}
