/** Strings, numbers and literals. All functions return the position after the token, or -1 for a malformed one. */

import { Buffer } from 'node:buffer';
import { tableOf } from './byte.js';
import { skipText, skipTrusted } from './text.js';
import type { Walk } from './walk.js';

const QUOTE = 0x22;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const SPACE = 0x20;

/** What may follow the backslash of an escape, `u` aside. */
const SIMPLE_ESCAPE = tableOf('"\\/bfnrt');
/** Bytes of a string that need no look: ASCII without control characters, quote and backslash. */
const PLAIN = new Uint8Array(256).fill(1, SPACE, 0x80);
PLAIN[QUOTE] = 0;
PLAIN[BACKSLASH] = 0;
const HEX_DIGIT = tableOf('0123456789abcdefABCDEF');
const TRUE = Uint8Array.from(Buffer.from('true'));
const FALSE = Uint8Array.from(Buffer.from('false'));
const NULL = Uint8Array.from(Buffer.from('null'));

/** Plain bytes read one by one after an escape. */
const FEW = 6;

/** Passes the `\uXXXX` whose backslash is at `i`; any other escape is malformed. */
function skipHexEscape(bytes: Uint8Array, i: number, end: number): number {
  if (i + 6 > end || bytes[i + 1] !== LOWER_U) return -1;
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

/** Passes the escape at `i` and the few plain bytes that often part it from the next: words do not repay those. */
function skipEscape(walk: Walk, i: number, checked: boolean): number {
  const { bytes, end } = walk;
  let next: number;
  if (i + 1 < end && SIMPLE_ESCAPE[bytes[i + 1] as number] === 1) next = i + 2;
  else next = checked ? skipHexEscape(bytes, i, end) : skipLooseEscape(walk, i);
  if (next < 0) return -1;
  const near = next + FEW < end ? next + FEW : end;
  while (next < near && PLAIN[bytes[next] as number] === 1) next++;
  return next;
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
    i = walk.trusting ? skipTrusted(walk, i) : skipText(walk, i, end);
    if (i >= end) return -1;
    if (bytes[i] === QUOTE) return i + 1;
    if (bytes[i] !== BACKSLASH) return -1;
    walk.escaped = true;
    // Escapes often come in rows.
    do {
      i = skipEscape(walk, i, checked);
      if (i < 0) return -1;
    } while (i < end && bytes[i] === BACKSLASH);
  }
}

function skipDigits(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && (bytes[i] as number) >= ZERO && (bytes[i] as number) <= NINE) i++;
  return i;
}

/** Passes what may follow the integer part of a number, which ends at `from`. */
function skipFraction(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  if (bytes[i] === DOT) {
    i = skipDigits(bytes, from + 1, end);
    if (i === from + 1) return -1;
  }
  // 0x20 maps E to e and no other byte onto it.
  if (i < end && ((bytes[i] as number) | 0x20) === LOWER_E) {
    const sign = i + 1 < end ? bytes[i + 1] : 0;
    const digits = sign === MINUS || sign === PLUS ? i + 2 : i + 1;
    i = skipDigits(bytes, digits, end);
    if (i === digits) return -1;
  }
  return i;
}

/** Passes the number at `from`, where there is a byte. */
function skipNumber(bytes: Uint8Array, from: number, end: number): number {
  const start = bytes[from] === MINUS ? from + 1 : from;
  if (start >= end) return -1;
  const i = bytes[start] === ZERO ? start + 1 : skipDigits(bytes, start, end);
  if (i === start) return -1;
  if (i >= end) return i;
  const next = bytes[i] as number;
  return next === DOT || (next | 0x20) === LOWER_E ? skipFraction(bytes, i, end) : i;
}

function skipWord(bytes: Uint8Array, from: number, end: number, word: Uint8Array): number {
  if (from + word.length > end) return -1;
  for (let n = 1; n < word.length; n++) {
    if (bytes[from + n] !== word[n]) return -1;
  }
  return from + word.length;
}

/** Passes the number or literal at `from`; anything else is malformed. What follows it is the caller's to judge. */
export function skipScalar(bytes: Uint8Array, from: number, end: number): number {
  if (from >= end) return -1;
  const first = bytes[from] as number;
  if (first <= NINE) return first >= ZERO || first === MINUS ? skipNumber(bytes, from, end) : -1;
  if (first === TRUE[0]) return skipWord(bytes, from, end, TRUE);
  if (first === FALSE[0]) return skipWord(bytes, from, end, FALSE);
  return first === NULL[0] ? skipWord(bytes, from, end, NULL) : -1;
}
