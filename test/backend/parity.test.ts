/**
 * Both backends on the same random input, with JSON.parse as the judge of what is JSON.
 *
 * Known gaps, where backends may differ and the decision is to let them:
 * - Without strict validation, damage inside values that a scan passes over (bad literals and numbers, stray
 *   commas, brackets that close another kind, bad escapes, NUL between tokens) may be noticed by one and not by
 *   the other. Frames that JSON.parse accepts give identical tables; damaged ones are compared in strict mode only.
 * - `find` on malformed text may give up at once or look past the damage. On valid text both agree.
 * - Strict mode differs from JSON.parse in one way: invalid UTF-8 is refused, where decoding would replace it.
 * - No gap in depth, in numbers past 64 bits or past doubles, or in lone surrogate escapes: JSON.parse accepts them.
 */

import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Backend, CONTROL, FIELD, RECORD_INTS, STATUS } from '../../src/backend/contract.js';
import { fallback } from '../../src/backend/fallback.js';
import { loadNative } from '../../src/backend/native.js';
import { valueText } from '../support/json.js';
import { batchText, frameText, messageText } from '../support/message.js';
import { mutate } from '../support/mutate.js';
import { Random } from '../support/random.js';
import { type ScanOptions, tableFor } from '../support/scan.js';

/** The addon, or why there is none; where the native backend is demanded, its absence is a failure. */
function tryNative(): { native?: Backend; reason: string } {
  try {
    return { native: loadNative(), reason: 'loaded' };
  } catch (error) {
    if (process.env['AIRS_MCP_BACKEND'] === 'native') throw error;
    return { reason: (error as Error).message };
  }
}

const { native, reason } = tryNative();
const SEEDS = Array.from({ length: 20 }, (_, n) => n + 1);
const CASES_PER_SEED = 300;
const OUTPUTS = [CONTROL.COUNT, CONTROL.CONSUMED, CONTROL.MORE] as const;
const FIELDS = Object.values(FIELD);
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What one call of scan says: its outputs, then all fields of its records. */
function said(backend: Backend, bytes: Uint8Array, options: ScanOptions): number[][] {
  const table = tableFor(bytes, options);
  const count = backend.scan(bytes, table);
  const records = Array.from({ length: count }, (_, n) => FIELDS.map((slot) => table[(n + 1) * RECORD_INTS + slot] as number));
  return [OUTPUTS.map((slot) => table[slot] as number), ...records];
}

/** The calls that it takes to scan all of `bytes`, with a larger table where a batch demands it. */
function* calls(backend: Backend, bytes: Uint8Array, options: ScanOptions): Generator<number[][]> {
  let { start = 0, room = 64 } = options;
  for (let more = 1; more > 0; ) {
    const answer = said(backend, bytes, { ...options, start, search: Math.max(start, options.search ?? 0), room });
    yield answer;
    [, start, more] = answer[0] as [number, number, number];
    room = more > 1 ? more : (options.room ?? 64);
  }
}

function expectSame(bytes: Buffer, options: ScanOptions): void {
  if (native === undefined) return;
  const [ours, theirs] = [[...calls(fallback, bytes, options)], [...calls(native, bytes, options)]];
  if (isDeepStrictEqual(ours, theirs)) return;
  // The input belongs into the message: it is what reproduces the failure.
  const input = bytes.toString('latin1');
  expect({ input, options, native: theirs }).toEqual({ input, options, native: ours });
}

/** SYNTAX, UTF8 or OK for one frame, as JSON.parse sees it; undefined for a blank one. */
function judge(frame: Buffer): number | undefined {
  try {
    const text = utf8.decode(frame);
    if (/^[ \t\r\n]*$/.test(text)) return undefined;
    JSON.parse(text);
    return STATUS.OK;
  } catch (error) {
    return error instanceof SyntaxError ? STATUS.SYNTAX : STATUS.UTF8;
  }
}

/** The verdict of a strict scan of one frame, in the same terms. */
function verdict(backend: Backend, frame: Buffer, whole: boolean): number | undefined {
  const bytes = whole ? frame : Buffer.concat([frame, Buffer.from('\n')]);
  const status = said(backend, bytes, { whole })[1]?.[FIELD.STATUS];
  return status === undefined || status === STATUS.SYNTAX || status === STATUS.UTF8 ? status : STATUS.OK;
}

/** Random lines, damaged with the odds of one in `odds`; 0 for never. */
function lines(random: Random, odds: number): Buffer {
  const parts: Buffer[] = [];
  for (let left = random.below(7); left > 0; left--) {
    const frame = Buffer.from(frameText(random));
    parts.push(odds > 0 && random.oneIn(odds) ? mutate(random, frame) : frame);
    parts.push(Buffer.from(random.pick(['\n', '\n', '\r\n', ' \r\n', '\n\n'])));
  }
  if (random.oneIn(2)) parts.push(Buffer.from(frameText(random)).subarray(0, random.below(40)));
  return Buffer.concat(parts);
}

function randomOptions(random: Random, bytes: Buffer): ScanOptions {
  const lineFeed = bytes.indexOf(0x0a);
  return {
    whole: random.oneIn(5),
    room: random.pick([1, 2, 3, 5, 64]),
    maxBatch: random.pick([1, 2, 4, 1000, 1000]),
    maxMessage: random.pick([1, 40, 100, 1000, 1 << 30, 1 << 30, 1 << 30]),
    search: random.oneIn(2) ? 0 : random.below((lineFeed < 0 ? bytes.length : lineFeed) + 1),
    end: random.oneIn(4) ? Math.max(lineFeed < 0 ? bytes.length : lineFeed, random.below(bytes.length + 1)) : bytes.length,
  };
}

describe.skipIf(native === undefined)(`native and fallback (${reason})`, () => {
  it.each(SEEDS)('write the same tables for valid and damaged lines, seed %i', (seed) => {
    const random = new Random(seed);
    for (let n = 0; n < CASES_PER_SEED; n++) {
      const bytes = lines(random, random.pick([0, 1, 3]));
      expectSame(bytes, randomOptions(random, bytes));
    }
  });

  it.each(SEEDS)('write the same tables without strict validation for frames that are JSON, seed %i', (seed) => {
    const random = new Random(seed + 1000);
    for (let n = 0; n < CASES_PER_SEED; n++) {
      const bytes = lines(random, 0);
      const options = { ...randomOptions(random, bytes), strict: false, end: bytes.lastIndexOf(0x0a) + 1 };
      expectSame(bytes, { ...options, whole: false, search: 0 });
      const frame = Buffer.from(frameText(random));
      expectSame(frame, { ...options, end: frame.length, whole: true, search: 0 });
    }
  });

  it('agree at every cut of a stream, both in what is done and in what waits', () => {
    const random = new Random(77);
    const bytes = Buffer.concat([lines(random, 3), lines(random, 3), lines(random, 3)]);
    for (let end = 0; end <= bytes.length; end++) {
      expectSame(bytes, { end });
      expectSame(bytes, { end, whole: true });
    }
  });

  it('agree wherever the view begins in its memory, and on bytes of any values', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(70), fc.boolean(), (noise, shift, whole) => {
        const memory = Buffer.alloc(shift + noise.length + 30, 0x22);
        const view = memory.subarray(shift, shift + noise.length + 8);
        view.set(noise);
        view.set(Buffer.from('\n{}"\n[]\n'), noise.length);
        expectSame(view, { whole });
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  it('agree on messages longer than any window', () => {
    const random = new Random(5);
    const filler = `"${'x'.repeat(2_500_000)}"`;
    const items = Array.from({ length: 3000 }, () => valueText(random, 3)).join(',');
    const deep = `${'['.repeat(99_999)}${']'.repeat(99_999)}`;
    for (const value of [filler, `[${items}]`, `[${items},${filler},{"a":${filler}}]`, deep]) {
      const text = `{"jsonrpc":"2.0","id":1,"result":${value}}`;
      for (const damage of ['', ']', '"', '\u0000', '\\']) {
        const bytes = Buffer.from(`{}\n${text.slice(0, -1)}${damage}}\n${messageText(random)}\n`);
        expectSame(bytes, {});
        if (damage === '') expectSame(bytes, { strict: false });
      }
    }
  });

  it('find the same in valid texts', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed + 3000);
      for (let n = 0; n < 100; n++) {
        const text = Buffer.from(valueText(random, 4));
        for (const pointer of pointersInto(random, JSON.parse(text.toString()))) {
          expect([pointer, find(native!, text, pointer)]).toEqual([pointer, find(fallback, text, pointer)]);
        }
      }
    }
  });
});

const STRANGERS = ['0', '01', '-', 'a', '', '\ud800', '\ufffd'];

/** `''`, a few pointers that lead somewhere, and a few that do not. */
function pointersInto(random: Random, root: unknown): string[] {
  const pointers = [''];
  for (let tries = 0; tries < 6; tries++) {
    let value = root;
    let pointer = '';
    while (typeof value === 'object' && value !== null) {
      const keys = Object.keys(value);
      const key = random.pick(random.oneIn(10) || keys.length === 0 ? STRANGERS : keys);
      pointer += `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
      if (random.oneIn(5)) break;
    }
    pointers.push(random.oneIn(10) ? `${pointer}/0` : pointer);
  }
  return pointers;
}

/** What `pointer` names in a value that JSON.parse made; undefined for nothing. */
function evaluate(root: unknown, pointer: string): unknown {
  let value = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) && key === 'length') return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function find(backend: Backend, text: Buffer, pointer: string): string | undefined {
  const range = new Int32Array(2);
  return backend.find(text, 0, text.length, pointer, range) ? text.toString('utf8', range[0], range[1]) : undefined;
}

describe.each([...(native === undefined ? [] : [native]), fallback])('JSON.parse and $name', (backend) => {
  it.each(SEEDS)('accept the same frames, valid and damaged, seed %i', (seed) => {
    const random = new Random(seed + 2000);
    for (let n = 0; n < CASES_PER_SEED; n++) {
      const valid = Buffer.from(random.pick([messageText, batchText, frameText])(random));
      const frame = random.oneIn(4) ? valid : mutate(random, valid);
      const whole = frame.includes(0x0a) || random.oneIn(2);
      expect([frame.toString('latin1'), verdict(backend, frame, whole)]).toEqual([frame.toString('latin1'), judge(frame)]);
    }
  });

  it('accept the same values that fast-check makes, and the same damage to them', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.boolean(), (text, seed, damaged) => {
        const frame = damaged ? mutate(new Random(seed), Buffer.from(text)) : Buffer.from(text);
        expect(verdict(backend, frame, true)).toBe(judge(frame));
      }),
      { seed: 11, numRuns: 3000 },
    );
  });

  it.each(SEEDS)('find the same values, seed %i', (seed) => {
    const random = new Random(seed + 4000);
    for (let n = 0; n < 100; n++) {
      const text = valueText(random, 4);
      const root: unknown = JSON.parse(text);
      for (const pointer of pointersInto(random, root)) {
        const found = find(backend, Buffer.from(text), pointer);
        const value = found === undefined ? undefined : JSON.parse(found);
        expect([text, pointer, value]).toEqual([text, pointer, evaluate(root, pointer)]);
      }
    }
  });
});
