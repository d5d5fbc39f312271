/**
 * JSON whose weight is in a few long strings, such as images, files and rows of a database, as values.
 *
 * `JSON.parse` takes a string of all of the text, looks at every character and copies each value out of it. Here the long
 * strings are taken from the bytes directly, and only the rest is parsed. A scan has refused control characters and
 * invalid UTF-8 before, so that nothing passes here which `JSON.parse` would not take.
 */

import { randomUUID } from 'node:crypto';
import { LONG_STRING_INTS } from '../backend/contract.js';
import { mayBeLong } from '../backend/probe.js';
import { nativeSystem } from '../backend/select.js';
import { type DirectBuffer, decodeText } from '../base/bytes.js';
import { noteString } from '../base/pressure.js';

/** Texts from here on are looked at (bytes): there taking the strings out begins to repay, whether they hold escapes or not. */
const LARGE = 16 * 1024;
/** Strings from here on are taken out (bytes). */
const LONG = 8 * 1024;
/** Longest rest that is worth the slower parse with a reviver (bytes), of a long text and as a share. No more is looked at in vain. */
const REST = 16 * 1024;
const REST_SHARE = 1 / 8;
/** Most strings that are taken out (count). */
const MOST = 256;
/** Strings after which the search without the addon gives up (count): each costs it two calls. */
const STRINGS = 128;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;

/** Starts what stands for a string that was taken out; nobody can know it beforehand. */
const MARK = randomUUID();

/** {@link LONG_STRING_INTS} for each string; read before anything else runs. */
const TABLE = new Int32Array(MOST * LONG_STRING_INTS);

/** Fills the table; gives how many there are, 0 where it is not worth it. */
function findLongStrings(bytes: Uint8Array, start: number, end: number): number {
  const rest = Math.min(REST, Math.floor((end - start) * REST_SHARE));
  const native = nativeSystem();
  return native === undefined ? findPlainStrings(bytes, start, end, rest) : native.findLongStrings(bytes, start, end, LONG, rest, TABLE);
}

/** As the addon's, for strings without a backslash: those that have one `JSON.parse` reads faster than code of ours can. */
function findPlainStrings(bytes: Uint8Array, start: number, end: number, mostRest: number): number {
  let count = 0;
  let rest = 0;
  let at = start;
  for (let seen = 0; seen < STRINGS; seen++) {
    const open = bytes.indexOf(QUOTE, at);
    if (open < 0 || open >= end) return rest + end - at <= mostRest ? count : 0;
    const close = bytes.indexOf(QUOTE, open + 1);
    if (close < 0 || close >= end) return 0;
    const isTaken = close - open > LONG && isPlainValue(bytes, open + 1, close, end);
    if (isTaken) {
      if (count === MOST) return 0;
      TABLE.set([open + 1, close, 0], count++ * LONG_STRING_INTS);
    } else if (bytes[close - 1] === BACKSLASH) {
      return 0;
    }
    rest += isTaken ? open - at : close - at;
    if (rest > mostRest) return 0;
    at = close + 1;
  }
  return 0;
}

/** Whether a string holds no escape, and is not the key of a member. */
function isPlainValue(bytes: Uint8Array, start: number, close: number, end: number): boolean {
  let next = close + 1;
  while (next < end && (bytes[next] as number) <= SPACE) next++;
  return bytes[next] !== COLON && bytes.subarray(start, close).indexOf(BACKSLASH) < 0;
}

/** @throws RangeError for a text that no string can hold, SyntaxError for escapes that only `JSON.parse` may judge */
function readString(bytes: DirectBuffer, start: number, end: number, isEscaped: boolean): string {
  noteString(end - start);
  if (!isEscaped) return decodeText(bytes, start, end);
  const text = Buffer.allocUnsafeSlow(end - start) as DirectBuffer;
  const length = nativeSystem()?.unescape(bytes, start, end, text) ?? -1;
  if (length < 0) throw new SyntaxError('an escape that has no UTF-8');
  return decodeText(text, 0, length);
}

function parseAround(bytes: DirectBuffer, start: number, end: number, count: number): unknown {
  let rest = '';
  let at = start;
  const values = new Map<string, string>();
  for (let base = 0; base < count * LONG_STRING_INTS; base += LONG_STRING_INTS) {
    const [from, to, isEscaped] = [TABLE[base], TABLE[base + 1], TABLE[base + 2]] as [number, number, number];
    const mark = `${MARK}${values.size}`;
    values.set(mark, readString(bytes, from, to, isEscaped !== 0));
    rest += decodeText(bytes, at, from) + mark;
    at = to;
  }
  rest += decodeText(bytes, at, end);
  return JSON.parse(rest, (_key, value: unknown) => (typeof value === 'string' ? (values.get(value) ?? value) : value));
}

/**
 * The value of the JSON text `bytes[start, end)` where its weight is in long strings; undefined where it is not, and for
 * text that is left to `JSON.parse` altogether: what is malformed it tells best, and it goes deeper than a reviver.
 */
export function parseLong(bytes: DirectBuffer, start: number, end: number): unknown {
  if (end - start < LARGE || !mayBeLong(bytes, start, end)) return undefined;
  const count = findLongStrings(bytes, start, end);
  if (count === 0) return undefined;
  try {
    return parseAround(bytes, start, end, count);
  } catch {
    return undefined;
  }
}
