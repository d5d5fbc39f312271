import type { WireMessage } from '../base/wire.js';
import type { BufferConfig } from '../buffer/config.js';
import type { BufferManager } from '../buffer/manager.js';
import type { PooledBuffer } from '../buffer/pooled.js';
import type { FramerOptions, Framing } from '../message/framer.js';
import type { JsonRpcMessage } from '../message/message.js';

/** Bytes of one message: whole, in a pooled buffer, or in parts that belong together. */
export type MessageBytes = Uint8Array | PooledBuffer | readonly Uint8Array[];

/**
 * Moves messages between this process and one peer.
 *
 * Life: construct, set the callbacks, `start()`, then `send` and receive until `close()`, the peer's end, or a
 * failure. `onerror` precedes `onclose`; `onclose` comes once, last.
 */
export interface Transport {
  /**
   * Opens the connection. Until somebody wants messages (`onmessage` is set, or `receiveIntoBuffer` waits) nothing is
   * read, so that the end of the input is not seen either. If opening fails the transport is closed, without `onclose`.
   *
   * @throws `AIRS_MCP_ALREADY_STARTED`, `AIRS_MCP_TRANSPORT_CLOSED` after or during `close()`, and as the kind of transport says
   */
  start(): Promise<void>;

  /**
   * Sends one message; messages leave in the order of the calls. Those of one tick are written together, in few writes.
   *
   * Resolves when the stream below has taken the message and has room for more: a peer that doesn't read
   * makes it wait. It always settles, also when the peer dies. Ignoring the promise is safe.
   *
   * @param message a {@link JsonRpcMessage}, a plain object that is written as it is, or several messages as one batch
   * @throws `AIRS_MCP_NOT_STARTED`, `AIRS_MCP_TRANSPORT_CLOSED`, `AIRS_MCP_TRANSPORT_FAILED`, `AIRS_MCP_CHILD_EXITED`,
   *   `AIRS_MCP_NOT_SERIALISABLE`, `AIRS_MCP_SEND_QUEUE_FULL` (nothing of the message was sent then)
   */
  send(message: JsonRpcMessage | WireMessage | readonly JsonRpcMessage[]): Promise<void>;

  /** Bytes that `send` has accepted and the peer has not taken yet. */
  readonly queued: number;

  /**
   * Writes out what was accepted, within `closeTimeout`, and closes. Messages may come until `onclose`; what was not
   * delivered then is dropped. Twice is harmless. Never rejects.
   */
  close(): Promise<void>;

  /** Stops delivering messages, and soon reading, until `resume()`. What is in memory stays within one read buffer. */
  pause(): void;
  /** Goes on after `pause()`. */
  resume(): void;

  /** Called for each message, in order, synchronously; a bad frame comes as kind `invalid`. Release each message when done. */
  onmessage: ((message: JsonRpcMessage) => void) | undefined;
  /**
   * Called for failures of the connection, for what `onmessage` and `onend` throw, and for invalid frames that
   * `receiveIntoBuffer` passes over. What it throws itself, or `onclose` does, becomes an uncaught exception.
   */
  onerror: ((error: Error) => void) | undefined;
  /**
   * The peer will send nothing more, and all it sent was delivered: while messages wait for a consumer that paused, or
   * for one to be set, it does not come. If unset, the transport then closes itself.
   */
  onend: (() => void) | undefined;
  /** Called once, when all is closed. */
  onclose: (() => void) | undefined;
}

/** A transport that moves bytes: its messages can go through it without being parsed or written again. */
export interface ZeroCopyTransport extends Transport {
  /** The memory that is received into and sent from. */
  readonly buffers: BufferManager;

  /**
   * Sends one message that is JSON text already, without a line end. Long pieces are not copied: leave them unchanged
   * until the promise settles. Line feeds, which can only be white space, are sent as spaces where lines are frames.
   *
   * @throws as {@link Transport.send}
   */
  sendBytes(bytes: MessageBytes): Promise<void>;

  /** A write buffer from the pool, for `serializeToBuffer` and `sendBytes`. Throws as `BufferManager.acquireWriteBuffer`. */
  acquireBuffer(): Promise<PooledBuffer>;

  /**
   * Appends the next valid message's JSON text to `buffer`. Calls are served in order, before `onmessage`.
   *
   * @returns the number of bytes appended
   * @throws `AIRS_MCP_BUFFER_FULL` where it does not fit (the message stays for the next call, or goes to `onmessage` if
   *   that is set), `AIRS_MCP_BUFFER_RELEASED` likewise, `AIRS_MCP_TRANSPORT_CLOSED` at the end of the input
   */
  receiveIntoBuffer(buffer: PooledBuffer): Promise<number>;
}

/** Options that every transport over bytes has. */
export interface TransportOptions extends FramerOptions {
  /** Memory to share with other transports. Default: its own, made from `buffer`. */
  buffers?: BufferManager | undefined;
  /** Options of its own memory. */
  buffer?: Partial<BufferConfig> | undefined;
  /** How messages are parted: `newline` (default, MCP) or `content-length` (LSP). */
  framing?: Framing | undefined;
  /** Output accepted and not yet taken by the peer, past which `send` is refused (bytes); from 1, default 64 MiB. */
  maxSendQueue?: number | undefined;
  /** How long `close()` waits for the peer, at each step (ms): to take what was accepted, and to end. From 0, default 2,000. */
  closeTimeout?: number | undefined;
}
