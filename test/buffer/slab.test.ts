import { describe, expect, it } from 'vitest';
import { Slab, type SlabOwner } from '../../src/buffer/slab.js';
import { codeOf } from './memory.js';

class Ledger implements SlabOwner {
  reclaimed: Slab[] = [];
  tooMany = 0;

  reclaim(slab: Slab): void {
    this.reclaimed.push(slab);
  }

  overReleased(): void {
    this.tooMany += 1;
  }
}

function lent(capacity = 8) {
  const ledger = new Ledger();
  const slab = new Slab(new ArrayBuffer(capacity + 64), capacity, ledger).lend();
  return { slab, ledger };
}

describe('a slab', () => {
  it('is as long as its capacity, however much memory lies behind it', () => {
    const { slab } = lent(8);
    expect(slab.bytes).toHaveLength(8);
    expect(slab.capacity).toBe(8);
  });

  it('returns to its owner when the last holder releases it, once', () => {
    const { slab, ledger } = lent();
    expect(slab.shared).toBe(false);
    slab.retain();
    expect(slab.shared).toBe(true);
    slab.release();
    expect(ledger.reclaimed).toEqual([]);
    expect(slab.shared).toBe(false);
    slab.release();
    expect(ledger.reclaimed).toEqual([slab]);
    expect(slab.lease.lent).toBe(false);
  });

  it('counts a release too many and does nothing else', () => {
    const { slab, ledger } = lent();
    slab.release();
    slab.release();
    slab.release();
    expect(ledger.reclaimed).toHaveLength(1);
    expect(ledger.tooMany).toBe(2);
    expect(slab.lend().lease.lent).toBe(true);
    slab.release();
    expect(ledger.reclaimed).toHaveLength(2);
  });

  it('cannot be retained or exposed once nobody holds it', () => {
    const { slab } = lent();
    slab.release();
    expect(codeOf(() => slab.retain())).toBe('AIRS_MCP_BUFFER_RELEASED');
    expect(codeOf(() => slab.expose(0, 1))).toBe('AIRS_MCP_BUFFER_RELEASED');
    expect(slab.exposed).toBe(false);
  });

  it('exposes views of its own memory', () => {
    const { slab } = lent(8);
    slab.bytes.write('abcdefgh');
    const view = slab.expose(2, 5);
    expect(view).toEqual(new Uint8Array([99, 100, 101]));
    expect(view.buffer).toBe(slab.bytes.buffer);
    expect(slab.exposed).toBe(true);
    expect(slab.expose(0, 8)).toHaveLength(8);
  });

  it('exposes nothing for an empty range', () => {
    const { slab } = lent(8);
    for (const offset of [0, 3, 8]) expect(slab.expose(offset, offset)).toHaveLength(0);
    expect(slab.exposed).toBe(false);
  });

  it('refuses ranges outside its capacity', () => {
    const { slab } = lent(8);
    for (const [start, end] of [[-1, 2], [0, 9], [5, 4], [9, 9], [NaN, 2], [0, NaN]] as const) {
      expect(codeOf(() => slab.expose(start, end))).toBe('AIRS_MCP_OUT_OF_RANGE');
    }
    expect(slab.exposed).toBe(false);
  });
});
