import type { Writable } from 'node:stream';
import { MESSAGE_SENT, TRANSPORT_CLOSED, TRANSPORT_OPENED } from '../base/channels.js';
import { AirsMcpError } from '../base/errors.js';
import { guarded } from '../base/guarded.js';
import { refused } from '../base/rejection.js';
import type { WireMessage } from '../base/wire.js';
import { BufferManager } from '../buffer/manager.js';
import { PooledBuffer } from '../buffer/pooled.js';
import { encodeBatch } from '../message/batch.js';
import { createFramer } from '../message/framing.js';
import { writeJson } from '../message/json.js';
import { JsonRpcMessage } from '../message/message.js';
import { type Sendable, announceSent } from './announce.js';
import type { MessageBytes, TransportOptions, ZeroCopyTransport } from './contract.js';
import { type NumberRules, type TransportNumbers, transportNumbers } from './options.js';
import { Receiver } from './receiver.js';
import { type Source, muteErrors } from './source.js';
import { Writer } from './writer.js';

/** The two ends that a transport moves bytes between. */
export interface Ends {
  readonly source: Source;
  readonly sink: Writable;
}

type State = 'new' | 'opening' | 'open' | 'closing' | 'closed';

/**
 * What all transports over byte streams share: a source feeds a {@link Receiver}, a {@link Writer} feeds a stream,
 * and one sequence closes them. A kind of transport says how to open the ends and how to part with them.
 */
export abstract class StreamTransport implements ZeroCopyTransport {
  readonly buffers: BufferManager;
  onerror: ((error: Error) => void) | undefined;
  onend: (() => void) | undefined;
  onclose: (() => void) | undefined;

  protected readonly receiver: Receiver;
  /** Resolves when the source has ended or the transport is closed. */
  protected readonly sourceDone: Promise<void>;
  /** Resolves when all that the source gave was delivered, or the transport is closed. */
  protected readonly delivered: Promise<void>;
  protected readonly closeTimeout: number;
  private readonly maxSendQueue: number;
  private readonly ownsBuffers: boolean;
  private state: State = 'new';
  private opening: Promise<void> | null = null;
  private source: Source | null = null;
  /** How the source ended while the transport was being opened, if it did. */
  private earlyEnd: { error: Error | undefined } | null = null;
  private sink: Writable | null = null;
  private writer: Writer | null = null;
  private failure: AirsMcpError | null = null;
  private closing: Promise<void> | null = null;
  private disposed = false;
  private markSourceDone!: () => void; // set in the constructor
  private markDelivered!: () => void; // likewise

  /** The options that are numbers, with defaults filled in. */
  protected readonly numbers: TransportNumbers;

  /**
   * @param rules of the numbers that this kind of transport has besides those of all
   * @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
   */
  constructor(protected readonly options: TransportOptions = {}, rules: NumberRules = {}) {
    this.numbers = transportNumbers(options, rules);
    this.ownsBuffers = options.buffers === undefined;
    this.buffers = options.buffers ?? new BufferManager(options.buffer);
    this.closeTimeout = this.numbers.closeTimeout;
    this.maxSendQueue = this.numbers.maxSendQueue;
    this.sourceDone = new Promise((resolve) => {
      this.markSourceDone = resolve;
    });
    this.delivered = new Promise((resolve) => {
      this.markDelivered = resolve;
    });
    this.receiver = new Receiver(createFramer(this.buffers, options), this.buffers, {
      transport: this,
      onflow: (reading) => this.source?.flow(reading),
      onerror: (error) => this.report(error),
      onend: () => {
        this.markDelivered();
        this.ended();
      },
      onbroken: (cause) => this.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', `receiving failed: ${cause.message}`, { cause })),
    });
  }

  get onmessage(): ((message: JsonRpcMessage) => void) | undefined {
    return this.receiver.onmessage;
  }

  set onmessage(consumer: ((message: JsonRpcMessage) => void) | undefined) {
    this.receiver.onmessage = consumer;
  }

  async start(): Promise<void> {
    if (this.opening !== null) throw new AirsMcpError('AIRS_MCP_ALREADY_STARTED');
    if (this.state !== 'new') throw new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED');
    this.state = 'opening';
    await (this.opening = this.bringUp());
  }

  get queued(): number {
    return this.writer?.queued ?? 0;
  }

  send(message: JsonRpcMessage | WireMessage | readonly JsonRpcMessage[]): Promise<void> {
    return MESSAGE_SENT.hasSubscribers ? this.announced(message, () => this.accept(message)) : this.accept(message);
  }

  sendBytes(bytes: MessageBytes): Promise<void> {
    return MESSAGE_SENT.hasSubscribers ? this.announced(bytes, () => this.acceptBytes(bytes)) : this.acceptBytes(bytes);
  }

  acquireBuffer(): Promise<PooledBuffer> {
    return this.buffers.acquireWriteBuffer();
  }

  receiveIntoBuffer(buffer: PooledBuffer): Promise<number> {
    return this.receiver.receiveInto(buffer);
  }

  pause(): void {
    this.receiver.pause();
  }

  /** Goes on after `pause()`. */
  resume(): void {
    this.receiver.resume();
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  /** Opens both ends. What it throws, `start` throws. */
  protected abstract open(): Promise<Ends>;

  /** The transport is closed while it is being opened: {@link open} may give up. */
  protected abandon(): void {
    // Most kinds open at once.
  }

  /** Parts with the ends after the last write, before the source is closed: ends the stream, or the process behind it. Must not throw. */
  protected abstract part(): Promise<void>;

  /**
   * The connection failed, or the peer is gone: whatever waits is refused with `error`, and the transport closes.
   * @param quiet the end is no failure: `onerror` does not hear of it
   */
  protected fail(error: AirsMcpError, quiet = false): void {
    if (this.state === 'closed') return;
    this.refuseSends(error);
    if (this.state === 'open' && !quiet) this.report(error);
    void this.close();
  }

  /** Sends are refused with `error` from here on, those that wait as well. */
  protected refuseSends(error: AirsMcpError): void {
    if (this.closing === null) this.failure ??= error;
    this.writer?.fail(error);
  }

  /** Writing failed, or the stream to write to was closed. */
  protected sinkFailed(cause: Error): void {
    this.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', `writing failed: ${cause.message}`, { cause }));
  }

  protected report(error: Error): void {
    guarded(() => this.onerror?.(error));
  }

  /** To be called by the source at its end, with what broke it if anything did. */
  protected readonly sourceEnded = (error: Error | undefined): void => {
    this.markSourceDone();
    if (this.state === 'opening') this.earlyEnd = { error };
    if (this.state !== 'open') return;
    if (error === undefined) this.receiver.end();
    else this.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', `reading failed: ${error.message}`, { cause: error }));
  };

  private accept(message: JsonRpcMessage | WireMessage | readonly JsonRpcMessage[]): Promise<void> {
    const writer = this.usable();
    if (writer instanceof AirsMcpError) return refused(writer);
    try {
      if (message instanceof JsonRpcMessage) return writer.write(message.encode(), message);
      if (Array.isArray(message)) return writer.write(encodeBatch(message as readonly JsonRpcMessage[]));
      return writer.write({ head: writeJson(message), raw: undefined, tail: '' });
    } catch (error) {
      return refused(error);
    }
  }

  private acceptBytes(bytes: MessageBytes): Promise<void> {
    const writer = this.usable();
    if (writer instanceof AirsMcpError) return refused(writer);
    try {
      if (bytes instanceof PooledBuffer) return writer.write(piece(bytes.slab.bytes.subarray(0, bytes.length)), bytes.slab);
      return bytes instanceof Uint8Array ? writer.write(piece(bytes)) : writer.writeParts(bytes);
    } catch (error) {
      return refused(error);
    }
  }

  /** Tells of what is sent, where it is accepted. */
  private announced(sent: Sendable, accept: () => Promise<void>): Promise<void> {
    const { counters } = this.buffers;
    const before = counters.messagesSent;
    const settled = accept();
    if (counters.messagesSent > before) announceSent(this, sent);
    return settled;
  }

  private async bringUp(): Promise<void> {
    const ends = await this.open().catch((cause: unknown) => {
      // Who closes the transport meanwhile disposes of it, too.
      if (this.closing !== null) throw closedEarly(cause);
      this.state = 'closed';
      this.dispose(cause);
      throw cause;
    });
    this.adopt(ends);
    if (this.closing !== null) throw closedEarly();
    this.writer = new Writer(ends.sink, this.buffers, this.options.framing ?? 'newline', this.maxSendQueue, this.onsinkerror);
    this.state = 'open';
    if (TRANSPORT_OPENED.hasSubscribers) TRANSPORT_OPENED.publish({ transport: this });
    if (this.earlyEnd === null) ends.source.flow(this.receiver.reading);
    else this.sourceEnded(this.earlyEnd.error);
  }

  private adopt({ source, sink }: Ends): void {
    this.source = source;
    this.sink = sink;
    sink.on('error', this.onsinkerror);
    sink.on('close', this.onsinkclose);
    if (sink.destroyed) queueMicrotask(this.onsinkclose);
  }

  private readonly onsinkerror = (cause: Error): void => this.sinkFailed(cause);
  private readonly onsinkclose = (): void => this.sinkFailed(this.sink?.errored ?? new Error('the stream is closed'));

  private usable(): Writer | AirsMcpError {
    if (this.state === 'open' && this.writer !== null) return this.writer;
    const fresh = this.state === 'new' || this.state === 'opening';
    return this.failure ?? new AirsMcpError(fresh ? 'AIRS_MCP_NOT_STARTED' : 'AIRS_MCP_TRANSPORT_CLOSED');
  }

  /** The last message was delivered. */
  protected ended(): void {
    if (this.onend === undefined) void this.close();
    else guarded(() => this.onend?.(), (error) => this.report(error as Error));
  }

  private async shutDown(): Promise<void> {
    const opening = this.state === 'opening' ? this.opening : null;
    this.state = 'closing';
    if (opening !== null) {
      this.abandon();
      await opening.catch(() => undefined);
    }
    if (this.writer !== null) await within(this.writer.finish(), this.closeTimeout);
    this.writer?.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
    await this.part();
    this.source?.close();
    this.dropSink();
    this.state = 'closed';
    this.dispose(this.failure ?? undefined);
    guarded(() => this.onclose?.());
  }

  private dropSink(): void {
    const { sink } = this;
    if (sink === null) return;
    muteErrors(sink);
    sink.off('error', this.onsinkerror);
    sink.off('close', this.onsinkclose);
  }

  /** @param error what ended the connection */
  private dispose(error: unknown): void {
    if (this.disposed) return;
    this.disposed = true;
    if (TRANSPORT_CLOSED.hasSubscribers) TRANSPORT_CLOSED.publish({ transport: this, error });
    this.markSourceDone();
    this.markDelivered();
    this.receiver.close();
    if (this.ownsBuffers) this.buffers.close();
  }
}

function closedEarly(cause?: unknown): AirsMcpError {
  return new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED', 'the transport was closed while it was being opened', { cause });
}

function piece(raw: Uint8Array): { head: string; raw: Uint8Array; tail: string } {
  return { head: '', raw, tail: '' };
}

/** Waits for `promise`, but no longer than `timeout` ms. Never rejects. */
export async function within(promise: Promise<unknown>, timeout: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  await Promise.race([promise.catch(() => undefined), expired]);
  clearTimeout(timer);
}
