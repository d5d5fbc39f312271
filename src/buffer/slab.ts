import { Buffer } from 'node:buffer';
import type { DirectBuffer } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';

/** Where slab memory comes from; a backend is one. */
export interface SlabAllocator {
  /** Memory of at least `bytes` bytes, contents arbitrary. Throws where there is none. */
  allocate(bytes: number): ArrayBuffer;
}

/** Whoever made a slab and decides what becomes of it. Neither method throws. */
export interface SlabOwner {
  /** The last holder is gone. An exposed slab must not be lent again. */
  reclaim(slab: Slab): void;
  /** A holder released more often than it had retained. */
  overReleased(): void;
}

/**
 * A slab's standing with its owner. It is apart from the slab so that it outlives it: when a slab
 * is collected while lent, the owner reads here what there is to settle.
 */
export interface Lease {
  lent: boolean;
  /** Bytes that count as held because of this slab. */
  held: number;
}

/**
 * Memory with a count of its holders. Whoever takes a slab from its owner is the first holder; each
 * `retain()` adds one. When the last releases it, the slab is lent again, unless a view of it
 * was handed out: then it is retired, and its memory goes when the last view is collected. So
 * nothing is written under a live view, however long it is kept.
 */
export class Slab {
  /** The whole capacity, for reading and writing inside this package. Never hand it out: use {@link expose}. */
  readonly bytes: DirectBuffer;
  /** Bytes. */
  readonly capacity: number;
  readonly lease: Lease = { lent: false, held: 0 };
  readonly #owner: SlabOwner;
  #holders = 0;
  #exposed = false;

  /** @param memory at least `capacity` bytes, which nobody else uses */
  constructor(memory: ArrayBuffer, capacity: number, owner: SlabOwner) {
    this.bytes = Buffer.from(memory, 0, capacity) as DirectBuffer;
    this.capacity = capacity;
    this.#owner = owner;
  }

  /** Whether a view was handed out, so that the memory is never reused. */
  get exposed(): boolean {
    return this.#exposed;
  }

  /** Whether there is more than one holder. */
  get shared(): boolean {
    return this.#holders > 1;
  }

  /** For the owner, on a slab without holders: the taker becomes its first. */
  lend(): this {
    this.#holders = 1;
    this.lease.lent = true;
    return this;
  }

  /**
   * Adds a holder.
   * @throws AirsMcpError `AIRS_MCP_BUFFER_RELEASED` when the last holder is already gone
   */
  retain(): void {
    this.#requireHolder();
    this.#holders += 1;
  }

  /** Removes a holder. One release too many is counted and does nothing. */
  release(): void {
    if (this.#holders > 1) {
      this.#holders -= 1;
    } else if (this.#holders === 1) {
      this.#holders = 0;
      this.lease.lent = false;
      this.#owner.reclaim(this);
    } else {
      this.#owner.overReleased();
    }
  }

  /**
   * A view of bytes `[start, end)` for code outside this package. It stays readable for ever and its
   * bytes do not change, provided that no holder writes there again. An empty range exposes nothing.
   *
   * @throws AirsMcpError `AIRS_MCP_BUFFER_RELEASED` when the last holder is gone,
   *   `AIRS_MCP_OUT_OF_RANGE` unless 0 <= start <= end <= capacity
   */
  expose(start: number, end: number): Uint8Array {
    this.#requireHolder();
    if (!(start >= 0 && start <= end && end <= this.capacity)) {
      throw new AirsMcpError('AIRS_MCP_OUT_OF_RANGE', `no range [${start}, ${end}) in a slab of ${this.capacity} bytes`);
    }
    if (start === end) return new Uint8Array(0);
    this.#exposed = true;
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, end - start);
  }

  #requireHolder(): void {
    if (this.#holders === 0) throw new AirsMcpError('AIRS_MCP_BUFFER_RELEASED', 'a slab was used after its last release');
  }
}
