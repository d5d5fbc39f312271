import type { DirectBuffer } from '../base/bytes.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Slab } from '../buffer/slab.js';

/** A frame that outgrows its slab moves to one this many times as big, until the factor is 2. */
const FAST_GROWTH = 4;
const FAST_GROWTH_UP_TO = 4 * 1024 * 1024;
/** A grown slab is given back when so many times in a row a quarter of it would have done. */
const SPARE_ROUNDS = 16;
/** In a grown slab, a frame that began past the middle is moved to the front while it is no more than this share of the slab. */
const CHEAP_MOVE = 1 / 64;

/**
 * The bytes that were received and not yet consumed, in one piece, in pooled memory.
 *
 *     slab  |..consumed..|=== whole frames ===|=== part of one ===|....room....|
 *                      start              complete               end
 *
 * New bytes go behind `end`, written there by the kernel (`window`, `advance`) or copied (`fill`). When
 * the room runs out, the unconsumed bytes move: to the slab's front if nobody else uses the slab, else to
 * another. A frame that keeps growing moves to ever larger slabs, so that each byte moves a bounded number
 * of times, and the next large frame starts in one of the size that the last needed. When large frames stop
 * coming, the large slab is given back.
 */
export class ReceiveBuffer {
  start = 0;
  end = 0;
  /** Where the framer stands between the two: `[start, complete)` are whole frames. Moves with the bytes. */
  complete = 0;
  /** Bytes before this offset were moved or copied by us; from here on they lie where the kernel put them. */
  copiedUpTo = 0;

  private slab: Slab | null = null;
  private sizeHint = 0;
  private spareRounds = 0;

  constructor(private readonly manager: BufferManager) {}

  get bytes(): DirectBuffer {
    return this.current().bytes;
  }

  get capacity(): number {
    return this.slab === null ? 0 : this.slab.capacity;
  }

  /** The slab that holds the bytes now. */
  current(): Slab {
    return (this.slab ??= this.manager.takeReadSlab(this.manager.config.readBufferCapacity));
  }

  /** Room behind `end` for the kernel to write into: a good part of a slab at least. Ends with the next call of any method. */
  window(): DirectBuffer {
    this.reserve(Math.max(1, this.manager.config.readBufferCapacity >> 2));
    const { bytes, capacity } = this.current();
    return bytes.subarray(this.end, capacity) as DirectBuffer;
  }

  /** Takes in `count` bytes that were written into the window. */
  advance(count: number): void {
    this.end += count;
  }

  /** Copies as much of `chunk` from offset `from` as there is room for; at least one byte. Returns how much. */
  fill(chunk: Uint8Array, from: number): number {
    this.reserve(1);
    const slab = this.current();
    const count = Math.min(chunk.length - from, slab.capacity - this.end);
    slab.bytes.set(from === 0 && count === chunk.length ? chunk : chunk.subarray(from, from + count), this.end);
    this.end += count;
    this.copiedUpTo = this.end;
    return count;
  }

  /** Makes room for `room` bytes behind `end`, moving `[start, end)` if it must. */
  reserve(room: number): void {
    if (this.start === this.end) this.rewind();
    const slab = this.current();
    const pending = this.end - this.start;
    const ours = isOurs(slab);
    if (this.end + room <= slab.capacity && !(ours && this.isCheapMove(slab.capacity, pending))) return;
    if (ours && pending + room <= slab.capacity) slab.bytes.copyWithin(0, this.start, this.end);
    else this.move(slab, pending, room);
    this.complete -= this.start;
    this.start = 0;
    this.end = this.copiedUpTo = pending;
  }

  /** Gives the memory back. Messages that lie in it keep it. */
  close(): void {
    this.slab?.release();
    this.slab = null;
    this.start = this.complete = this.end = this.copiedUpTo = 0;
  }

  /** Nothing is pending: starts over in the slab, if nobody else uses it, or without one that became too large. */
  private rewind(): void {
    const { slab } = this;
    if (slab === null || !isOurs(slab)) return;
    const spare = slab.capacity > this.manager.config.readBufferCapacity && this.end <= slab.capacity >> 2;
    this.spareRounds = spare ? this.spareRounds + 1 : 0;
    if (this.spareRounds > SPARE_ROUNDS) {
      this.sizeHint = this.spareRounds = 0;
      return this.close();
    }
    this.start = this.complete = this.end = this.copiedUpTo = 0;
  }

  /**
   * Whether `[start, end)` should move to the front although there is room: a long frame would run out of it later, and to
   * move all that came until then would take milliseconds.
   */
  private isCheapMove(capacity: number, pending: number): boolean {
    return capacity > this.manager.config.readBufferCapacity && this.start >= capacity / 2 && pending <= capacity * CHEAP_MOVE;
  }

  private move(from: Slab, pending: number, room: number): void {
    const to = this.manager.takeReadSlab(this.sizeFor(pending, room));
    to.bytes.set(from.bytes.subarray(this.start, this.end), 0);
    this.slab = to;
    from.release();
  }

  private sizeFor(pending: number, room: number): number {
    const { readBufferCapacity, maxMessageSize } = this.manager.config;
    if (pending + room <= readBufferCapacity && pending < readBufferCapacity / 2) return readBufferCapacity;
    const factor = pending < FAST_GROWTH_UP_TO ? FAST_GROWTH : 2;
    const grown = Math.min(Math.max(pending * factor, this.sizeHint), maxMessageSize + readBufferCapacity);
    this.sizeHint = Math.max(pending + room, grown);
    return this.sizeHint;
  }
}

/** Whether nobody else reads the slab. */
function isOurs(slab: Slab): boolean {
  return !slab.shared && !slab.exposed;
}
