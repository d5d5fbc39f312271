import { describe, expect, it } from 'vitest';
import { CONTROL } from '../../src/backend/contract.js';
import { selectBackend } from '../../src/backend/select.js';
import { tableFor } from '../support/scan.js';

const backend = selectBackend();
const bytes = Buffer.from('{}\n');
const wrongType = expect.objectContaining({ code: 'AIRS_MCP_INVALID_ARGUMENT' });
const outOfRange = expect.objectContaining({ code: 'AIRS_MCP_OUT_OF_RANGE' });

/** The error that `call` throws, whose class must fit its code. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf((error as { code: string }).code === 'AIRS_MCP_INVALID_ARGUMENT' ? TypeError : RangeError);
    expect((error as Error).message).not.toBe('');
    return error;
  }
  return undefined;
}

/** An array whose memory was moved away. */
function detached<T extends Uint8Array | Int32Array>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

function scanWith(slots: Partial<Record<keyof typeof CONTROL, number>>): unknown {
  const table = tableFor(bytes);
  for (const [slot, value] of Object.entries(slots)) table[CONTROL[slot as keyof typeof CONTROL]] = value;
  return thrownBy(() => backend.scan(bytes, table));
}

describe('scan refuses', () => {
  const memory = new ArrayBuffer(256);

  it.each([undefined, null, 'text', [1], {}, 5, memory, new DataView(memory), new Int8Array(8), new Uint16Array(8)])(
    'bytes of another type: %o',
    (other: unknown) => {
      expect(thrownBy(() => backend.scan(other as Uint8Array, tableFor(bytes)))).toEqual(wrongType);
    },
  );

  it.each([undefined, null, [], new Uint32Array(64), new Float64Array(64), new Uint8Array(64), memory])(
    'a table of another type: %o',
    (other: unknown) => {
      expect(thrownBy(() => backend.scan(bytes, other as Int32Array))).toEqual(wrongType);
    },
  );

  it('detached memory', () => {
    const gone = detached(new Uint8Array(8));
    expect(thrownBy(() => backend.scan(gone, tableFor(gone)))).toEqual(wrongType);
    expect(thrownBy(() => backend.scan(bytes, detached(new Int32Array(64))))).toEqual(wrongType);
  });

  it('a table without room for one record', () => {
    expect(thrownBy(() => backend.scan(bytes, tableFor(bytes).subarray(0, 31)))).toEqual(outOfRange);
    expect(thrownBy(() => backend.scan(bytes, new Int32Array(0)))).toEqual(outOfRange);
    expect(backend.scan(bytes, tableFor(bytes).subarray(0, 32))).toBe(1);
    expect(backend.scan(Buffer.from('{}\n{}\n'), tableFor(bytes).fill(6, 6, 7).subarray(0, 47))).toBe(1);
  });

  it.each([
    { START: -1 },
    { START: 1, SEARCH: 0 },
    { SEARCH: 4 },
    { SEARCH: 2, END: 1 },
    { END: 4 },
    { END: -1 },
    { START: 4, SEARCH: 4, END: 4 },
    { MAX_MESSAGE: 0 },
    { MAX_MESSAGE: -5 },
    { MAX_BATCH: 0 },
    { MAX_BATCH: -2147483648 },
  ])('$START $SEARCH $END $MAX_MESSAGE $MAX_BATCH', (slots) => {
    expect(scanWith(slots)).toEqual(outOfRange);
  });

  it('nothing at the edges of what is allowed', () => {
    expect(scanWith({ START: 3, SEARCH: 3, END: 3 })).toBeUndefined();
    expect(scanWith({ START: 0, SEARCH: 3, END: 3 })).toBeUndefined();
    expect(scanWith({ MAX_MESSAGE: 1, MAX_BATCH: 1 })).toBeUndefined();
    expect(scanWith({ MAX_MESSAGE: 2147483647, MAX_BATCH: 2147483647 })).toBeUndefined();
  });
});

describe('find refuses', () => {
  const range = new Int32Array(2);
  const find = (...args: unknown[]): unknown => thrownBy(() => backend.find(...(args as Parameters<typeof backend.find>)));

  it.each([
    ['bytes', 'text', 0, 2, '', range],
    ['bytes', detached(new Uint8Array(4)), 0, 0, '', range],
    ['start', bytes, '0', 2, '', range],
    ['start', bytes, undefined, 2, '', range],
    ['end', bytes, 0, null, '', range],
    ['end', bytes, 0, 2n, '', range],
    ['pointer', bytes, 0, 2, undefined, range],
    ['pointer', bytes, 0, 2, ['a'], range],
    ['range', bytes, 0, 2, '', [0, 0]],
    ['range', bytes, 0, 2, '', new Uint32Array(2)],
    ['range', bytes, 0, 2, '', detached(new Int32Array(2))],
  ])('%s of another type', (_name, ...args) => {
    expect(find(...args)).toEqual(wrongType);
  });

  it.each(['a', 'a/b', '/~', '/~2', '/a~', '/a/~/b', ' /a', '#/a'])('%j, which is no pointer', (pointer) => {
    expect(find(bytes, 0, 2, pointer, range)).toEqual(wrongType);
  });

  it.each([
    [-1, 2],
    [0, 4],
    [2, 1],
    [0.5, 2],
    [0, 1.5],
    [NaN, 2],
    [0, NaN],
    [0, Infinity],
    [-Infinity, 2],
    [0, 4294967298],
  ])('the offsets %d, %d', (start, end) => {
    expect(find(bytes, start, end, '', range)).toEqual(outOfRange);
  });

  it('a range with room for one int', () => {
    expect(find(bytes, 0, 2, '', new Int32Array(1))).toEqual(outOfRange);
    expect(find(bytes, 0, 2, '', new Int32Array(0))).toEqual(outOfRange);
  });
});

describe('allocate', () => {
  it('gives at least the bytes asked for, writable, each time anew', () => {
    for (const size of [1, 64, 4097, 1 << 20]) {
      const one = backend.allocate(size);
      const two = backend.allocate(size);
      expect(one).toBeInstanceOf(ArrayBuffer);
      expect(one.byteLength).toBeGreaterThanOrEqual(size);
      new Uint8Array(one).fill(7);
      new Uint8Array(two).fill(9);
      expect(new Uint8Array(one).every((byte) => byte === 7)).toBe(true);
    }
  });

  it.each([undefined, '8', null, 8n, {}])('refuses a size that is no number: %o', (size) => {
    expect(thrownBy(() => backend.allocate(size as number))).toEqual(wrongType);
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 53])('refuses the size %d', (size) => {
    expect(thrownBy(() => backend.allocate(size))).toEqual(outOfRange);
  });
});
