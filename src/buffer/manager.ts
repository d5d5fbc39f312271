import { selectBackend } from '../backend/select.js';
import { type BufferConfig, largeSlabCacheFor, resolveBufferConfig } from './config.js';
import { createCounters, type TransferCounters } from './counters.js';
import { Lender } from './lender.js';
import { type BufferMetrics, bufferMetrics, poolMetrics, type ZeroCopyMetrics, zeroCopyMetrics } from './metrics.js';
import { OneOffSlabs } from './oneoff.js';
import { SlabPool } from './pool.js';
import type { PooledBuffer } from './pooled.js';
import { PressureGauge, type PressureListener } from './pressure.js';
import type { Slab, SlabAllocator } from './slab.js';

/**
 * Owns the memory that messages are received into and sent from: a pool of read buffers, a pool of write buffers,
 * and a cache of larger ones. One manager may serve any number of transports.
 *
 * Memory is reused as soon as it is released, and never while a view of it that was handed out can still be read.
 */
export class BufferManager {
  /** @internal The options in force. */
  readonly config: Readonly<BufferConfig>;
  /** @internal Raised by the framer and the transports. */
  readonly counters: TransferCounters = createCounters();
  readonly #gauge: PressureGauge;
  readonly #oneOffs: OneOffSlabs;
  readonly #readPool: SlabPool;
  readonly #writePool: SlabPool;
  readonly #read: Lender;
  readonly #write: Lender;

  /**
   * Allocates nothing yet.
   *
   * @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, naming every invalid option; `AIRS_MCP_BACKEND_UNAVAILABLE`
   */
  constructor(config?: Partial<BufferConfig>);
  /** @internal Takes memory from `allocator` rather than from the backend. */
  constructor(config: Partial<BufferConfig> | undefined, allocator: SlabAllocator);
  constructor(config: Partial<BufferConfig> = {}, allocator: SlabAllocator = selectBackend()) {
    const resolved = resolveBufferConfig(config);
    const gauge = new PressureGauge(resolved.backpressureThreshold);
    const onLost = (held: number): void => gauge.unhold(held);
    const oneOffs = new OneOffSlabs(allocator, onLost, largeSlabCacheFor(resolved.maxMessageSize));
    const shared = { size: resolved.bufferPoolSize, allocator, onLost };
    this.config = resolved;
    this.#gauge = gauge;
    this.#oneOffs = oneOffs;
    this.#readPool = new SlabPool({ ...shared, kind: 'read', capacity: resolved.readBufferCapacity });
    this.#writePool = new SlabPool({ ...shared, kind: 'write', capacity: resolved.writeBufferCapacity });
    this.#read = new Lender(this.#readPool, oneOffs, gauge, resolved.enableZeroCopy);
    this.#write = new Lender(this.#writePool, oneOffs, gauge, resolved.enableZeroCopy);
  }

  /**
   * Lends an empty buffer of `readBufferCapacity` bytes; the caller releases it. Waits, in order, while all are lent.
   *
   * @throws AirsMcpError `AIRS_MCP_POOL_TIMEOUT` after `poolTimeout` ms, `AIRS_MCP_POOL_CLOSED` after close()
   */
  acquireReadBuffer(): Promise<PooledBuffer> {
    return this.#read.acquire(this.config.poolTimeout);
  }

  /** Lends an empty buffer of `writeBufferCapacity` bytes; otherwise as {@link acquireReadBuffer}. */
  acquireWriteBuffer(): Promise<PooledBuffer> {
    return this.#write.acquire(this.config.poolTimeout);
  }

  /** As {@link acquireReadBuffer}, but null where that would wait, and after close(). */
  tryAcquireReadBuffer(): PooledBuffer | null {
    return this.#read.tryAcquire();
  }

  /** As {@link acquireWriteBuffer}, but null where that would wait, and after close(). */
  tryAcquireWriteBuffer(): PooledBuffer | null {
    return this.#write.tryAcquire();
  }

  /** A snapshot of both pools, of what consumers hold, and of what was transferred. */
  metrics(): BufferMetrics {
    const { counters } = this;
    const [read, write] = [poolMetrics(this.#readPool), poolMetrics(this.#writePool)];
    return bufferMetrics(read, write, this.#oneOffs.metrics(), this.#gauge, counters);
  }

  /** A snapshot of how well copying is avoided. */
  zeroCopyMetrics(): ZeroCopyMetrics {
    return zeroCopyMetrics(this.metrics(), this.counters);
  }

  /**
   * Rejects every waiting acquire with `AIRS_MCP_POOL_CLOSED` and drops the memory that is not lent.
   * Buffers that are lent stay usable; their memory is dropped at their release. Twice is harmless.
   */
  close(): void {
    this.#readPool.close();
    this.#writePool.close();
    this.#oneOffs.close();
  }

  /** @internal Whether received and sent bytes may be views of pooled memory. */
  get enableZeroCopy(): boolean {
    return this.config.enableZeroCopy;
  }

  /**
   * @internal A slab of at least `minBytes` with the caller as its holder, from the read pool where possible. Never
   * waits, never fails while memory lasts, works after close(). Does not count as held: call {@link hold}.
   */
  takeReadSlab(minBytes: number): Slab {
    return this.#read.takeSlab(minBytes);
  }

  /** @internal As {@link takeReadSlab}, from the write pool. */
  takeWriteSlab(minBytes: number): Slab {
    return this.#write.takeSlab(minBytes);
  }

  /**
   * @internal Counts `bytes` as held by a consumer, until {@link unhold} with the same arguments.
   *
   * @param slab where the bytes are: if it is collected unreleased, they stop counting with it
   */
  hold(bytes: number, slab?: Slab): void {
    if (slab !== undefined) slab.lease.held += bytes;
    this.#gauge.hold(bytes);
  }

  /** @internal Call it before releasing `slab`. */
  unhold(bytes: number, slab?: Slab): void {
    if (slab !== undefined) slab.lease.held -= bytes;
    this.#gauge.unhold(bytes);
  }

  /** @internal Whether sources should pause. */
  get underPressure(): boolean {
    return this.#gauge.on;
  }

  /** @internal Calls `listener` when pressure begins or ends, inside the call that causes it. Returns the unsubscriber. */
  onPressure(listener: PressureListener): () => void {
    return this.#gauge.listen(listener);
  }
}
