import { Buffer } from 'node:buffer';
import { writeText } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import { EXPOSE_FROM } from '../base/limits.js';
import type { Slab } from './slab.js';

/** Whoever lends pooled buffers. */
export interface BufferLender {
  /** Of each buffer (bytes). */
  readonly capacity: number;
  /** Whether `bytes` may be a view of pooled memory. */
  readonly zeroCopy: boolean;
  /** Another slab for the holder of `slab`, whose part in `slab` is given up. */
  exchange(slab: Slab): Slab;
  /** The holder of `slab` gives it back. */
  takeBack(slab: Slab): void;
  /** A buffer was released twice. */
  overReleased(): void;
}

/**
 * A byte buffer of fixed capacity, borrowed from a {@link BufferManager}. Its borrower owns it until
 * `release()` (or the end of a `using` block) and must not use it afterwards. A buffer that is forgotten is
 * found by the garbage collector and counted; releasing it is much faster.
 *
 * After release every member but `release()` throws `AIRS_MCP_BUFFER_RELEASED`. Each acquire gives a new
 * object, so that a stale reference never touches the next borrower's bytes.
 */
export class PooledBuffer implements Disposable {
  readonly #lender: BufferLender;
  #slab: Slab | undefined;
  #length = 0;

  private constructor(lender: BufferLender, slab: Slab) {
    this.#lender = lender;
    this.#slab = slab;
  }

  /** @internal Wraps a slab that the caller holds; the buffer holds it from now on. */
  static over(lender: BufferLender, slab: Slab): PooledBuffer {
    return new PooledBuffer(lender, slab);
  }

  /**
   * The bytes written so far; read them, don't write to them. They stay as they are for ever, whatever happens
   * to this buffer: short contents are copied, longer ones (from 16 KiB, with `enableZeroCopy`) are
   * a view whose memory is never reused. Keep the array rather than asking again.
   */
  get bytes(): Uint8Array {
    const slab = this.slab;
    if (this.#lender.zeroCopy && this.#length >= EXPOSE_FROM) return slab.expose(0, this.#length);
    const copy = new Uint8Array(this.#length);
    copy.set(slab.bytes.subarray(0, this.#length));
    return copy;
  }

  /** Bytes written so far. */
  get length(): number {
    this.#requireLent();
    return this.#length;
  }

  /** Most bytes that fit. */
  get capacity(): number {
    this.#requireLent();
    return this.#lender.capacity;
  }

  /**
   * Adds bytes, or the UTF-8 of a string (a lone surrogate becomes U+FFFD), behind those already there.
   *
   * @throws AirsMcpError `AIRS_MCP_BUFFER_FULL` when it does not fit; nothing is written then.
   *   `AIRS_MCP_INVALID_ARGUMENT` for anything but a Uint8Array or a string
   */
  append(content: Uint8Array | string): this {
    const slab = this.slab;
    const room = this.#lender.capacity - this.#length;
    if (typeof content === 'string') {
      // No UTF-16 unit takes more than 3 bytes, so most strings need no measuring.
      if (content.length * 3 > room) this.#requireRoom(Buffer.byteLength(content), room);
      this.#length += writeText(slab.bytes, content, this.#length, room);
      return this;
    }
    if (!(content instanceof Uint8Array)) {
      throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'append takes a Uint8Array or a string');
    }
    this.#requireRoom(content.length, room);
    slab.bytes.set(content, this.#length);
    this.#length += content.length;
    return this;
  }

  /** Makes the buffer empty. Where its memory was handed out or is still being sent, other memory takes its place. */
  clear(): this {
    const slab = this.slab;
    if (slab.exposed || slab.shared) this.#slab = this.#lender.exchange(slab);
    this.#length = 0;
    return this;
  }

  /** Gives the buffer back. Twice is harmless, and counted. */
  release(): void {
    const slab = this.#slab;
    this.#slab = undefined;
    if (slab === undefined) this.#lender.overReleased();
    else this.#lender.takeBack(slab);
  }

  /** Node 20.0 to 20.4 have no `Symbol.dispose`: there `using` needs a polyfill that is loaded before this package. */
  [Symbol.dispose](): void {
    this.release();
  }

  /**
   * @internal The memory, for reading `[0, length)` and writing `[length, capacity)` without exposing it. Not to be
   * kept across clear(). Retain it to use it after this buffer's release.
   */
  get slab(): Slab {
    return this.#slab ?? this.#refuse();
  }

  /**
   * @internal Sets the length after somebody wrote into the slab.
   * @throws AirsMcpError `AIRS_MCP_OUT_OF_RANGE` unless 0 <= length <= capacity
   */
  commit(length: number): void {
    this.#requireLent();
    if (!(Number.isInteger(length) && length >= 0 && length <= this.#lender.capacity)) {
      throw new AirsMcpError('AIRS_MCP_OUT_OF_RANGE', `no length ${length} in a buffer of ${this.#lender.capacity} bytes`);
    }
    this.#length = length;
  }

  #requireLent(): void {
    if (this.#slab === undefined) this.#refuse();
  }

  #refuse(): never {
    throw new AirsMcpError('AIRS_MCP_BUFFER_RELEASED');
  }

  #requireRoom(bytes: number, room: number): void {
    if (bytes > room) throw new AirsMcpError('AIRS_MCP_BUFFER_FULL', `${bytes} bytes do not fit: ${room} are free`);
  }
}
