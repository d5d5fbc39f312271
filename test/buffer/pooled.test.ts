import { describe, expect, it } from 'vitest';
import { EXPOSE_FROM } from '../../src/base/limits.js';
import type { BufferConfig } from '../../src/buffer/config.js';
import { BufferManager } from '../../src/buffer/manager.js';
import type { PooledBuffer } from '../../src/buffer/pooled.js';
import { codeOf, PlainMemory } from './memory.js';

function manager(config: Partial<BufferConfig> = {}): BufferManager {
  return new BufferManager({ writeBufferCapacity: 10, bufferPoolSize: 2, ...config }, new PlainMemory());
}

/** A write buffer that must be there. */
function acquired(from: BufferManager): PooledBuffer {
  const buffer = from.tryAcquireWriteBuffer();
  if (buffer === null) throw new Error('no buffer is free');
  return buffer;
}

const textOf = (buffer: PooledBuffer): string => Buffer.from(buffer.bytes).toString();

describe('appending to a pooled buffer', () => {
  it('adds bytes and text behind each other', () => {
    const buffer = acquired(manager());
    expect([buffer.length, buffer.capacity, textOf(buffer)]).toEqual([0, 10, '']);
    buffer.append('ab').append(new Uint8Array([99, 100])).append('é').append(Buffer.from('f'));
    buffer.append('').append(new Uint8Array(0));
    expect([buffer.length, textOf(buffer)]).toEqual([7, 'abcdéf']);
    expect(buffer.bytes.constructor).toBe(Uint8Array);
  });

  it.each(['bytes', 'ascii', 'two bytes a unit', 'three bytes a unit', 'four bytes a pair'])(
    'fills the capacity exactly, and writes nothing when one byte is too many: %s',
    (kind) => {
      const unit = { 'two bytes a unit': 'é', 'three bytes a unit': '漢', 'four bytes a pair': '😀' }[kind] ?? 'x';
      const width = Buffer.byteLength(unit);
      const content = (size: number): Uint8Array | string => {
        const text = unit.repeat(Math.floor(size / width)) + 'x'.repeat(size % width);
        return kind === 'bytes' ? Buffer.from(text) : text;
      };
      const buffer = acquired(manager({ writeBufferCapacity: 24 }));
      buffer.append(content(23));
      expect(buffer.length).toBe(23);
      buffer.clear().append(content(24));
      expect([buffer.length, textOf(buffer)]).toEqual([24, Buffer.from(content(24)).toString()]);
      buffer.clear().append('ab');
      expect(codeOf(() => buffer.append(content(23)))).toBe('AIRS_MCP_BUFFER_FULL');
      expect([buffer.length, textOf(buffer)]).toEqual([2, 'ab']);
      buffer.append(content(22));
      expect(buffer.length).toBe(24);
      expect(codeOf(() => buffer.append('y'))).toBe('AIRS_MCP_BUFFER_FULL');
      expect(codeOf(() => buffer.append(new Uint8Array(1)))).toBe('AIRS_MCP_BUFFER_FULL');
      expect(buffer.append('').append(new Uint8Array(0)).length).toBe(24);
    },
  );

  it('writes a lone surrogate as U+FFFD, of three bytes', () => {
    const buffer = acquired(manager());
    buffer.append('\ud800a\udc00b');
    expect([buffer.length, textOf(buffer)]).toEqual([8, '\ufffda\ufffdb']);
    expect(codeOf(() => buffer.append('\ud800'))).toBe('AIRS_MCP_BUFFER_FULL');
  });

  it('refuses anything else', () => {
    const buffer = acquired(manager());
    for (const wrong of [5, null, undefined, {}, ['a'], new ArrayBuffer(2), new Uint16Array(1)]) {
      expect(codeOf(() => buffer.append(wrong as string))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
    expect(buffer.length).toBe(0);
  });

  it('counts what was written into the slab directly once it is committed', () => {
    const buffer = acquired(manager());
    buffer.append('a');
    buffer.slab.bytes.write('bc', buffer.length);
    buffer.commit(3);
    expect(textOf(buffer)).toBe('abc');
    buffer.commit(10);
    buffer.commit(0);
    expect(buffer.length).toBe(0);
    for (const wrong of [-1, 11, 1.5, NaN]) expect(codeOf(() => buffer.commit(wrong))).toBe('AIRS_MCP_OUT_OF_RANGE');
  });
});

describe('releasing a pooled buffer', () => {
  it('ends its use', () => {
    const buffers = manager();
    const buffer = acquired(buffers);
    buffer.append('a').release();
    for (const use of [
      () => buffer.bytes,
      () => buffer.length,
      () => buffer.capacity,
      () => buffer.append('b'),
      () => buffer.clear(),
      () => buffer.slab,
      () => buffer.commit(0),
    ]) {
      expect(codeOf(use)).toBe('AIRS_MCP_BUFFER_RELEASED');
    }
  });

  it('twice is harmless and counted', () => {
    const buffers = manager({ bufferPoolSize: 1 });
    const buffer = acquired(buffers);
    buffer.release();
    buffer.release();
    expect(buffers.metrics()).toMatchObject({ lent: 0, free: 1, doubleReleases: 1, heldBytes: 0, write: { doubleReleases: 1 } });
    acquired(buffers);
    buffer.release();
    expect(buffers.tryAcquireWriteBuffer()).toBeNull();
    expect(buffers.metrics()).toMatchObject({ lent: 1, doubleReleases: 2, heldBytes: 10 });
  });

  it('happens by itself at the end of a using block', () => {
    const buffers = manager();
    {
      using buffer = acquired(buffers);
      buffer.append('a');
      expect(buffers.metrics().lent).toBe(1);
    }
    expect(buffers.metrics()).toMatchObject({ lent: 0, free: 1, doubleReleases: 0 });
  });

  it('leaves a stale reference that never reaches the next borrower', () => {
    const buffers = manager({ bufferPoolSize: 1 });
    const stale = acquired(buffers);
    const memory = stale.slab.bytes.buffer;
    stale.append('old').release();
    const next = acquired(buffers);
    expect(next).not.toBe(stale);
    expect(next.slab.bytes.buffer).toBe(memory);
    expect([next.length, textOf(next)]).toEqual([0, '']);
    next.append('new');
    stale.release();
    expect(codeOf(() => stale.append('!'))).toBe('AIRS_MCP_BUFFER_RELEASED');
    expect(textOf(next)).toBe('new');
  });

  it('waits for those who retained its slab', () => {
    const buffers = manager({ bufferPoolSize: 1 });
    const buffer = acquired(buffers);
    const { slab } = buffer;
    slab.retain();
    buffer.append('sent').release();
    expect(buffers.metrics()).toMatchObject({ lent: 1, heldBytes: 0 });
    expect(buffers.tryAcquireWriteBuffer()).toBeNull();
    expect(slab.bytes.toString('latin1', 0, 4)).toBe('sent');
    slab.release();
    expect(buffers.metrics()).toMatchObject({ lent: 0, free: 1 });
  });
});

describe('the bytes of a pooled buffer', () => {
  const capacity = 2 * EXPOSE_FROM;

  it.each([
    [EXPOSE_FROM - 1, false],
    [EXPOSE_FROM, true],
    [EXPOSE_FROM + 1, true],
  ])('of length %d are a view: %s', (length, isView) => {
    const buffers = manager({ writeBufferCapacity: capacity });
    const buffer = acquired(buffers);
    const { slab } = buffer.append(new Uint8Array(length).fill(7));
    const { bytes } = buffer;
    expect(bytes.buffer === slab.bytes.buffer).toBe(isView);
    expect(bytes).toEqual(new Uint8Array(length).fill(7));
    buffer.release();
    expect(buffers.metrics()).toMatchObject({ retired: isView ? 1 : 0, free: isView ? 0 : 1, lent: 0 });
  });

  it('are a copy without zero-copy, whatever their length', () => {
    const buffers = manager({ writeBufferCapacity: capacity, enableZeroCopy: false });
    const buffer = acquired(buffers);
    const { slab } = buffer.append(new Uint8Array(capacity).fill(7));
    const { bytes } = buffer;
    expect(bytes.buffer).not.toBe(slab.bytes.buffer);
    buffer.release();
    expect(buffers.metrics()).toMatchObject({ retired: 0, free: 1 });
    expect(bytes.every((byte) => byte === 7)).toBe(true);
  });

  it.each([3, EXPOSE_FROM])('(%d of them) stay as they are after release, clear and append', (length) => {
    const buffers = manager({ writeBufferCapacity: capacity, bufferPoolSize: 1 });
    const buffer = acquired(buffers);
    const one = buffer.append(new Uint8Array(length).fill(1)).bytes;
    const two = buffer.clear().append(new Uint8Array(length).fill(2)).bytes;
    buffer.clear().append(new Uint8Array(capacity).fill(3)).release();
    for (let i = 0; i < 3; i += 1) acquired(buffers).append(new Uint8Array(capacity).fill(4)).release();
    expect(one).toEqual(new Uint8Array(length).fill(1));
    expect(two).toEqual(new Uint8Array(length).fill(2));
  });
});

describe('clearing a pooled buffer', () => {
  it('keeps its memory where nobody else can see it', () => {
    const buffers = manager();
    const buffer = acquired(buffers);
    const { slab } = buffer.append('abc');
    expect(buffer.clear().length).toBe(0);
    expect(buffer.slab).toBe(slab);
    expect(buffers.metrics().misses).toBe(1);
  });

  it('takes other memory where the old is still being sent', () => {
    const buffers = manager();
    const buffer = acquired(buffers);
    const { slab } = buffer.append('sending');
    slab.retain();
    buffer.clear().append('next');
    expect(buffer.slab).not.toBe(slab);
    expect(slab.bytes.toString('latin1', 0, 7)).toBe('sending');
    expect(buffers.metrics()).toMatchObject({ lent: 2, heldBytes: 10 });
    slab.release();
    expect(buffers.metrics()).toMatchObject({ lent: 1, free: 1 });
    buffer.release();
    expect(buffers.metrics()).toMatchObject({ lent: 0, free: 2, heldBytes: 0 });
  });

  it('takes memory beside the pool where no permit is free, with the same capacity', () => {
    const buffers = manager({ bufferPoolSize: 1 });
    const buffer = acquired(buffers);
    buffer.append('x').slab.expose(0, 1);
    buffer.clear();
    expect(buffers.metrics()).toMatchObject({ lent: 0, retired: 1, heldBytes: 10, oneOffs: { lent: 1 } });
    expect([buffer.capacity, buffer.slab.capacity]).toEqual([10, 16]);
    expect(codeOf(() => buffer.append('0123456789!'))).toBe('AIRS_MCP_BUFFER_FULL');
    buffer.append('0123456789').release();
    expect(buffers.metrics()).toMatchObject({ lent: 0, heldBytes: 0, oneOffs: { lent: 0, cachedBytes: 16 } });
  });
});
