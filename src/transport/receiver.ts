import { FRAME_REFUSED, MESSAGE_RECEIVED } from '../base/channels.js';
import { AirsMcpError } from '../base/errors.js';
import type { BufferManager } from '../buffer/manager.js';
import type { PooledBuffer } from '../buffer/pooled.js';
import type { Framer } from '../message/framer.js';
import type { JsonRpcMessage } from '../message/message.js';
import { announceReceived } from './announce.js';
import { Settlement } from './settlement.js';

/** What a receiver tells its transport. None may throw. */
export interface ReceiverEvents {
  /** The transport. */
  readonly transport: object;
  /** Reading should stop, or go on. */
  onflow(reading: boolean): void;
  /** A consumer threw, or a frame was bad where only good ones are wanted. */
  onerror(error: Error): void;
  /** The last message was delivered. */
  onend(): void;
  /** There is no memory for what arrives. */
  onbroken(error: Error): void;
}

interface Waiter {
  buffer: PooledBuffer;
  resolve(length: number): void;
  reject(error: AirsMcpError): void;
}

/** Where bytes go when there is no memory for them, and the connection is about to end. */
const SCRATCH = Buffer.alloc(1);

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
  /** What the source was told last. */
  private flowing = false;
  private discarding = false;
  private ending = false;
  private ended = false;
  private broken = false;
  private closed = false;
  /** A message that was taken from the framer and not yet delivered. */
  private held: JsonRpcMessage | null = null;
  private freed: Settlement | null = null;
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
    if (this.closed || this.broken) return false;
    return this.discarding || (!this.paused && !this.manager.underPressure && (this.consumer !== undefined || this.waiters.length > 0));
  }

  /** Whether somebody who wants messages has asked for a break. */
  get heldBack(): boolean {
    return !this.closed && !this.ended && !this.discarding && (this.paused || this.manager.underPressure);
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

  /** Resolves when messages are no longer held back. */
  released(): Promise<void> {
    return this.heldBack ? (this.freed ??= new Settlement()).promise : Promise.resolve();
  }

  /** Memory for the kernel to write into; it must stay untouched until {@link received}. */
  window(): Uint8Array {
    let window: Uint8Array = SCRATCH;
    if (!this.closed && !this.broken) {
      this.guard(() => {
        window = this.framer.window();
      });
    }
    return window;
  }

  received(count: number): void {
    if (this.deaf) return;
    this.guard(() => {
      this.framer.received(count);
      this.pump();
    });
  }

  /** Copies a chunk in. */
  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length && !this.deaf; ) {
      this.guard(() => {
        from += this.framer.push(chunk, from);
        this.pump();
      });
    }
  }

  /** No more bytes will come. `onend` follows when the last message was delivered. */
  end(): void {
    if (this.ending || this.ended || this.closed) return;
    this.ending = true;
    this.guard(() => {
      this.framer.end();
      this.pump();
    });
  }

  receiveInto(buffer: PooledBuffer): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.closed || this.ended) return reject(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
      this.waiters.push({ buffer, resolve, reject });
      this.update();
    });
  }

  /** From here on, what arrives is dropped. The memory stays: the kernel may still write into it. */
  discard(): void {
    this.discarding = true;
    this.update();
  }

  /** Forgets what was not delivered and gives the memory back: nothing may write into the last window any more. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.unsubscribe();
    this.held?.release();
    this.held = null;
    this.framer.close();
    this.freed?.resolve();
    this.refuseWaiters();
  }

  private update(): void {
    this.guard(() => this.pump());
  }

  /** Whether what arrives is of no interest any more. */
  private get deaf(): boolean {
    return this.closed || this.discarding || this.broken;
  }

  /** Only memory that runs out makes a step throw. */
  private guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (this.broken) return;
      this.broken = true;
      this.events.onbroken(error as Error);
    }
  }

  private pump(): void {
    // A consumer may pause, resume, or set another consumer from within: the outer loop sees it.
    if (this.pumping) return;
    this.pumping = true;
    try {
      while (this.reading && !this.discarding) {
        const message = this.take();
        if (message === null) break;
        this.deliver(message);
      }
      if (this.ending && !this.closed) this.finish();
    } finally {
      this.pumping = false;
    }
    this.tell();
  }

  private take(): JsonRpcMessage | null {
    const { held } = this;
    this.held = null;
    if (held !== null) return held;
    const message = this.framer.next();
    if (message === null) return null;
    this.manager.counters.messagesReceived++;
    if (MESSAGE_RECEIVED.hasSubscribers || FRAME_REFUSED.hasSubscribers) announceReceived(this.events.transport, message);
    return message;
  }

  /** Ends the input if nothing is left to deliver, whether or not anybody wants it. */
  private finish(): void {
    this.held = this.take();
    if (this.held !== null && !this.discarding) return;
    this.ending = false;
    this.ended = true;
    this.refuseWaiters();
    this.events.onend();
  }

  private tell(): void {
    if (this.closed) return;
    if (!this.heldBack) {
      this.freed?.resolve();
      this.freed = null;
    }
    const { reading } = this;
    if (reading === this.flowing) return;
    this.flowing = reading;
    this.events.onflow(reading);
  }

  private deliver(message: JsonRpcMessage): void {
    const waiter = this.waiters[0];
    if (waiter !== undefined) return this.serve(waiter, message);
    try {
      this.consumer?.(message);
    } catch (error) {
      this.events.onerror(error instanceof Error ? error : new Error(`onmessage threw ${String(error)}`, { cause: error }));
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

  private refuseWaiters(): void {
    for (const waiter of this.waiters.splice(0)) waiter.reject(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
  }
}
