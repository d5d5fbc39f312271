import { describe, expect, it } from 'vitest';
import { LONG_STRING_INTS } from '../../src/backend/contract.js';
import { loadNative } from '../../src/backend/native.js';
import { readCorpus } from '../native/fuzz/corpus.mjs';
import { ON_NATIVE } from '../native/program.js';
import { Random } from '../support/random.js';

const SEEDS = Array.from({ length: 8 }, (_, n) => n + 1);
/** What texts are made of: what has to be escaped, what stands beside it, and runs that fill blocks of 64 bytes. */
const PIECES = [
  '"', '\\', '\\\\', '\n', '\t', '\b', '\f', '\r', '\0', '\x1f', '\x7f', '/', 'u', 'a', '~', 'é', '\u2028', '€', '😀',
  'x'.repeat(15), 'y'.repeat(16), 'z'.repeat(61), '"'.repeat(64), '\\'.repeat(63),
];

const textOf = (random: Random): string => random.joined(random.below(40), '', () => random.pick(PIECES));
const contentsOf = (text: string): string => JSON.stringify(text).slice(1, -1);
const everyUnitEscaped = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

describe.runIf(ON_NATIVE)('strings in native code', () => {
  const { escape, unescape, findLongStrings } = loadNative();

  const escaped = (text: string, before = ''): string => {
    const bytes = Buffer.from(`${before}${text}"`);
    const [start, end] = [before.length, bytes.length - 1];
    const out = Buffer.alloc(escape(bytes, start, end, new Uint8Array(0)));
    expect(escape(bytes, start, end, out)).toBe(out.length);
    return out.toString();
  };
  const unescaped = (contents: string, before = ''): string | undefined => {
    const bytes = Buffer.from(`${before}${contents}"`);
    const out = Buffer.alloc(bytes.length - before.length - 1);
    const length = unescape(bytes, before.length, bytes.length - 1, out);
    return length < 0 ? undefined : out.toString('utf8', 0, length);
  };
  /** The contents that are found in `text`, and whether each is told to hold a backslash. */
  const found = (text: string, least: number, mostRest = 1000, room = 8): [string, number][] => {
    const bytes = Buffer.from(`  ${text}`);
    const table = new Int32Array(room * LONG_STRING_INTS);
    const count = findLongStrings(bytes, 2, bytes.length, least, mostRest, table);
    return Array.from({ length: count }, (_, n) => {
      const [start, end, isEscaped] = table.subarray(n * LONG_STRING_INTS) as unknown as [number, number, number];
      return [bytes.toString('utf8', start, end), isEscaped];
    });
  };

  it.each(SEEDS)('are escaped as JSON.stringify does, and read as JSON.parse does, seed %i', (seed) => {
    const random = new Random(seed);
    for (let round = 0; round < 500; round++) {
      const text = textOf(random);
      const before = '-'.repeat(random.below(3));
      expect(escaped(text, before)).toBe(contentsOf(text));
      expect(unescaped(contentsOf(text), before)).toBe(text);
      expect(unescaped(everyUnitEscaped(text), before)).toBe(text);
    }
  });

  it('come back as they were, for all that fuzzing found worth keeping', () => {
    for (const input of readCorpus()) {
      const text = input.toString();
      expect(escaped(text)).toBe(contentsOf(text));
      expect(unescaped(contentsOf(text))).toBe(text);
    }
  });

  it.each(SEEDS)('are found where they stand, seed %i', (seed) => {
    const random = new Random(seed + 100);
    for (let round = 0; round < 500; round++) {
      const texts = Array.from({ length: random.below(5) }, () => textOf(random));
      const json = JSON.stringify({ short: '"', key: texts });
      const expected = texts.map(contentsOf).filter((contents) => Buffer.byteLength(contents) >= 20);
      expect(found(json, 20)).toEqual(expected.map((contents) => [contents, contents.includes('\\') ? 1 : 0]));
    }
  });

  it('are found as values only, whatever stands before the colon', () => {
    const long = 'k'.repeat(100);
    expect(found(`{"${long}":1,"a" : "${long}"}`, 100)).toEqual([[long, 0]]);
    expect(found(`{"${long}" \t\r\n : "${long}"}`, 100)).toEqual([[long, 0]]);
    expect(found(`"${long}"`, 100)).toEqual([[long, 0]]);
    expect(found(`"${long}"`, 101)).toEqual([]);
  });

  it('are left where there is too much beside them, or too many, and where one does not end', () => {
    const long = 'k'.repeat(100);
    const json = `["${long}","${long}",12]`; // 10 bytes are not in them
    expect(found(json, 100, 10)).toHaveLength(2);
    expect(found(json, 100, 9)).toEqual([]);
    expect(found(json, 100, 10, 1)).toEqual([]);
    expect(found(`["${long}`, 1)).toEqual([]);
    expect(found(`["${long}\\"`, 1)).toEqual([]);
    expect(found('', 1)).toEqual([]);
  });

  it('are not written where there is no room', () => {
    const out = Buffer.alloc(3, 7);
    expect(escape(Buffer.from('a"b'), 0, 3, out)).toBe(4);
    expect([...out]).toEqual([7, 7, 7]);
    expect(() => unescape(Buffer.from('abcd'), 0, 4, out)).toThrow(expect.objectContaining({ code: 'AIRS_MCP_OUT_OF_RANGE' }));
  });

  it.each(['\\', '\\x', '\\u', '\\u12', '\\u12g4', '\\U0041', '\\ud83d', '\\ude00', '\\ud83d\\u0041', '\\ud83dx'])('%j has no UTF-8', (contents) => {
    for (const before of ['', 'x'.repeat(63), 'x'.repeat(100)]) {
      expect(unescaped(before + contents)).toBeUndefined();
      if (contents !== '\\') expect(unescaped(`${before}${contents}${'y'.repeat(100)}`)).toBeUndefined();
    }
  });

  const bytes = new Uint8Array(8);
  const table = new Int32Array(LONG_STRING_INTS);
  it.each<[string, string, () => unknown]>([
    ['other bytes', 'AIRS_MCP_INVALID_ARGUMENT', () => escape('text' as never, 0, 1, bytes)],
    ['an offset outside', 'AIRS_MCP_OUT_OF_RANGE', () => escape(bytes, 0, 9, new Uint8Array(9))],
    ['offsets out of order', 'AIRS_MCP_OUT_OF_RANGE', () => unescape(bytes, 2, 1, new Uint8Array(9))],
    ['another output', 'AIRS_MCP_INVALID_ARGUMENT', () => unescape(bytes, 0, 8, table as never)],
    ['an output in the input', 'AIRS_MCP_INVALID_ARGUMENT', () => escape(bytes, 0, 4, bytes.subarray(4))],
    ['a table of another type', 'AIRS_MCP_INVALID_ARGUMENT', () => findLongStrings(bytes, 0, 8, 1, 1, [] as never)],
    ['a table without room', 'AIRS_MCP_OUT_OF_RANGE', () => findLongStrings(bytes, 0, 8, 1, 1, table.subarray(1))],
    ['a table in the input', 'AIRS_MCP_INVALID_ARGUMENT', () => findLongStrings(new Uint8Array(table.buffer), 0, 8, 1, 1, table)],
    ['strings of no length', 'AIRS_MCP_OUT_OF_RANGE', () => findLongStrings(bytes, 0, 8, 0, 1, table)],
    ['a negative rest', 'AIRS_MCP_OUT_OF_RANGE', () => findLongStrings(bytes, 0, 8, 1, -1, table)],
  ])('are refused with a code for %s', (_name, code, call) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
