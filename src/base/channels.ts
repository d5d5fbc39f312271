/**
 * What happens inside, on channels of `node:diagnostics_channel`. Each is published in the place where it happens, and only
 * while somebody subscribes: whoever publishes asks `hasSubscribers` first, and does nothing more without.
 *
 * Listeners are called synchronously. What one throws becomes an uncaught exception, and disturbs nothing here.
 */

import { channel, subscribe as subscribeTo, unsubscribe as unsubscribeFrom } from 'node:diagnostics_channel';
import type { AirsMcpError, AirsMcpErrorCode } from './errors.js';
import type { MessageKind, RequestId } from './wire.js';

/** What a listener may read of a message, during its call only: the message's memory is used again afterwards. */
export interface ObservedMessage {
  readonly kind: MessageKind;
  /** Undefined for a notification. */
  readonly id: RequestId | undefined;
  /** Of a request or a notification. */
  readonly method: string | undefined;
  /** The length of the message's JSON text (bytes). */
  readonly byteLength: number;
  /** One value by its JSON pointer: `at('/params/name')`. */
  at(pointer: string): unknown;
}

/** Why a call did not succeed. */
export interface CallFailure {
  /** Ours; undefined for what a handler threw. */
  readonly code: AirsMcpErrorCode | undefined;
  /** The JSON-RPC error number that was received or sent; undefined where none was. */
  readonly rpcCode: number | undefined;
  readonly message: string;
}

/** Of a transport: it is open. */
export interface TransportEvent {
  /** The transport, to be told from others. */
  readonly transport: object;
}

/** A message came in, or was accepted to be sent. */
export interface MessageEvent extends TransportEvent {
  readonly message: ObservedMessage;
}

/** Input that is no message, or is over a limit. */
export interface RefusedFrameEvent extends TransportEvent {
  readonly failure: AirsMcpError;
  /** Where the frame shows one. */
  readonly id: RequestId | undefined;
}

/** Of a transport: it is closed. */
export interface ClosedEvent extends TransportEvent {
  /** What ended the connection, or kept it from being opened; undefined where nothing failed. */
  readonly error: unknown;
}

/** A server process that a transport had started has exited. */
export interface ChildExitEvent extends TransportEvent {
  readonly pid: number | undefined;
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** A call between peers, in either direction, begins. */
export interface CallEvent {
  /** The peer, to be told from others. */
  readonly peer: object;
  /** Unique among the calls in flight of one peer and direction; undefined for a notification. */
  readonly id: RequestId | undefined;
  readonly method: string;
}

/** A call between peers, in either direction, has come to its end. */
export interface SettledEvent extends CallEvent {
  /** ms since the call started, or the request was received. */
  readonly duration: number;
  /** Undefined for a success. */
  readonly failure: CallFailure | undefined;
}

/** A buffer was asked for, and all of its pool were lent. */
export interface PoolExhaustedEvent {
  readonly pool: 'read' | 'write';
  /** Buffers that the pool lends at a time: all are lent. */
  readonly size: number;
  /** Whoever waits for one already (count). */
  readonly waiting: number;
}

/** So much is held that sources are asked to pause, or so little again that they go on. */
export interface PressureEvent {
  /**
   * What there is too much of: `bytes` held by consumers, `requests` in a processor's queue, or `answers` that the
   * other side does not read.
   */
  readonly of: 'bytes' | 'requests' | 'answers';
  /** How much there is now: bytes or requests. */
  readonly held: number;
  /** Past what pressure begins, in the same unit; it ends at half of it, and for answers when all is written. */
  readonly threshold: number;
}

/** What is published on each channel. */
export interface ChannelEvents {
  /** A transport is open. */
  'airs-mcp:transport:opened': TransportEvent;
  /** A transport is closed; once, also where opening it failed. */
  'airs-mcp:transport:closed': ClosedEvent;
  /** A child process ended. */
  'airs-mcp:child:exit': ChildExitEvent;
  /** A message arrived and is about to be delivered. */
  'airs-mcp:message:received': MessageEvent;
  /** A frame arrived that is no message. */
  'airs-mcp:frame:refused': RefusedFrameEvent;
  /** A message was accepted for sending; each of a batch's members likewise. */
  'airs-mcp:message:sent': MessageEvent;
  /** A peer calls the other side. */
  'airs-mcp:call:started': CallEvent;
  /** Such a call settled; for a notification: it was sent, or can't be. */
  'airs-mcp:call:settled': SettledEvent;
  /** A request or notification of the other side was taken on by a peer. */
  'airs-mcp:request:received': CallEvent;
  /** It was answered, given up, or, for a notification, handled. */
  'airs-mcp:request:settled': SettledEvent;
  /** Somebody needs a pooled buffer while all are lent. */
  'airs-mcp:pool:exhausted': PoolExhaustedEvent;
  /** Sources should pause. */
  'airs-mcp:pressure:began': PressureEvent;
  /** Sources may go on. */
  'airs-mcp:pressure:ended': PressureEvent;
}

/** The name of a channel, for {@link subscribe} and `node:diagnostics_channel`. */
export type ChannelName = keyof ChannelEvents;

/** A channel with the type of what is published on it. */
interface TypedChannel<Name extends ChannelName> {
  readonly hasSubscribers: boolean;
  publish(event: ChannelEvents[Name]): void;
}

const open = <Name extends ChannelName>(name: Name): TypedChannel<Name> => channel(name);

export const TRANSPORT_OPENED = open('airs-mcp:transport:opened');
export const TRANSPORT_CLOSED = open('airs-mcp:transport:closed');
export const CHILD_EXIT = open('airs-mcp:child:exit');
export const MESSAGE_RECEIVED = open('airs-mcp:message:received');
export const FRAME_REFUSED = open('airs-mcp:frame:refused');
export const MESSAGE_SENT = open('airs-mcp:message:sent');
export const CALL_STARTED = open('airs-mcp:call:started');
export const CALL_SETTLED = open('airs-mcp:call:settled');
export const REQUEST_RECEIVED = open('airs-mcp:request:received');
export const REQUEST_SETTLED = open('airs-mcp:request:settled');
export const POOL_EXHAUSTED = open('airs-mcp:pool:exhausted');
export const PRESSURE_BEGAN = open('airs-mcp:pressure:began');
export const PRESSURE_ENDED = open('airs-mcp:pressure:ended');

/**
 * Listens to a channel, of all transports and peers in this thread: what `diagnostics_channel.subscribe` does, with types.
 *
 * @param listener called in the place where it happens: be quick. Messages are good until it returns
 * @returns the function that unsubscribes
 */
export function subscribe<Name extends ChannelName>(name: Name, listener: (event: ChannelEvents[Name]) => void): () => void {
  const receive = (event: unknown): void => listener(event as ChannelEvents[Name]); // only we publish on it
  subscribeTo(name, receive);
  return () => void unsubscribeFrom(name, receive);
}
