import { LARGE_SLAB_CACHE, LARGE_SLAB_CACHE_COUNT } from '../base/limits.js';
import { type Lease, Slab, type SlabAllocator, type SlabOwner } from './slab.js';

/** Slabs beside the pools: longer than a pooled one, or taken when no permit was free. Any number may be lent. */
export interface OneOffMetrics {
  /** Slabs lent now (count). */
  lent: number;
  /** Slabs that needed new memory (count). */
  allocated: number;
  /** Slabs that came from the cache (count). */
  recycled: number;
  /** Memory in the cache now (bytes). */
  cachedBytes: number;
  /** Slabs whose memory was handed to user code and is left to the garbage collector (count). */
  retired: number;
  /** Slabs collected without a release (count). */
  lostToGc: number;
  /** Releases beyond the last holder's (count). */
  doubleReleases: number;
}

/** The smallest power of two that is at least `bytes`. */
export function powerOfTwoFrom(bytes: number): number {
  let size = 1;
  while (size < bytes) size *= 2;
  return size;
}

/**
 * Lends slabs of a power of two. Returned ones wait in a cache of at most `limit` bytes
 * and {@link LARGE_SLAB_CACHE_COUNT} slabs, because the page faults of fresh memory cost more than a message's scan;
 * the oldest leaves first.
 */
export class OneOffSlabs implements SlabOwner {
  readonly #allocator: SlabAllocator;
  readonly #onLost: (held: number) => void;
  /** Oldest first. */
  readonly #cache: Slab[] = [];
  readonly #collected = new FinalizationRegistry((lease: Lease) => this.#settleLost(lease));
  readonly #metrics: OneOffMetrics = {
    lent: 0,
    allocated: 0,
    recycled: 0,
    cachedBytes: 0,
    retired: 0,
    lostToGc: 0,
    doubleReleases: 0,
  };
  #closed = false;

  readonly #limit: number;

  /**
   * @param onLost called with what the lease still held when a lent slab was collected without a release (bytes)
   * @param limit of the cache (bytes)
   */
  constructor(allocator: SlabAllocator, onLost: (held: number) => void, limit: number = LARGE_SLAB_CACHE) {
    this.#limit = limit;
    this.#allocator = allocator;
    this.#onLost = onLost;
  }

  /** A slab of at least `bytes`, with the caller as its holder, also after close(). Throws what the allocator throws. */
  take(bytes: number): Slab {
    const size = powerOfTwoFrom(bytes);
    const slab = this.#cached(size) ?? this.#create(size);
    this.#metrics.lent += 1;
    return slab.lend();
  }

  reclaim(slab: Slab): void {
    this.#metrics.lent -= 1;
    if (slab.exposed) this.#metrics.retired += 1;
    else if (!this.#closed && slab.capacity <= this.#limit) this.#store(slab);
  }

  overReleased(): void {
    this.#metrics.doubleReleases += 1;
  }

  metrics(): OneOffMetrics {
    return { ...this.#metrics };
  }

  /** Drops the cache; lent slabs are dropped when they return. */
  close(): void {
    this.#closed = true;
    this.#cache.length = 0;
    this.#metrics.cachedBytes = 0;
  }

  /** The newest slab of the size, else of twice the size: more would tie up memory that a longer message needs. */
  #cached(size: number): Slab | undefined {
    if (this.#cache.length === 0) return undefined;
    let index = this.#cache.findLastIndex((slab) => slab.capacity === size);
    if (index < 0) index = this.#cache.findLastIndex((slab) => slab.capacity === 2 * size);
    const slab = index < 0 ? undefined : this.#remove(index);
    if (slab !== undefined) this.#metrics.recycled += 1;
    return slab;
  }

  #create(size: number): Slab {
    const slab = new Slab(this.#allocator.allocate(size), size, this);
    this.#collected.register(slab, slab.lease);
    this.#metrics.allocated += 1;
    return slab;
  }

  #store(slab: Slab): void {
    this.#cache.push(slab);
    this.#metrics.cachedBytes += slab.capacity;
    while (this.#metrics.cachedBytes > this.#limit || this.#cache.length > LARGE_SLAB_CACHE_COUNT) this.#remove(0);
  }

  #remove(index: number): Slab | undefined {
    const [slab] = this.#cache.splice(index, 1);
    if (slab !== undefined) this.#metrics.cachedBytes -= slab.capacity;
    return slab;
  }

  #settleLost(lease: Lease): void {
    if (!lease.lent) return;
    this.#metrics.lent -= 1;
    this.#metrics.lostToGc += 1;
    this.#onLost(lease.held);
  }
}
