import { describe, expect, it } from 'vitest';
import { CONTROL } from '../../src/backend/contract.js';
import { selectBackend } from '../../src/backend/select.js';
import { tableFor } from '../support/scan.js';

const backend = selectBackend();
const LINE = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';
const wrongType = expect.objectContaining({ code: 'AIRS_MCP_INVALID_ARGUMENT' }) as Error;
const outOfRange = expect.objectContaining({ code: 'AIRS_MCP_OUT_OF_RANGE' }) as Error;

type Resizable = ArrayBuffer & { resize(bytes: number): void };
type Growable = SharedArrayBuffer & { grow(bytes: number): void };
// The types of ES2024, which Node 20 has at run time.
const resizable = (bytes: number, max: number): Resizable =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, { maxByteLength: max });
const growable = (bytes: number, max: number): Growable =>
  new (SharedArrayBuffer as unknown as new (bytes: number, options: object) => Growable)(bytes, { maxByteLength: max });

function fill<T extends Uint8Array>(bytes: T): T {
  bytes.set(Buffer.from(LINE.repeat(Math.ceil(bytes.length / LINE.length))).subarray(0, bytes.length));
  return bytes;
}

describe('memory that changes between calls', () => {
  it('is read at the size that it has at each call', () => {
    const memory = resizable(2 * LINE.length, 3 * LINE.length);
    const bytes = fill(new Uint8Array(memory));
    const table = tableFor(bytes);
    expect(backend.scan(bytes, table)).toBe(2);
    memory.resize(LINE.length);
    expect(() => backend.scan(bytes, tableFor(bytes, { end: 2 * LINE.length }))).toThrow(outOfRange);
    expect(backend.scan(bytes, tableFor(bytes))).toBe(1);
    memory.resize(3 * LINE.length);
    fill(bytes);
    expect(backend.scan(bytes, tableFor(bytes))).toBe(3);
  });

  it('has no bytes for a view that it shrank away from', () => {
    const memory = resizable(2 * LINE.length, 2 * LINE.length);
    const bytes = fill(new Uint8Array(memory, 0, 2 * LINE.length));
    memory.resize(LINE.length);
    expect(bytes.length).toBe(0);
    expect(() => backend.scan(bytes, tableFor(bytes, { end: LINE.length }))).toThrow(outOfRange);
    expect(() => backend.find(bytes, 0, 2, '', new Int32Array(2))).toThrow(outOfRange);
  });

  it('is no table once it shrank below one record', () => {
    const memory = resizable(256, 256);
    const table = new Int32Array(memory);
    table.set(tableFor(Buffer.from(LINE)).subarray(0, 64));
    expect(backend.scan(Buffer.from(LINE), table)).toBe(1);
    memory.resize(64);
    expect(() => backend.scan(Buffer.from(LINE), table)).toThrow(outOfRange);
  });

  it('may be shared and grow', () => {
    const memory = growable(LINE.length, 2 * LINE.length);
    const bytes = fill(new Uint8Array(memory));
    expect(backend.scan(bytes, tableFor(bytes))).toBe(1);
    memory.grow(2 * LINE.length);
    fill(bytes);
    expect(backend.scan(bytes, tableFor(bytes))).toBe(2);
    expect(backend.find(bytes, 0, LINE.length - 1, '/id', new Int32Array(new SharedArrayBuffer(8)))).toBe(true);
  });
});

describe('a table in the memory of the bytes', () => {
  const memory = new ArrayBuffer(1024);

  it.each([
    [0, 256, 0, 128],
    [255, 10, 0, 256],
    [384, 1, 256, 128],
    [0, 1024, 512, 512],
  ])('is refused: bytes at %i, %i long; table at %i, %i long', (at, length, tableAt, tableLength) => {
    const bytes = new Uint8Array(memory, at, length);
    const table = new Int32Array(memory, tableAt, tableLength / 4);
    const overlaps = at < tableAt + tableLength && tableAt < at + length;
    table[CONTROL.MAX_MESSAGE] = table[CONTROL.MAX_BATCH] = 1;
    if (overlaps) expect(() => backend.scan(bytes, table)).toThrow(wrongType);
    else expect(backend.scan(bytes, table)).toBe(0);
  });

  it('may lie right beside them', () => {
    const bytes = fill(new Uint8Array(memory, 256, LINE.length));
    const table = new Int32Array(memory, 0, 64);
    table.set(tableFor(bytes).subarray(0, 64));
    expect(backend.scan(bytes, table)).toBe(1);
  });
});

describe('no code of the caller runs while arguments are read', () => {
  const hostile = {
    valueOf: () => {
      throw new Error('valueOf ran');
    },
    toString: () => {
      throw new Error('toString ran');
    },
    [Symbol.toPrimitive]: () => {
      throw new Error('toPrimitive ran');
    },
  };
  const bytes = Buffer.from(LINE);

  it('objects that would convert themselves are refused as what they are', () => {
    const find = backend.find as (...args: unknown[]) => boolean;
    expect(() => find(bytes, hostile, 2, '', new Int32Array(2))).toThrow(wrongType);
    expect(() => find(bytes, 0, hostile, '', new Int32Array(2))).toThrow(wrongType);
    expect(() => find(bytes, 0, 2, hostile, new Int32Array(2))).toThrow(wrongType);
    expect(() => backend.allocate(hostile as unknown as number)).toThrow(wrongType);
  });

  it('a proxy of a typed array is none', () => {
    expect(() => backend.scan(new Proxy(new Uint8Array(4), {}), tableFor(bytes))).toThrow(wrongType);
    expect(() => backend.scan(bytes, new Proxy(tableFor(bytes), {}))).toThrow(wrongType);
  });
});
