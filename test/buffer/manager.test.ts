import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BufferConfig } from '../../src/buffer/config.js';
import { BufferManager } from '../../src/buffer/manager.js';
import { collectUntil, PlainMemory } from './memory.js';

function manager(config: Partial<BufferConfig> = {}) {
  const memory = new PlainMemory();
  const small = { readBufferCapacity: 100, writeBufferCapacity: 50, bufferPoolSize: 2, ...config };
  return { memory, buffers: new BufferManager(small, memory) };
}

const KINDS = [
  ['read', 100],
  ['write', 50],
] as const;

const acquire = (buffers: BufferManager, kind: 'read' | 'write') =>
  kind === 'read' ? buffers.acquireReadBuffer() : buffers.acquireWriteBuffer();
const tryAcquire = (buffers: BufferManager, kind: 'read' | 'write') =>
  kind === 'read' ? buffers.tryAcquireReadBuffer() : buffers.tryAcquireWriteBuffer();
const takeSlab = (buffers: BufferManager, kind: 'read' | 'write', bytes: number) =>
  kind === 'read' ? buffers.takeReadSlab(bytes) : buffers.takeWriteSlab(bytes);

describe('a manager on the backend of this process', () => {
  it('lends memory that can be written and read', async () => {
    const buffers = new BufferManager();
    using buffer = await buffers.acquireWriteBuffer();
    expect(Buffer.from(buffer.append('{"jsonrpc":"2.0"}').bytes).toString()).toBe('{"jsonrpc":"2.0"}');
    const slab = buffers.takeReadSlab(1024 * 1024 + 1);
    slab.bytes.fill(0x61);
    expect(slab.bytes.latin1Slice(slab.capacity - 2, slab.capacity)).toBe('aa');
    expect(slab.capacity).toBe(2 * 1024 * 1024);
    slab.release();
    buffers.close();
  });
});

describe.each(KINDS)('%s buffers of %d bytes', (kind, capacity) => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('have the configured capacity and number', async () => {
    const { buffers, memory } = manager();
    const lent = [await acquire(buffers, kind), await acquire(buffers, kind)];
    expect(lent.map((buffer) => buffer.capacity)).toEqual([capacity, capacity]);
    expect(tryAcquire(buffers, kind)).toBeNull();
    expect(memory.requests).toEqual([capacity, capacity]);
    expect(buffers.metrics()[kind]).toMatchObject({ lent: 2, peakLent: 2, misses: 3, hits: 0, utilization: 1, size: 2 });
    lent[0]?.release();
    expect(tryAcquire(buffers, kind)).not.toBeNull();
  });

  it('are waited for in order, up to poolTimeout', async () => {
    const { buffers } = manager({ bufferPoolSize: 1, poolTimeout: 30 });
    const first = await acquire(buffers, kind);
    const second = acquire(buffers, kind);
    const third = expect(acquire(buffers, kind)).rejects.toMatchObject({ code: 'AIRS_MCP_POOL_TIMEOUT' });
    expect(buffers.metrics().waiting).toBe(2);
    first.release();
    const got = await second;
    await vi.advanceTimersByTimeAsync(29);
    expect(buffers.metrics()).toMatchObject({ waiting: 1, timeouts: 0 });
    await vi.advanceTimersByTimeAsync(1);
    await third;
    expect(buffers.metrics()).toMatchObject({ waiting: 0, timeouts: 1, lent: 1 });
    got.append('still usable').release();
  });

  it('are refused after close, those that are lent stay usable', async () => {
    const { buffers } = manager({ bufferPoolSize: 1 });
    const lent = await acquire(buffers, kind);
    const waiting = expect(acquire(buffers, kind)).rejects.toMatchObject({ code: 'AIRS_MCP_POOL_CLOSED' });
    buffers.close();
    buffers.close();
    await waiting;
    await expect(acquire(buffers, kind)).rejects.toMatchObject({ code: 'AIRS_MCP_POOL_CLOSED' });
    expect(tryAcquire(buffers, kind)).toBeNull();
    lent.append('usable').release();
    expect(buffers.metrics()).toMatchObject({ lent: 0, free: 0, heldBytes: 0 });
  });

  it('reject rather than throw when memory runs out', async () => {
    const { buffers, memory } = manager();
    memory.exhausted = true;
    await expect(acquire(buffers, kind)).rejects.toThrow(RangeError);
    expect(buffers.metrics()).toMatchObject({ lent: 0, heldBytes: 0 });
  });

  it('and slabs share the pool; a longer slab, or one too many, lies beside it', () => {
    const { buffers } = manager();
    const [short, exact] = [takeSlab(buffers, kind, 1), takeSlab(buffers, kind, capacity)];
    expect([short.capacity, exact.capacity]).toEqual([capacity, capacity]);
    expect(tryAcquire(buffers, kind)).toBeNull();
    const beyond = takeSlab(buffers, kind, 1);
    expect(beyond.capacity).toBe(capacity === 100 ? 128 : 64);
    short.release();
    const longer = takeSlab(buffers, kind, capacity * 2 + 1);
    expect(longer.capacity).toBe(capacity === 100 ? 256 : 128);
    const metrics = buffers.metrics();
    expect(metrics[kind]).toMatchObject({ lent: 1, free: 1, misses: 5, hits: 0 });
    expect(metrics).toMatchObject({ heldBytes: 0, oneOffs: { lent: 2, allocated: 2 } });
    for (const slab of [exact, beyond, longer]) slab.release();
    expect(takeSlab(buffers, kind, capacity * 2 + 1)).toBe(longer);
    expect(buffers.metrics().oneOffs).toMatchObject({ lent: 1, recycled: 1 });
  });

  it('do not delay slabs: one is there while others wait, and after close', async () => {
    const { buffers } = manager({ bufferPoolSize: 1 });
    await acquire(buffers, kind);
    const waiting = expect(acquire(buffers, kind)).rejects.toMatchObject({ code: 'AIRS_MCP_POOL_CLOSED' });
    takeSlab(buffers, kind, 1).release();
    expect(buffers.metrics().waiting).toBe(1);
    buffers.close();
    await waiting;
    const late = takeSlab(buffers, kind, 1);
    expect(late.capacity).toBeGreaterThanOrEqual(capacity);
    late.release();
    expect(buffers.metrics().oneOffs).toMatchObject({ lent: 0, cachedBytes: 0 });
  });
});

describe('what consumers hold', () => {
  it('is the capacity of lent buffers, from acquire to release', async () => {
    const { buffers } = manager({ backpressureThreshold: 149 });
    const events: boolean[] = [];
    const unsubscribe = buffers.onPressure((on) => events.push(on));
    const read = await buffers.acquireReadBuffer();
    expect([buffers.metrics().heldBytes, buffers.underPressure]).toEqual([100, false]);
    const write = await buffers.acquireWriteBuffer();
    expect([buffers.metrics().heldBytes, buffers.underPressure]).toEqual([150, true]);
    write.release();
    expect(buffers.underPressure).toBe(true);
    read.release();
    expect(buffers.metrics()).toMatchObject({ heldBytes: 0, peakHeldBytes: 150, underPressure: false, pressureCount: 1 });
    expect(events).toEqual([true, false]);
    unsubscribe();
    buffers.hold(150);
    expect(events).toHaveLength(2);
  });

  it.each([
    [99, false],
    [100, false],
    [101, true],
  ])('with a threshold of 100 and %d bytes of messages means pressure: %s', (bytes, pressure) => {
    const { buffers } = manager({ backpressureThreshold: 100 });
    buffers.hold(bytes);
    expect(buffers.underPressure).toBe(pressure);
    buffers.unhold(bytes);
    expect([buffers.underPressure, buffers.metrics().heldBytes]).toEqual([false, 0]);
  });

  it('ends when a forgotten buffer is collected, which also serves a waiter', async () => {
    const { buffers } = manager({ bufferPoolSize: 1, backpressureThreshold: 99, poolTimeout: 60_000 });
    await (async () => void (await buffers.acquireReadBuffer()).append('forgotten'))();
    expect(buffers.underPressure).toBe(true);
    const waiting = buffers.acquireReadBuffer();
    expect(await collectUntil(() => buffers.metrics().lostToGc > 0)).toBe(true);
    const buffer = await waiting;
    expect(buffers.metrics()).toMatchObject({ lent: 1, heldBytes: 100, pressureCount: 2 });
    buffer.release();
    expect(buffers.metrics()).toMatchObject({ lent: 0, heldBytes: 0, underPressure: false });
  });

  it('ends when a slab with held messages is collected, pooled or not', async () => {
    const { buffers } = manager();
    const kept = buffers.takeReadSlab(1);
    buffers.hold(3, kept);
    (() => {
      buffers.hold(20, buffers.takeReadSlab(1));
      buffers.hold(400, buffers.takeReadSlab(1000));
    })();
    expect(buffers.metrics().heldBytes).toBe(423);
    expect(await collectUntil(() => buffers.metrics().heldBytes === 3)).toBe(true);
    expect(buffers.metrics()).toMatchObject({ lent: 1, lostToGc: 1, oneOffs: { lent: 0, lostToGc: 1 } });
    buffers.unhold(3, kept);
    kept.release();
    expect(buffers.metrics().heldBytes).toBe(0);
  });

  it.each(['release', 'clear'] as const)('stops once at %s, even if the slab is then lost by who retained it', async (end) => {
    const { buffers } = manager();
    const other = buffers.tryAcquireWriteBuffer();
    const next = (() => {
      const buffer = buffers.tryAcquireReadBuffer();
      buffer?.slab.retain();
      buffer?.[end]();
      return buffer;
    })();
    const left = end === 'clear' ? 150 : 50;
    expect(buffers.metrics().heldBytes).toBe(left);
    expect(await collectUntil(() => buffers.metrics().lostToGc > 0)).toBe(true);
    expect(buffers.metrics().heldBytes).toBe(left);
    if (end === 'clear') next?.release();
    other?.release();
    expect(buffers.metrics()).toMatchObject({ heldBytes: 0, lent: 0, doubleReleases: 0 });
  });

  it('counts messages and their buffer apart when they share a slab', () => {
    const { buffers } = manager();
    const buffer = buffers.tryAcquireReadBuffer();
    if (buffer === null) throw new Error('no buffer is free');
    const { slab } = buffer;
    slab.retain();
    buffers.hold(7, slab);
    buffer.release();
    expect(buffers.metrics().heldBytes).toBe(7);
    buffers.unhold(7, slab);
    slab.release();
    expect(buffers.metrics()).toMatchObject({ heldBytes: 0, free: 1 });
  });
});

describe('metrics', () => {
  it('of an unused manager are zero, and it counts as efficient', () => {
    const { buffers } = manager();
    expect(buffers.metrics()).toMatchObject({ hits: 0, misses: 0, hitRatio: 0, size: 4, lent: 0, free: 0, utilization: 0 });
    expect(buffers.zeroCopyMetrics()).toEqual({
      bufferPoolHitRatio: 0,
      poolUtilization: 0,
      isPoolEfficient: true,
      totalBytesProcessed: 0,
      zeroCopySends: 0,
      zeroCopyReceives: 0,
    });
  });

  it('add the two pools up', () => {
    const { buffers } = manager();
    const read = buffers.tryAcquireReadBuffer();
    for (let i = 0; i < 3; i += 1) buffers.tryAcquireWriteBuffer()?.release();
    const metrics = buffers.metrics();
    expect(metrics.read).toMatchObject({ hits: 0, misses: 1, hitRatio: 0, lent: 1, utilization: 0.5, pooledBytes: 100 });
    expect(metrics.write).toMatchObject({ hits: 2, misses: 1, lent: 0, free: 1, peakLent: 1, pooledBytes: 50 });
    expect(metrics).toMatchObject({ hits: 2, misses: 2, hitRatio: 0.5, size: 4, lent: 1, utilization: 0.25, pooledBytes: 150 });
    expect(buffers.zeroCopyMetrics()).toMatchObject({ bufferPoolHitRatio: 0.5, poolUtilization: 0.25, isPoolEfficient: false });
    read?.release();
  });

  it('call the pools efficient from a hit ratio of 0.8 on', () => {
    const { buffers } = manager();
    for (let i = 0; i < 4; i += 1) buffers.tryAcquireWriteBuffer()?.release();
    expect(buffers.zeroCopyMetrics()).toMatchObject({ bufferPoolHitRatio: 0.75, isPoolEfficient: false });
    buffers.tryAcquireWriteBuffer()?.release();
    expect(buffers.zeroCopyMetrics()).toMatchObject({ bufferPoolHitRatio: 0.8, isPoolEfficient: true });
  });

  it('are snapshots that include what transports counted', () => {
    const { buffers } = manager();
    const before = buffers.metrics();
    buffers.counters.bytesReceived += 30;
    buffers.counters.bytesSent += 12;
    buffers.counters.zeroCopySends += 2;
    buffers.counters.zeroCopyReceives += 3;
    expect(before.transfers.bytesReceived).toBe(0);
    expect(buffers.metrics().transfers).toMatchObject({ bytesReceived: 30, bytesSent: 12, copiedSends: 0 });
    expect(buffers.zeroCopyMetrics()).toMatchObject({ totalBytesProcessed: 42, zeroCopySends: 2, zeroCopyReceives: 3 });
  });

  it('show the zero-copy option to those who honour it', () => {
    expect(manager({ enableZeroCopy: false }).buffers.enableZeroCopy).toBe(false);
    expect(manager().buffers.enableZeroCopy).toBe(true);
  });
});
