/**
 * `airs-mcp/server/stdio`: what the MCP SDKs export as `server/stdio`.
 *
 * @module airs-mcp/server/stdio
 */

import type { Readable, Writable } from 'node:stream';
import { AirsMcpError } from '../base/errors.js';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import { refused } from '../base/rejection.js';
import type { WireMessage } from '../base/wire.js';
import { StdioTransport } from '../transport/stdio.js';
import { sendOver } from './outgoing.js';
import { type DropInOptions, type Settings, resolveSettings } from './options.js';
import { CONNECTION_CLOSED, type FrameCounts, Session } from './session.js';
import type { JSONRPCMessage, OnMessage } from './wire.js';

export type { DropInOptions } from './options.js';
export type { FrameCounts } from './session.js';
export type { JSONRPCErrorResponse, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResultResponse, RequestId } from './wire.js';

export interface StdioServerOptions extends DropInOptions {
  /**
   * What the end of the input does to requests in flight: wait until they are answered (`drain`, default), or close at
   * once and answer none (`abort`; SDK 2.x).
   */
  onEndOfInput?: 'drain' | 'abort' | undefined;
  /** How long `drain` waits (ms); default 60,000: the SDKs' clients have given up by then. It doesn't keep the process alive. */
  drainTimeout?: number | undefined;
}

const DEFAULT_DRAIN_TIMEOUT = 60_000;

/**
 * A server's side of MCP over standard input and output, for `connect` and `serveStdio` of the official SDKs: the same
 * parameters, methods and events as the SDKs' class of this name. docs/drop-in.md lists what it does otherwise.
 */
export class StdioServerTransport {
  /** Called once, when the transport is closed. */
  onclose: (() => void) | undefined;
  /** Called for failures, and for input that is no message; before `onclose`. */
  onerror: ((error: Error) => void) | undefined;
  /** Called for each message, synchronously and in order. */
  onmessage: OnMessage | undefined;
  /** What was not delivered, and why. */
  readonly counts: Readonly<FrameCounts>;

  private inner: StdioTransport | null = null;
  private readonly settings: Settings;
  private readonly session: Session;
  private readonly drains: boolean;
  private readonly drainTimeout: number;
  private ended = false;
  private closing: Promise<void> | null = null;

  /**
   * @param stdin where to read; default this process's standard input
   * @param stdout where to write; default this process's standard output. Not ended by `close()`.
   * @throws `AIRS_MCP_INVALID_CONFIG`
   */
  constructor(
    private readonly stdin: Readable = process.stdin,
    private readonly stdout: Writable = process.stdout,
    options: StdioServerOptions = {},
  ) {
    const counts = { noise: 0, oversize: 0, refused: 0, repaired: 0 };
    this.counts = counts;
    let [drains, drainTimeout] = [true, DEFAULT_DRAIN_TIMEOUT];
    this.settings = resolveSettings(options, (reader) => {
      drains = reader.choice('onEndOfInput', ['drain', 'abort']) === 'drain';
      drainTimeout = reader.number('drainTimeout', { preset: DEFAULT_DRAIN_TIMEOUT, min: 0, max: MAX_TIMER_DELAY, unit: 'ms' });
    });
    this.drains = drains;
    this.drainTimeout = drainTimeout;
    this.session = new Session(this.settings, counts, {
      isListening: () => this.onmessage !== undefined,
      deliver: (message) => this.onmessage?.(message),
      answer: (message) => void this.inner?.send(message as WireMessage),
      report: (error) => this.onerror?.(error),
      abandon: () => void this.close(),
    });
  }

  /**
   * Starts to read. The SDK's `connect` does it.
   *
   * @throws `AIRS_MCP_ALREADY_STARTED`, `AIRS_MCP_TRANSPORT_CLOSED`
   */
  async start(): Promise<void> {
    if (this.inner !== null) {
      const hint = 'StdioServerTransport already started: the SDK calls start() in connect()';
      throw new AirsMcpError('AIRS_MCP_ALREADY_STARTED', hint);
    }
    if (this.closing !== null) throw new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED');
    const { stdin, stdout } = this;
    const inner = new StdioTransport({
      ...this.settings.transport,
      input: readsDirectly(stdin) ? undefined : stdin,
      output: stdout === process.stdout ? undefined : stdout,
      endOutput: false,
    });
    this.inner = inner;
    inner.onmessage = this.session.take;
    inner.onerror = (error) => this.onerror?.(error);
    inner.onend = () => this.endOfInput();
    inner.onclose = () => {
      this.session.flush();
      this.onclose?.();
    };
    await inner.start();
  }

  /**
   * Sends a message; those of one tick leave in few writes. Settles when the peer has room for more, or is gone.
   *
   * @param _options taken and ignored, as stdio has no use for it
   * @throws as {@link StdioTransport.send}
   */
  send(message: JSONRPCMessage, _options?: unknown): Promise<void> {
    if (this.inner === null || this.closing !== null) {
      if (this.closing === null) return refused(new AirsMcpError('AIRS_MCP_NOT_STARTED', 'StdioServerTransport is not started'));
      return refused(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED', 'StdioServerTransport is closed'));
    }
    const sent = sendOver(this.inner, message);
    this.session.noteOutgoing(message);
    if (this.ended && this.session.idle) void this.close();
    return sent;
  }

  /** Writes out what was sent, within `closeTimeout`, and closes. Twice is harmless. Never rejects. */
  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  private async shutDown(): Promise<void> {
    if (this.inner === null) this.onclose?.();
    else await this.inner.close();
  }

  private endOfInput(): void {
    if (this.ended) return;
    this.ended = true;
    endForOthers(this.stdin);
    if (!this.drains) return void this.close();
    // What a handler asked of the client will not come any more.
    this.session.failCalls({ code: CONNECTION_CLOSED, message: 'Connection closed: the input ended' });
    if (this.session.idle) return void this.close();
    setTimeout(() => void this.close(), this.drainTimeout).unref();
  }
}

/** Whether standard input can be read past its stream: nobody else reads it. */
function readsDirectly(stdin: Readable): boolean {
  if (stdin !== process.stdin || stdin.readableFlowing !== null) return false;
  return stdin.listenerCount('data') === 0 && stdin.listenerCount('readable') === 0;
}

/** Tells those who listen for the end of standard input of it, where it was read past its stream. */
function endForOthers(stdin: Readable): void {
  if (stdin !== process.stdin || stdin.readableEnded || stdin.destroyed) return;
  stdin.push(null);
  stdin.resume();
}
