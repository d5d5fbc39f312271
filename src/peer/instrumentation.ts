/** How tracing takes part in calls: a contract that knows no tracing system. `airs-mcp/opentelemetry` implements it. */

import type { CallEvent, CallFailure } from '../base/channels.js';
import type { JsonRpcMessage } from '../message/message.js';

/** A call of ours, about to be sent. */
export interface OutgoingCall extends CallEvent {
  readonly kind: 'request' | 'notification';
  /** As they were given; perhaps a `RawJson`. */
  readonly params: unknown;
}

/** Follows one call of ours. */
export interface CallTrace {
  /**
   * Members to add to the params' `_meta`, by which a trace goes on at the other side. What the caller put there stands.
   * Not added to params that are an array, nor in LSP, which has no place for it.
   */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /**
   * The call settled; once.
   * @param result what the call's promise gives, where nothing failed
   */
  settled(failure: CallFailure | undefined, result: unknown): void;
}

/** A request or notification of the other side. */
export interface IncomingCall extends CallEvent {
  /** Good until the request is answered, so no more when the trace settles. */
  readonly message: JsonRpcMessage;
}

/** Follows one call of the other side. */
export interface RequestTrace {
  /** Runs the handler, in a context of its own; gives or throws what it does. Not called where there is none, or in threads. */
  run(handler: () => unknown): unknown;
  /**
   * The request was answered, or will not be; once.
   * @param response what answers it; null where nothing does
   */
  settled(failure: CallFailure | undefined, response: JsonRpcMessage | null): void;
}

/**
 * Follows the calls of a peer, in both directions. Without a method, or where it gives undefined, a call is not followed.
 *
 * What these methods throw, but for what `run` passes on, is reported to the peer's `onerror`, and the call goes on.
 */
export interface Instrumentation {
  /** A call of ours begins. */
  call?(call: OutgoingCall): CallTrace | undefined;
  /** A call of theirs begins. */
  request?(request: IncomingCall): RequestTrace | undefined;
}
