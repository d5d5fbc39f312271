import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AirsMcpErrorCode } from '../../src/base/errors.js';
import { SlabPool } from '../../src/buffer/pool.js';
import type { Slab } from '../../src/buffer/slab.js';
import { collectUntil, PlainMemory } from './memory.js';

function pool(size: number, capacity = 16) {
  const memory = new PlainMemory();
  const lost: number[] = [];
  const made = new SlabPool({ kind: 'read', capacity, size, allocator: memory, onLost: (held) => lost.push(held) });
  return { memory, lost, pool: made };
}

/** A slab that must be there. */
function taken(from: SlabPool): Slab {
  const slab = from.take();
  if (slab === undefined) throw new Error('the pool has no slab');
  return slab;
}

const withCode = (code: AirsMcpErrorCode) => expect.objectContaining({ code });

describe('a pool', () => {
  it.each([1, 2, 5])('of %d lends that many and no more', (size) => {
    const { pool: slabs, memory } = pool(size);
    const lent = new Set(Array.from({ length: size }, () => taken(slabs)));
    expect(lent.size).toBe(size);
    expect(slabs.take()).toBeUndefined();
    expect([slabs.lent, slabs.free, slabs.peakLent]).toEqual([size, 0, size]);
    expect(memory.requests).toEqual(Array(size).fill(16));
  });

  it('allocates only on demand', () => {
    const { pool: slabs, memory } = pool(100);
    expect(memory.requests).toEqual([]);
    for (let i = 0; i < 10; i += 1) taken(slabs).release();
    expect(memory.requests).toEqual([16]);
    expect([slabs.hits, slabs.misses]).toEqual([9, 1]);
  });

  it('lends the same memory again, last in first out', () => {
    const { pool: slabs } = pool(3);
    const [a, b] = [taken(slabs), taken(slabs)];
    a.release();
    b.release();
    expect(taken(slabs)).toBe(b);
    expect(taken(slabs)).toBe(a);
  });

  it('retires an exposed slab: its view stays as it is while the pool lends other memory', () => {
    const { pool: slabs } = pool(1, 4);
    const slab = taken(slabs);
    slab.bytes.write('keep');
    const view = slab.expose(0, 4);
    slab.release();
    expect([slabs.lent, slabs.free, slabs.retired]).toEqual([0, 0, 1]);
    for (let i = 0; i < 5; i += 1) {
      const next = taken(slabs);
      expect(next.bytes.buffer).not.toBe(view.buffer);
      next.bytes.fill(0xff);
      next.release();
    }
    expect(Buffer.from(view).toString()).toBe('keep');
  });

  it('keeps its permit when memory runs out', () => {
    const { pool: slabs, memory } = pool(1);
    memory.exhausted = true;
    for (let i = 0; i < 3; i += 1) expect(() => slabs.take()).toThrow(RangeError);
    expect(slabs.lent).toBe(0);
    memory.exhausted = false;
    expect(slabs.take()).toBeDefined();
  });

  it('never gives a permit back twice', () => {
    const { pool: slabs } = pool(1);
    const slab = taken(slabs);
    for (let i = 0; i < 3; i += 1) slab.release();
    expect([slabs.lent, slabs.free, slabs.doubleReleases]).toEqual([0, 1, 2]);
    taken(slabs);
    expect(slabs.take()).toBeUndefined();
  });
});

describe('waiting for a pool', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is served in order, with the memory that was released', async () => {
    const { pool: slabs } = pool(1);
    const slab = taken(slabs);
    const served: number[] = [];
    const waits = [0, 1, 2].map(async (n) => {
      const got = await slabs.wait(1000);
      served.push(n);
      expect(got).toBe(slab);
      got.release();
    });
    expect(slabs.waiting).toBe(3);
    expect(slabs.take()).toBeUndefined();
    slab.release();
    await Promise.all(waits);
    expect(served).toEqual([0, 1, 2]);
    expect([slabs.waiting, slabs.lent, slabs.hits, slabs.misses]).toEqual([0, 0, 3, 1]);
  });

  it('cannot be overtaken: a released slab is the waiter\'s before anyone can take it', async () => {
    const { pool: slabs } = pool(1);
    const slab = taken(slabs);
    const wait = slabs.wait(1000);
    slab.release();
    expect(slabs.take()).toBeUndefined();
    expect(await wait).toBe(slab);
  });

  it('ends with an error at the timeout, not before', async () => {
    const { pool: slabs } = pool(1);
    const slab = taken(slabs); // kept, since one that is collected makes room
    const failed = vi.fn();
    const wait = slabs.wait(1000).catch(failed);
    await vi.advanceTimersByTimeAsync(999);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await wait;
    expect(failed).toHaveBeenCalledWith(withCode('AIRS_MCP_POOL_TIMEOUT'));
    expect([slabs.waiting, slabs.timeouts, slabs.misses]).toEqual([0, 1, 2]);
    slab.release();
  });

  it('leaves the queue at the timeout, so that a later release serves the next', async () => {
    const { pool: slabs } = pool(1);
    const slab = taken(slabs);
    const failed = vi.fn();
    const first = slabs.wait(10).catch(failed);
    const second = slabs.wait(1000);
    await vi.advanceTimersByTimeAsync(10);
    slab.release();
    expect(await second).toBe(slab);
    await first;
    expect(failed).toHaveBeenCalledOnce();
  });

  it('with a timeout of 0 fails at once, without a timer', async () => {
    const { pool: slabs } = pool(1);
    taken(slabs);
    await expect(slabs.wait(0)).rejects.toEqual(withCode('AIRS_MCP_POOL_TIMEOUT'));
    expect(vi.getTimerCount()).toBe(0);
    expect(slabs.timeouts).toBe(1);
  });

  it('leaves no timer behind once served', async () => {
    const { pool: slabs } = pool(1);
    const slab = taken(slabs);
    const wait = slabs.wait(1000);
    expect(vi.getTimerCount()).toBe(1);
    slab.release();
    expect(vi.getTimerCount()).toBe(0);
    await wait;
    await vi.advanceTimersByTimeAsync(2000);
    expect(slabs.timeouts).toBe(0);
  });

  it('is served with new memory when the released slab was exposed', async () => {
    const { pool: slabs } = pool(1);
    const slab = taken(slabs);
    slab.expose(0, 1);
    const wait = slabs.wait(1000);
    slab.release();
    expect(await wait).not.toBe(slab);
    expect([slabs.lent, slabs.retired, slabs.misses]).toEqual([1, 1, 2]);
  });

  it('fails alone when that memory runs out: the release succeeds, the permit stays', async () => {
    const { pool: slabs, memory } = pool(1);
    const slab = taken(slabs);
    slab.expose(0, 1);
    const waits = [slabs.wait(1000), slabs.wait(1000)].map((wait) => expect(wait).rejects.toThrow(RangeError));
    memory.exhausted = true;
    slab.release();
    await Promise.all(waits);
    expect([slabs.waiting, slabs.lent, vi.getTimerCount()]).toEqual([0, 0, 0]);
    memory.exhausted = false;
    expect(slabs.take()).toBeDefined();
  });

  it('ends at close, for everyone, and leaves no timer', async () => {
    const { pool: slabs } = pool(1);
    taken(slabs);
    const closed = withCode('AIRS_MCP_POOL_CLOSED');
    const waits = [1, 2].map(() => expect(slabs.wait(1000)).rejects.toEqual(closed));
    slabs.close();
    await Promise.all(waits);
    expect([slabs.waiting, vi.getTimerCount()]).toEqual([0, 0]);
    await expect(slabs.wait(1000)).rejects.toEqual(closed);
    await expect(slabs.wait(0)).rejects.toEqual(closed);
    expect(slabs.timeouts).toBe(0);
  });
});

describe('a closed pool', () => {
  it('drops free slabs at once and lent ones at their release, and lends nothing', () => {
    const { pool: slabs } = pool(3);
    const [free, kept] = [taken(slabs), taken(slabs)];
    free.release();
    slabs.close();
    slabs.close();
    expect([slabs.lent, slabs.free]).toEqual([1, 0]);
    kept.bytes.write('usable');
    kept.release();
    expect([slabs.lent, slabs.free]).toEqual([0, 0]);
    expect(slabs.take()).toBeUndefined();
  });
});

describe('a slab whose holders vanish', () => {
  it('gives its permit back once, and the next waiter gets new memory', async () => {
    const { pool: slabs, lost } = pool(1);
    (() => {
      taken(slabs).lease.held = 7;
    })();
    const wait = slabs.wait(60_000);
    expect(await collectUntil(() => slabs.lostToGc > 0)).toBe(true);
    const slab = await wait;
    expect(slab.capacity).toBe(16);
    expect([slabs.lent, slabs.waiting, slabs.lostToGc]).toEqual([1, 0, 1]);
    expect(lost).toEqual([7]);
    slab.release();
  });

  it('is not lost while somebody holds it, and a view of it stays readable afterwards', async () => {
    const { pool: slabs } = pool(2, 4);
    const kept = taken(slabs);
    const view = (() => {
      const slab = taken(slabs);
      slab.bytes.write('view');
      return slab.expose(0, 4);
    })();
    expect(await collectUntil(() => slabs.lostToGc > 0)).toBe(true);
    expect([slabs.lent, slabs.lostToGc]).toEqual([1, 1]);
    expect(Buffer.from(view).toString()).toBe('view');
    kept.release();
  });

  it('does not count when it was retired or dropped at its release', async () => {
    const { pool: slabs } = pool(2);
    (() => {
      const retired = taken(slabs);
      retired.expose(0, 1);
      retired.release();
      taken(slabs);
    })();
    expect(await collectUntil(() => slabs.lostToGc > 0)).toBe(true);
    await collectUntil(() => slabs.lostToGc > 1, 10);
    expect([slabs.lent, slabs.lostToGc, slabs.retired]).toEqual([0, 1, 1]);
  });
});
