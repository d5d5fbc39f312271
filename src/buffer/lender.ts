import type { OneOffSlabs } from './oneoff.js';
import { type BufferLender, PooledBuffer } from './pooled.js';
import type { SlabPool } from './pool.js';
import type { PressureGauge } from './pressure.js';
import type { Slab } from './slab.js';

/** Lends one kind of memory: as pooled buffers, whose capacity counts as held, or as bare slabs, which do not count. */
export class Lender implements BufferLender {
  readonly capacity: number;
  readonly zeroCopy: boolean;
  readonly #pool: SlabPool;
  readonly #oneOffs: OneOffSlabs;
  readonly #gauge: PressureGauge;

  constructor(pool: SlabPool, oneOffs: OneOffSlabs, gauge: PressureGauge, zeroCopy: boolean) {
    this.capacity = pool.capacity;
    this.zeroCopy = zeroCopy;
    this.#pool = pool;
    this.#oneOffs = oneOffs;
    this.#gauge = gauge;
  }

  tryAcquire(): PooledBuffer | null {
    const slab = this.#pool.take();
    if (slab !== undefined) return this.#lend(slab);
    this.#pool.misses += 1;
    return null;
  }

  /** Rejects as {@link SlabPool.wait}. */
  async acquire(timeout: number): Promise<PooledBuffer> {
    return this.#lend(this.#pool.take() ?? (await this.#pool.wait(timeout)));
  }

  /** A slab of at least `minBytes`: pooled where one is free and long enough, else beside the pool. */
  takeSlab(minBytes: number): Slab {
    const slab = minBytes <= this.capacity ? this.#pool.take() : undefined;
    if (slab !== undefined) return slab;
    this.#pool.misses += 1;
    return this.#oneOffs.take(Math.max(minBytes, this.capacity));
  }

  exchange(slab: Slab): Slab {
    const fresh = this.takeSlab(this.capacity);
    fresh.lease.held += this.capacity;
    slab.lease.held -= this.capacity;
    slab.release();
    return fresh;
  }

  takeBack(slab: Slab): void {
    // Before the release: afterwards the slab may be lent already.
    slab.lease.held -= this.capacity;
    slab.release();
    this.#gauge.unhold(this.capacity);
  }

  overReleased(): void {
    this.#pool.overReleased();
  }

  #lend(slab: Slab): PooledBuffer {
    slab.lease.held += this.capacity;
    const buffer = PooledBuffer.over(this, slab);
    this.#gauge.hold(this.capacity);
    return buffer;
  }
}
