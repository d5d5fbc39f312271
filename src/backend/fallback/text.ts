/** The text of strings up to the next byte that means something: a quote, a backslash, or a control character. */

import { isAscii } from 'node:buffer';
import { endianness } from 'node:os';
import type { Walk } from './walk.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** Plain bytes of a trusted string past which its quote is searched for: shorter ones do not repay the call. */
const NEAR = 128;
/** Plain bytes past which a text counts as long: before, the searches for its end cost more than they save. */
const LONG = 4 * 1024;
/** Bytes of a long text that are searched and judged at a time. */
const BLOCK = 64 * 1024;

const TOP_BITS = 0x80808080 | 0;
const LOW_BITS = 0x7f7f7f7f;
/** Added to each byte of ASCII it sets the top bit of those from the first printable one on. */
const ROOM_ABOVE = 0x60606060;

/**
 * The top bit of each byte that is a quote, a backslash or a control character; all other bits are 0. No sum
 * carries from one byte into the next, so that each byte is judged by itself.
 */
function stopsIn(word: number): number {
  const low = word & LOW_BITS;
  return ~(((low + ROOM_ABOVE) & ((low ^ 0x22222222) + LOW_BITS) & ((low ^ 0x5c5c5c5c) + LOW_BITS)) | word) & TOP_BITS;
}

const IS_LITTLE_ENDIAN = endianness() === 'LE';

/** All bits of a word's bytes from number `n` on, in memory order. */
function bytesFrom(n: number): number {
  return IS_LITTLE_ENDIAN ? -1 << (n << 3) : -1 >>> (n << 3);
}

/** The number of the first byte, in memory order, whose top bit is set. */
function firstOf(tops: number): number {
  return (IS_LITTLE_ENDIAN ? 31 - Math.clz32(tops & -tops) : Math.clz32(tops)) >> 3;
}

/** As {@link skipText}, byte by byte. */
function skipTail(walk: Walk, from: number, end: number): number {
  const { bytes } = walk;
  for (let i = from; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) return i;
    if (byte >= 0x80) walk.high = true;
  }
  return end;
}

/** As {@link skipText}, word by word, judging each for all that may end the text. */
function skipWords(walk: Walk, from: number, end: number): number {
  const { words, skew } = walk;
  const last = (skew + end) >>> 2;
  let n = (skew + from) >>> 2;
  if (n >= last) return skipTail(walk, from, end);
  let word = words[n] as number;
  let seen = word;
  let stops = stopsIn(word) & bytesFrom((skew + from) & 3);
  while (stops === 0 && ++n < last) {
    word = words[n] as number;
    seen |= word;
    stops = stopsIn(word);
  }
  // Bytes around the text share its words, so this may come true without need.
  if ((seen & TOP_BITS) !== 0) walk.high = true;
  const i = (n << 2) - skew;
  return stops === 0 ? skipTail(walk, i, end) : i + firstOf(stops);
}

/** Whether no byte of the words from number `first` to before `last`, all ASCII, is a control character: a fifth of the work of {@link stopsIn}. */
function haveNoControls({ words }: Walk, first: number, last: number): boolean {
  // Only the sum of a control character stays below a byte's top bit.
  let good = -1;
  let n = first;
  for (; n + 4 <= last; n += 4) {
    good &= ((words[n] as number) + ROOM_ABOVE) & ((words[n + 1] as number) + ROOM_ABOVE)
      & ((words[n + 2] as number) + ROOM_ABOVE) & ((words[n + 3] as number) + ROOM_ABOVE);
  }
  for (; n < last; n++) good &= (words[n] as number) + ROOM_ABOVE;
  return (~good & TOP_BITS) === 0;
}

/** As {@link skipText}, for a block that starts with a word. Of ASCII, Node finds the end, so that only control characters are left to look for. */
function skipBlock(walk: Walk, from: number, end: number): number {
  const { bytes, skew } = walk;
  const block = bytes.subarray(from, end);
  const quote = block.indexOf(QUOTE);
  const contents = quote < 0 ? block : block.subarray(0, quote);
  const backslash = contents.indexOf(BACKSLASH);
  const text = backslash < 0 ? contents : contents.subarray(0, backslash);
  // Only up to that end: of many strings of some thousand bytes each, the rest of the block would be judged once for every one.
  const last = (skew + from + text.length) >>> 2;
  return skipWords(walk, isAscii(text) && haveNoControls(walk, (skew + from) >>> 2, last) ? (last << 2) - skew : from, end);
}

/** Passes plain text; returns the position of the quote, backslash or control character that ends it, or `end`. */
export function skipText(walk: Walk, from: number, end: number): number {
  let far = ((walk.skew + from + LONG) & -4) - walk.skew;
  if (far >= end) return skipWords(walk, from, end);
  let i = skipWords(walk, from, far);
  while (i === far && far < end) {
    far = Math.min(far + BLOCK, end);
    i = skipBlock(walk, i, far);
  }
  return i;
}

/** As {@link skipText}, for a trusted string: a long one is left for its next quote, or the backslashes right before that. */
export function skipTrusted(walk: Walk, from: number): number {
  const { bytes, end } = walk;
  const near = Math.min(from + NEAR, end);
  const i = skipWords(walk, from, near);
  if (i < near || near === end) return i;
  // Escapes may be jumped over.
  walk.escaped = true;
  let quote = bytes.indexOf(QUOTE, i);
  if (quote < 0 || quote > end) return end;
  while (quote > i && bytes[quote - 1] === BACKSLASH) quote--;
  return quote;
}
