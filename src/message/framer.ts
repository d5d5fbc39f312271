import type { Backend } from '../backend/contract.js';
import { selectBackend } from '../backend/select.js';
import { AirsMcpError } from '../base/errors.js';
import { DEFAULT_MAX_BATCH_SIZE } from '../base/limits.js';
import type { BufferManager } from '../buffer/manager.js';
import type { JsonRpcMessage } from './message.js';
import { MessageQueue } from './queue.js';
import { Records } from './records.js';
import { ReceiveBuffer } from './receive.js';

/** How frames are told apart: one per line (MCP), or by LSP's `Content-Length` header. */
export type Framing = 'newline' | 'content-length';

export interface FramerOptions {
  /** Longest frame accepted (bytes, without its line end). Default: the buffer manager's. */
  maxMessageSize?: number | undefined;
  /** Most members of a batch (count); 1 to 2,147,483,647, default 10,000. */
  maxBatchSize?: number | undefined;
  /** Accept exactly what JSON.parse accepts. Otherwise only what is read is checked. Default true. */
  strictValidation?: boolean | undefined;
}

/**
 * Bytes in, messages out, in order, for any split of the input.
 *
 * Give bytes by `window` and `received` (no copy) or by `push`, then take messages by `next` until it gives
 * null, before giving more. Input never makes it throw: a bad frame comes as a message of kind `invalid`.
 */
export abstract class Framer {
  protected readonly buffer: ReceiveBuffer;
  protected readonly records: Records;
  protected readonly maxMessageSize: number;
  protected readonly strict: boolean;
  /** Messages that were settled ahead of the records still to come; empty but for refusals. */
  protected readonly queue = new MessageQueue();

  constructor(
    protected readonly manager: BufferManager,
    options: FramerOptions = {},
    backend: Backend = selectBackend(),
  ) {
    this.maxMessageSize = options.maxMessageSize ?? manager.config.maxMessageSize;
    this.strict = options.strictValidation ?? true;
    this.buffer = new ReceiveBuffer(manager);
    const maxBatchSize = options.maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE;
    this.records = new Records(backend, manager, { maxMessageSize: this.maxMessageSize, maxBatchSize });
  }

  /** Memory to receive into; good until the next call of any method. */
  window(): Uint8Array {
    return this.buffer.window();
  }

  /** Takes in `count` bytes that were written to the start of the window. */
  received(count: number): void {
    const from = this.buffer.end;
    this.buffer.advance(count);
    this.manager.counters.bytesReceived += count;
    this.absorb(from);
  }

  /** Copies bytes in from `chunk[from]` on; returns how many, at least one. Take the messages, then push the rest. */
  push(chunk: Uint8Array, from: number): number {
    const count = this.buffer.fill(chunk, from);
    this.manager.counters.bytesReceived += count;
    this.absorb(this.buffer.end - count);
    return count;
  }

  /** The next complete message; null when more bytes are needed. Whoever takes it releases it. */
  next(): JsonRpcMessage | null {
    for (;;) {
      const message = this.queue.shift() ?? this.records.next();
      if (message !== null) return message;
      if (!this.advance()) return null;
    }
  }

  /** The input ended: what is unfinished becomes a message, valid or `AIRS_MCP_MESSAGE_TRUNCATED`, for `next` to give. */
  abstract end(): void;

  /** Gives all memory back and forgets what was not taken. Messages already taken stay good. */
  close(): void {
    this.records.close();
    this.buffer.close();
    this.queue.clear();
  }

  /** Bytes received and not yet given out as messages, and the memory they lie in. */
  get used(): number {
    return this.buffer.end - this.buffer.start;
  }

  get capacity(): number {
    return this.buffer.capacity;
  }

  /** Looks at the bytes from `from` on, which are new. */
  protected abstract absorb(from: number): void;

  /** Scans further; false when more bytes are needed. Called only when no record is pending. */
  protected abstract advance(): boolean;

  /** Moves all that is complete into the queue, so that what is put there next comes behind it. */
  protected settle(): void {
    for (;;) {
      const message = this.records.next();
      if (message !== null) this.queue.push(message);
      else if (!this.advance()) return;
    }
  }

  protected tooLarge(): AirsMcpError {
    return new AirsMcpError('AIRS_MCP_MESSAGE_TOO_LARGE', `a message is longer than the limit of ${this.maxMessageSize} bytes`);
  }
}
