import { describe, expect, it } from 'vitest';
import { LARGE_SLAB_CACHE, LARGE_SLAB_CACHE_COUNT } from '../../src/base/limits.js';
import { OneOffSlabs, powerOfTwoFrom } from '../../src/buffer/oneoff.js';
import { codeOf, collectUntil, PlainMemory } from './memory.js';

function oneOffs() {
  const memory = new PlainMemory();
  const lost: number[] = [];
  return { memory, lost, slabs: new OneOffSlabs(memory, (held) => lost.push(held)) };
}

describe('slabs beside the pools', () => {
  it('have the next power of two as capacity', () => {
    const sizes = [0, 1, 2, 3, 1023, 1024, 1025, 2 ** 31 + 1].map(powerOfTwoFrom);
    expect(sizes).toEqual([1, 1, 2, 4, 1024, 1024, 2048, 2 ** 32]);
    const { slabs } = oneOffs();
    expect([100, 128, 129].map((bytes) => slabs.take(bytes).capacity)).toEqual([128, 128, 256]);
  });

  it('are used again when released, the newest first', () => {
    const { slabs } = oneOffs();
    const [first, second] = [slabs.take(64), slabs.take(64)];
    first.release();
    second.release();
    expect(slabs.metrics()).toMatchObject({ lent: 0, allocated: 2, recycled: 0, cachedBytes: 128 });
    expect(slabs.take(50)).toBe(second);
    expect(slabs.take(50)).toBe(first);
    expect(slabs.metrics()).toMatchObject({ lent: 2, allocated: 2, recycled: 2, cachedBytes: 0 });
  });

  it('serve half their capacity where the exact one is missing, but no less', () => {
    const { slabs } = oneOffs();
    const [large, exact] = [slabs.take(1024), slabs.take(512)];
    large.release();
    expect(slabs.take(256)).not.toBe(large);
    exact.release();
    expect(slabs.take(512)).toBe(exact);
    expect(slabs.take(512)).toBe(large);
  });

  it('are never used again once exposed', () => {
    const { slabs } = oneOffs();
    const slab = slabs.take(64);
    slab.expose(0, 1);
    slab.release();
    expect(slabs.take(64)).not.toBe(slab);
    expect(slabs.metrics()).toMatchObject({ retired: 1, cachedBytes: 0 });
  });

  it('wait in a cache of limited bytes: one up to the limit is kept, a larger one dropped', () => {
    const { slabs } = oneOffs();
    const small = slabs.take(64);
    small.release();
    slabs.take(LARGE_SLAB_CACHE * 2).release();
    expect(slabs.metrics().cachedBytes).toBe(64);
    const limit = slabs.take(LARGE_SLAB_CACHE);
    limit.release();
    expect(slabs.metrics().cachedBytes).toBe(LARGE_SLAB_CACHE);
    expect(slabs.take(64)).not.toBe(small);
    expect(slabs.take(LARGE_SLAB_CACHE)).toBe(limit);
  });

  it('wait in a cache of limited count: the oldest goes', () => {
    const { slabs } = oneOffs();
    const all = Array.from({ length: LARGE_SLAB_CACHE_COUNT + 1 }, () => slabs.take(8));
    for (const slab of all.slice(0, -1)) slab.release();
    expect(slabs.metrics().cachedBytes).toBe(8 * LARGE_SLAB_CACHE_COUNT);
    all.at(-1)?.release();
    expect(slabs.metrics().cachedBytes).toBe(8 * LARGE_SLAB_CACHE_COUNT);
    const again = all.map(() => slabs.take(8));
    expect(again).not.toContain(all[0]);
    expect(again).toContain(all[1]);
  });

  it('count releases beyond the last', () => {
    const { slabs } = oneOffs();
    const slab = slabs.take(8);
    slab.release();
    slab.release();
    expect(slabs.metrics()).toMatchObject({ lent: 0, doubleReleases: 1, cachedBytes: 8 });
  });

  it('are still lent after close, and dropped then', () => {
    const { slabs } = oneOffs();
    const slab = slabs.take(8);
    slabs.take(8).release();
    slabs.close();
    expect(slabs.metrics().cachedBytes).toBe(0);
    slab.release();
    slabs.take(8).release();
    expect(slabs.metrics()).toMatchObject({ lent: 0, cachedBytes: 0, allocated: 3 });
  });

  it('pass the allocator\'s failure on and count nothing as lent', () => {
    const { slabs, memory } = oneOffs();
    memory.exhausted = true;
    expect(() => codeOf(() => slabs.take(8))).toThrow(RangeError);
    expect(slabs.metrics()).toMatchObject({ lent: 0, allocated: 0 });
  });

  it('are noticed when collected without a release, and not when collected after one', async () => {
    const { slabs, lost } = oneOffs();
    (() => {
      slabs.take(8).lease.held = 5;
      const retired = slabs.take(8);
      retired.expose(0, 8);
      retired.release();
    })();
    expect(await collectUntil(() => slabs.metrics().lostToGc > 0)).toBe(true);
    expect(slabs.metrics()).toMatchObject({ lent: 0, lostToGc: 1 });
    expect(lost).toEqual([5]);
  });
});
