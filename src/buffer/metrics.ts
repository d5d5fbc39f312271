import type { TransferCounters } from './counters.js';
import type { OneOffMetrics } from './oneoff.js';
import type { SlabPool } from './pool.js';
import type { PressureGauge } from './pressure.js';

/** Hit ratio from which a pool counts as efficient. */
const EFFICIENT_FROM = 0.8;

/** One pool, or both together. Counts since the manager was made, unless said otherwise. */
export interface PoolMetrics {
  /** Requests served with memory that was there. */
  hits: number;
  /** Requests that needed memory outside the pool or new memory in it, got null, or timed out. */
  misses: number;
  /** hits / (hits + misses), 0..1; 0 before the first request. */
  hitRatio: number;
  /** Buffers that may be lent at a time. */
  size: number;
  /** Buffers lent now. */
  lent: number;
  /** Buffers ready to be lent now, their memory allocated. */
  free: number;
  /** Calls of acquire that wait now. */
  waiting: number;
  /** Most buffers lent at a time; of both pools together: the sum of each one's most. */
  peakLent: number;
  /** lent / size, 0..1. */
  utilization: number;
  /** Memory of lent and free buffers now (bytes). */
  pooledBytes: number;
  /** Calls of acquire that got no buffer in time. */
  timeouts: number;
  /** Releases of something already released. */
  doubleReleases: number;
  /** Buffers that were collected without a release. */
  lostToGc: number;
  /** Buffers whose memory was handed to user code, and left the pool for the garbage collector. */
  retired: number;
}

/** The state of a {@link BufferManager}: both pools together, and each. */
export interface BufferMetrics extends PoolMetrics {
  read: PoolMetrics;
  write: PoolMetrics;
  /** Memory beside the pools; not part of the sums. */
  oneOffs: OneOffMetrics;
  /** Held by consumers now (bytes). */
  heldBytes: number;
  /** Most ever held (bytes). */
  peakHeldBytes: number;
  /** Whether sources are asked to pause. */
  underPressure: boolean;
  /** How often that began. */
  pressureCount: number;
  transfers: TransferCounters;
}

/** How well copying is avoided. */
export interface ZeroCopyMetrics {
  /** Requests served with memory that was there, of both pools, 0..1; 0 before the first request. */
  bufferPoolHitRatio: number;
  /** Buffers lent of those that may be, both pools, 0..1. */
  poolUtilization: number;
  /** Whether at least 80% of requests were hits; true before the first request. */
  isPoolEfficient: boolean;
  /** Received and sent (bytes). */
  totalBytesProcessed: number;
  /** Sends whose bytes went to the stream uncopied (count). */
  zeroCopySends: number;
  /** Messages delivered as views of the memory they arrived in (count). */
  zeroCopyReceives: number;
}

type PoolSums = Omit<PoolMetrics, 'hitRatio' | 'utilization'>;

function withRatios(sums: PoolSums): PoolMetrics {
  const requests = sums.hits + sums.misses;
  return { ...sums, hitRatio: requests === 0 ? 0 : sums.hits / requests, utilization: sums.lent / sums.size };
}

export function poolMetrics(pool: SlabPool): PoolMetrics {
  const { hits, misses, size, lent, free, waiting, peakLent, timeouts, doubleReleases, lostToGc, retired } = pool;
  const now = { size, lent, free, waiting, pooledBytes: (lent + free) * pool.capacity };
  return withRatios({ ...now, hits, misses, peakLent, timeouts, doubleReleases, lostToGc, retired });
}

function addPools(a: PoolMetrics, b: PoolMetrics): PoolMetrics {
  return withRatios({
    hits: a.hits + b.hits,
    misses: a.misses + b.misses,
    size: a.size + b.size,
    lent: a.lent + b.lent,
    free: a.free + b.free,
    waiting: a.waiting + b.waiting,
    peakLent: a.peakLent + b.peakLent,
    pooledBytes: a.pooledBytes + b.pooledBytes,
    timeouts: a.timeouts + b.timeouts,
    doubleReleases: a.doubleReleases + b.doubleReleases,
    lostToGc: a.lostToGc + b.lostToGc,
    retired: a.retired + b.retired,
  });
}

export function bufferMetrics(
  read: PoolMetrics,
  write: PoolMetrics,
  oneOffs: OneOffMetrics,
  gauge: PressureGauge,
  counters: TransferCounters,
): BufferMetrics {
  return {
    ...addPools(read, write),
    read,
    write,
    oneOffs,
    heldBytes: gauge.held,
    peakHeldBytes: gauge.peakHeld,
    underPressure: gauge.on,
    pressureCount: gauge.count,
    transfers: { ...counters },
  };
}

export function zeroCopyMetrics(pools: PoolMetrics, counters: TransferCounters): ZeroCopyMetrics {
  return {
    bufferPoolHitRatio: pools.hitRatio,
    poolUtilization: pools.utilization,
    isPoolEfficient: pools.hits >= EFFICIENT_FROM * (pools.hits + pools.misses),
    totalBytesProcessed: counters.bytesReceived + counters.bytesSent,
    zeroCopySends: counters.zeroCopySends,
    zeroCopyReceives: counters.zeroCopyReceives,
  };
}
