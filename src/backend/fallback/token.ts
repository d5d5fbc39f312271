/** Strings, numbers and literals. All functions return the position after the token, or -1 for a malformed one. */

import { endianness } from 'node:os';
import {
  BACKSLASH,
  DOT,
  HEX_DIGIT,
  HIGH_TEXT,
  LOWER_U,
  MINUS,
  NINE,
  QUOTE,
  SIMPLE_ESCAPE,
  SPACE,
  TEXT,
  ZERO,
} from './byte.js';
import type { Walk } from './walk.js';

const TRUE = Uint8Array.from([0x74, 0x72, 0x75, 0x65]);
const FALSE = Uint8Array.from([0x66, 0x61, 0x6c, 0x73, 0x65]);
const NULL = Uint8Array.from([0x6e, 0x75, 0x6c, 0x6c]);

/** Passes a checked escape whose backslash is at `i`. */
function skipEscape(bytes: Uint8Array, i: number, end: number): number {
  if (i + 1 >= end) return -1;
  const kind = bytes[i + 1] as number;
  if (SIMPLE_ESCAPE[kind] === 1) return i + 2;
  if (kind !== LOWER_U || i + 6 > end) return -1;
  for (let n = i + 2; n < i + 6; n++) {
    if (HEX_DIGIT[bytes[n] as number] === 0) return -1;
  }
  return i + 6;
}

/** Passes a backslash and whatever follows it, short of a control character. */
function skipLooseEscape(walk: Walk, i: number): number {
  const next = walk.at(i + 1);
  if (next >= 0x80) walk.high = true;
  return next < SPACE ? -1 : i + 2;
}

const TOP_BITS = 0x80808080 | 0;
const LOW_BITS = 0x7f7f7f7f;

/**
 * The top bit of each byte that is a quote, a backslash or a control character; all other bits are 0. No sum
 * carries from one byte into the next, so that each byte is judged by itself.
 */
function stopsIn(word: number): number {
  const low = word & LOW_BITS;
  return ~((low + 0x60606060) & ((low ^ 0x22222222) + LOW_BITS) & ((low ^ 0x5c5c5c5c) + LOW_BITS) | word) & TOP_BITS;
}

/** Keeps the bits of a word's bytes from number `n` on, in memory order. */
const bytesFrom: (n: number) => number = endianness() === 'LE' ? (n) => -1 << (n << 3) : (n) => -1 >>> (n << 3);

/** The number of the first byte, in memory order, with its top bit set. */
const firstOf: (tops: number) => number =
  endianness() === 'LE' ? (tops) => (31 - Math.clz32(tops & -tops)) >> 3 : (tops) => Math.clz32(tops) >> 3;

/** Passes plain text; returns the position of the quote, backslash or control character that ends it, or the walk's end. */
function skipText(walk: Walk, from: number): number {
  const { words, skew, end } = walk;
  const last = (skew + end) >>> 2;
  let n = (skew + from) >>> 2;
  let i = from;
  if (n < last) {
    let word = words[n] as number;
    let seen = word;
    let stops = stopsIn(word) & bytesFrom((skew + from) & 3);
    while (stops === 0 && ++n < last) {
      word = words[n] as number;
      seen |= word;
      stops = stopsIn(word);
    }
    // Bytes around the text share its words, so this may be true without need.
    if ((seen & TOP_BITS) !== 0) walk.high = true;
    i = (n << 2) - skew;
    if (stops !== 0) return i + firstOf(stops);
  }
  return skipTail(walk, i);
}

/** As {@link skipText}, for the bytes behind the last whole word. */
function skipTail(walk: Walk, from: number): number {
  const { bytes, end } = walk;
  let i = from;
  while (i < end && TEXT[bytes[i] as number] !== 0) {
    if (TEXT[bytes[i] as number] === HIGH_TEXT) walk.high = true;
    i++;
  }
  return i;
}

/** Jumps to the string's next quote, or to the backslashes right before it. `i` is not inside an escape. */
function jumpToQuote(walk: Walk, i: number): number {
  const { bytes, end } = walk;
  // What is jumped over is not looked at, so it may hold anything.
  walk.high = true;
  walk.escaped = true;
  let quote = bytes.indexOf(QUOTE, i);
  if (quote < 0 || quote > end) return end;
  while (quote > i && bytes[quote - 1] === BACKSLASH) quote--;
  return quote;
}

/**
 * Passes a string. Sets `walk.escaped` where it holds a backslash, else leaves it.
 *
 * @param from the position after the opening quote
 * @param checked whether escapes must be valid
 */
export function skipString(walk: Walk, from: number, checked: boolean): number {
  const { bytes, end } = walk;
  let i = from;
  for (;;) {
    i = walk.trusting ? jumpToQuote(walk, i) : skipText(walk, i);
    if (i >= end) return -1;
    if (bytes[i] === QUOTE) return i + 1;
    do {
      if (bytes[i] !== BACKSLASH) return -1;
      walk.escaped = true;
      i = checked ? skipEscape(bytes, i, end) : skipLooseEscape(walk, i);
      if (i < 0) return -1;
    } while (i < end && bytes[i] === BACKSLASH);
  }
}

function skipDigits(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && (bytes[i] as number) >= ZERO && (bytes[i] as number) <= NINE) i++;
  return i;
}

/** Passes the number that starts at `from`. */
function skipNumber(walk: Walk, from: number): number {
  const { bytes, end } = walk;
  let digits = bytes[from] === MINUS ? from + 1 : from;
  let i = walk.at(digits) === ZERO ? digits + 1 : skipDigits(bytes, digits, end);
  if (i === digits) return -1;
  if (walk.at(i) === DOT) {
    digits = i + 1;
    i = skipDigits(bytes, digits, end);
    if (i === digits) return -1;
  }
  // 0x20 maps E to e and no other byte onto it.
  if ((walk.at(i) | 0x20) === 0x65) {
    const sign = walk.at(i + 1);
    digits = sign === MINUS || sign === 0x2b ? i + 2 : i + 1;
    i = skipDigits(bytes, digits, end);
    if (i === digits) return -1;
  }
  return i;
}

function skipWord(walk: Walk, from: number, word: Uint8Array): number {
  const { bytes } = walk;
  if (from + word.length > walk.end) return -1;
  for (let n = 1; n < word.length; n++) {
    if (bytes[from + n] !== word[n]) return -1;
  }
  return from + word.length;
}

/** Passes the number or literal at `from`; anything else is malformed. What follows it is the caller's to judge. */
export function skipScalar(walk: Walk, from: number): number {
  const first = walk.at(from);
  if (first === MINUS || (first >= ZERO && first <= NINE)) return skipNumber(walk, from);
  if (first === TRUE[0]) return skipWord(walk, from, TRUE);
  if (first === FALSE[0]) return skipWord(walk, from, FALSE);
  return first === NULL[0] ? skipWord(walk, from, NULL) : -1;
}
