import { AirsMcpError } from '../base/errors.js';
import type { BufferManager } from '../buffer/manager.js';
import type { PooledBuffer } from '../buffer/pooled.js';
import type { Framer } from '../message/framer.js';
import type { JsonRpcMessage } from '../message/message.js';

/** What a receiver tells its transport. None may throw. */
export interface ReceiverEvents {
  /** Reading should stop, or go on. */
  onflow(reading: boolean): void;
  onerror(error: Error): void;
  /** The last message was delivered. */
  onend(): void;
}

interface Waiter {
  buffer: PooledBuffer;
  resolve(length: number): void;
  reject(error: AirsMcpError): void;
}

/**
 * Bytes in from a source, messages out to whoever wants them: `receiveIntoBuffer` calls first, then `onmessage`.
 *
 * While nobody wants them, messages stay bytes in the framer and reading stops.
 */
export class Receiver {
  private consumer: ((message: JsonRpcMessage) => void) | undefined;
  private readonly waiters: Waiter[] = [];
  private paused = false;
  private pumping = false;
  private ending = false;
  private closed = false;
  /** A message that did not fit the buffer it was meant for. */
  private held: JsonRpcMessage | null = null;
  private readonly unsubscribe: () => void;

  constructor(
    private readonly framer: Framer,
    private readonly manager: BufferManager,
    private readonly events: ReceiverEvents,
  ) {
    this.unsubscribe = manager.onPressure(() => this.update());
  }

  /** Whether messages are wanted now, so that reading makes sense. */
  get reading(): boolean {
    return !this.closed && !this.paused && !this.manager.underPressure && (this.consumer !== undefined || this.waiters.length > 0);
  }

  get onmessage(): ((message: JsonRpcMessage) => void) | undefined {
    return this.consumer;
  }

  set onmessage(consumer: ((message: JsonRpcMessage) => void) | undefined) {
    this.consumer = consumer;
    this.update();
  }

  pause(): void {
    this.paused = true;
    this.update();
  }

  resume(): void {
    this.paused = false;
    this.update();
  }

  /** Memory for the kernel to write into; it must stay untouched until {@link received}. */
  window(): Uint8Array {
    return this.framer.window();
  }

  received(count: number): void {
    this.framer.received(count);
    this.pump();
  }

  /** Copies a chunk in. */
  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length && !this.closed; ) {
      from += this.framer.push(chunk, from);
      this.pump();
    }
  }

  /** No more bytes will come. `onend` follows when the last message was delivered. */
  end(): void {
    if (this.ending || this.closed) return;
    this.ending = true;
    this.framer.end();
    this.pump();
  }

  receiveInto(buffer: PooledBuffer): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
      this.waiters.push({ buffer, resolve, reject });
      this.update();
    });
  }

  /** Forgets what was not delivered and gives the memory back. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.unsubscribe();
    this.held?.release();
    this.framer.close();
    for (const waiter of this.waiters.splice(0)) waiter.reject(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
  }

  private update(): void {
    this.pump();
    if (!this.closed) this.events.onflow(this.reading);
  }

  private pump(): void {
    // A consumer may pause, resume, or set another consumer from within: the outer loop sees it.
    if (this.pumping) return;
    this.pumping = true;
    while (this.reading) {
      const message = this.held ?? this.framer.next();
      this.held = null;
      if (message === null) break;
      this.deliver(message);
    }
    this.pumping = false;
    if (this.ending && !this.closed && this.reading && this.held === null) {
      this.ending = false;
      this.events.onend();
    }
  }

  private deliver(message: JsonRpcMessage): void {
    this.manager.counters.messagesReceived++;
    const waiter = this.waiters[0];
    if (waiter !== undefined) return this.serve(waiter, message);
    try {
      this.consumer?.(message);
    } catch (error) {
      this.events.onerror(error as Error);
    }
  }

  private serve(waiter: Waiter, message: JsonRpcMessage): void {
    if (message.failure !== undefined) {
      this.events.onerror(message.failure);
      return message.release();
    }
    this.waiters.shift();
    try {
      waiter.resolve(message.serializeToBuffer(waiter.buffer));
      message.release();
    } catch (error) {
      this.held = message;
      waiter.reject(error as AirsMcpError);
    }
  }
}
