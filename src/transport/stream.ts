import type { Writable } from 'node:stream';
import { AirsMcpError } from '../base/errors.js';
import { DEFAULT_CLOSE_TIMEOUT, DEFAULT_MAX_SEND_QUEUE } from '../base/limits.js';
import type { WireMessage } from '../base/wire.js';
import { BufferManager } from '../buffer/manager.js';
import { PooledBuffer } from '../buffer/pooled.js';
import { encodeBatch } from '../message/batch.js';
import { createFramer } from '../message/framing.js';
import { writeJson } from '../message/json.js';
import { JsonRpcMessage } from '../message/message.js';
import type { MessageBytes, TransportOptions, ZeroCopyTransport } from './contract.js';
import { Receiver } from './receiver.js';
import { refused } from './settlement.js';
import type { Source } from './source.js';
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
  protected readonly closeTimeout: number;
  private readonly ownsBuffers: boolean;
  private state: State = 'new';
  private source: Source | null = null;
  private writer: Writer | null = null;
  private closing: Promise<void> | null = null;
  private markSourceDone!: () => void; // set in the constructor

  /** @throws `AIRS_MCP_INVALID_CONFIG` */
  constructor(protected readonly options: TransportOptions = {}) {
    this.ownsBuffers = options.buffers === undefined;
    this.buffers = options.buffers ?? new BufferManager(options.buffer);
    this.closeTimeout = options.closeTimeout ?? DEFAULT_CLOSE_TIMEOUT;
    this.sourceDone = new Promise((resolve) => {
      this.markSourceDone = resolve;
    });
    this.receiver = new Receiver(createFramer(this.buffers, options), this.buffers, {
      onflow: (reading) => this.source?.flow(reading),
      onerror: (error) => this.report(error),
      onend: () => this.ended(),
    });
  }

  get onmessage(): ((message: JsonRpcMessage) => void) | undefined {
    return this.receiver.onmessage;
  }

  set onmessage(consumer: ((message: JsonRpcMessage) => void) | undefined) {
    this.receiver.onmessage = consumer;
  }

  async start(): Promise<void> {
    if (this.state !== 'new') throw new AirsMcpError('AIRS_MCP_ALREADY_STARTED');
    this.state = 'opening';
    try {
      const ends = await this.open();
      await this.adopt(ends);
    } catch (error) {
      this.state = 'closed';
      this.dispose();
      throw error;
    }
  }

  get queued(): number {
    return this.writer?.queued ?? 0;
  }

  send(message: JsonRpcMessage | WireMessage | readonly JsonRpcMessage[]): Promise<void> {
    const writer = this.usable();
    if (writer instanceof AirsMcpError) return refused(writer);
    try {
      if (message instanceof JsonRpcMessage) return writer.write(message.encode(), message);
      if (Array.isArray(message)) return writer.write(encodeBatch(message as readonly JsonRpcMessage[]));
      return writer.write({ head: writeJson(message), raw: undefined, tail: '' });
    } catch (error) {
      return refused(error as Error);
    }
  }

  sendBytes(bytes: MessageBytes): Promise<void> {
    const writer = this.usable();
    if (writer instanceof AirsMcpError) return refused(writer);
    try {
      if (bytes instanceof PooledBuffer) return writer.write(piece(bytes.slab.bytes.subarray(0, bytes.length)), bytes.slab);
      return bytes instanceof Uint8Array ? writer.write(piece(bytes)) : writer.writeParts(bytes);
    } catch (error) {
      return refused(error as Error);
    }
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

  resume(): void {
    this.receiver.resume();
  }

  close(): Promise<void> {
    return (this.closing ??= this.shutDown());
  }

  /** Opens both ends. What it throws, `start` throws. */
  protected abstract open(): Promise<Ends>;

  /** Parts with the ends after the last write: ends the stream, or the process behind it. Must not throw. */
  protected abstract part(): Promise<void>;

  /**
   * The connection failed, or the peer is gone: whatever waits is refused with `error`, and the transport closes.
   * @param quiet the end is no failure: `onerror` does not hear of it
   */
  protected fail(error: AirsMcpError, quiet = false): void {
    if (this.state === 'closed') return;
    this.writer?.fail(error);
    if (this.state === 'open' && !quiet) this.report(error);
    void this.close();
  }

  protected report(error: Error): void {
    this.onerror?.(error);
  }

  /** To be called by the source at its end, with what broke it if anything did. */
  protected readonly sourceEnded = (error: Error | undefined): void => {
    this.markSourceDone();
    if (this.state !== 'open') return;
    if (error === undefined) this.receiver.end();
    else this.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', `reading failed: ${error.message}`, { cause: error }));
  };

  private async adopt({ source, sink }: Ends): Promise<void> {
    this.source = source;
    if (this.state !== 'opening') {
      // Closed while it was being opened.
      source.close();
      return this.part();
    }
    this.state = 'open';
    const { framing = 'newline', maxSendQueue = DEFAULT_MAX_SEND_QUEUE } = this.options;
    this.writer = new Writer(sink, this.buffers, framing, maxSendQueue);
    sink.on('error', (cause: Error) => {
      this.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', `writing failed: ${cause.message}`, { cause }));
    });
    source.flow(this.receiver.reading);
  }

  private usable(): Writer | AirsMcpError {
    if (this.state === 'open' && this.writer !== null) return this.writer;
    const fresh = this.state === 'new' || this.state === 'opening';
    return new AirsMcpError(fresh ? 'AIRS_MCP_NOT_STARTED' : 'AIRS_MCP_TRANSPORT_CLOSED');
  }

  /** The last message was delivered. */
  protected ended(): void {
    if (this.onend === undefined) void this.close();
    else this.onend();
  }

  private async shutDown(): Promise<void> {
    this.state = 'closing';
    if (this.writer !== null) await within(this.writer.finish(), this.closeTimeout);
    await this.part();
    this.writer?.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
    this.source?.close();
    this.state = 'closed';
    this.dispose();
    this.onclose?.();
  }

  private dispose(): void {
    this.markSourceDone();
    this.receiver.close();
    if (this.ownsBuffers) this.buffers.close();
  }
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
