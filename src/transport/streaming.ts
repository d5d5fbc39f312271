import { AirsMcpError } from '../base/errors.js';
import { DEFAULT_RECEIVE_QUEUE } from '../base/limits.js';
import type { WireMessage } from '../base/wire.js';
import type { JsonRpcMessage } from '../message/message.js';
import type { Transport } from './contract.js';

/** Options of a {@link StreamingTransport}. */
export interface StreamingTransportConfig {
  /** Messages that may wait to be received (count); default 1,000. At the limit the inner transport pauses, at half of it resumes. */
  queueCapacity?: number | undefined;
}

/** The state of the queue between the transport and `receiveParsed`. */
export interface StreamingTransportStats {
  /** Messages waiting (count). */
  depth: number;
  /** Bytes of the messages waiting. */
  used: number;
  /** Most messages that may wait (count). */
  capacity: number;
  /** depth / capacity, 0 to 1 or a little above: what was in memory when the transport paused is still taken. */
  utilization: number;
}

interface Waiter {
  resolve(message: JsonRpcMessage): void;
  reject(error: Error): void;
}

/**
 * Another transport, read by asking instead of by callback: `for (;;) await transport.receiveParsed()`. A
 * consumer that doesn't ask makes the inner transport pause. It takes over the inner transport's callbacks.
 */
export class StreamingTransport {
  /** Called for failures of the connection. */
  onerror: ((error: Error) => void) | undefined;

  private readonly queue: JsonRpcMessage[] = [];
  private readonly waiters: Waiter[] = [];
  private readonly capacity: number;
  private used = 0;
  private paused = false;
  private closed = false;

  constructor(private readonly inner: Transport, config: StreamingTransportConfig = {}) {
    this.capacity = config.queueCapacity ?? DEFAULT_RECEIVE_QUEUE;
    if (!Number.isInteger(this.capacity) || this.capacity < 1) {
      throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', `queueCapacity must be an integer from 1, not ${String(this.capacity)}`);
    }
    inner.onmessage = (message) => this.take(message);
    inner.onerror = (error) => this.onerror?.(error);
    inner.onclose = () => this.finish();
  }

  /** Opens the inner transport; throws as its `start`. */
  async start(): Promise<void> {
    try {
      await this.inner.start();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'AIRS_MCP_ALREADY_STARTED') this.finish();
      throw error;
    }
  }

  /** Sends a message; settles and throws as {@link Transport.send}. */
  sendParsed(message: JsonRpcMessage | WireMessage): Promise<void> {
    return this.inner.send(message);
  }

  /**
   * The next message, in order; bad frames come as kind `invalid`. The caller releases it.
   *
   * @throws `AIRS_MCP_TRANSPORT_CLOSED` when the transport is closed and all that arrived was received
   */
  receiveParsed(): Promise<JsonRpcMessage> {
    const message = this.queue.shift();
    if (message !== undefined) return Promise.resolve(this.hand(message));
    if (this.closed) return Promise.reject(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  /** The messages in order, until the transport closes. Leaving the loop early leaves the transport open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<JsonRpcMessage, void, undefined> {
    while (!this.closed || this.queue.length > 0) {
      const message = await this.receiveParsed().catch(() => null);
      if (message === null) return;
      yield message;
    }
  }

  /** What waits to be received, and how much may. */
  bufferStats(): StreamingTransportStats {
    const { capacity, used } = this;
    const depth = this.queue.length;
    return { depth, used, capacity, utilization: depth / capacity };
  }

  /** Closes the inner transport. What arrived before can still be received. */
  close(): Promise<void> {
    return this.inner.close();
  }

  private take(message: JsonRpcMessage): void {
    const waiter = this.waiters.shift();
    if (waiter !== undefined) return waiter.resolve(message);
    // Counted as held, so that the memory's own limit holds as well.
    this.queue.push(message.retain());
    this.used += message.byteLength;
    if (!this.paused && this.queue.length >= this.capacity) this.setPaused(true);
  }

  private hand(message: JsonRpcMessage): JsonRpcMessage {
    this.used -= message.byteLength;
    message.release();
    if (this.paused && this.queue.length <= this.capacity / 2) this.setPaused(false);
    return message;
  }

  private setPaused(paused: boolean): void {
    this.paused = paused;
    if (paused) this.inner.pause();
    else this.inner.resume();
  }

  private finish(): void {
    this.closed = true;
    for (const waiter of this.waiters.splice(0)) waiter.reject(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED'));
  }
}
