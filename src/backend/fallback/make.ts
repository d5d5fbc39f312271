/**
 * Payloads checked by making their values. `JSON.parse` is as strict as the walk is, and takes more than twice its time; where
 * the value is wanted anyway, that saves the walk over the payload.
 */

import { isAscii } from 'node:buffer';
import { type DirectBuffer, decodeText } from '../../base/bytes.js';
import { mayBeEncoded } from '../probe.js';
import { skipValue } from './value.js';
import type { Walk } from './walk.js';

const SPACE = 0x20;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;

/** Payloads from here on (bytes): shorter ones are walked in less time than it takes to decode them, or, where they are decoded, to make a value. */
const LEAST = 256;
const LEAST_DECODED = 32;
/** Most bytes that are decoded at once, before it is known which of them are payloads. */
const SHORT = 16 * 1024;
/** Payloads from here on (bytes) that seem to be base64 are walked: their walk, and then taking the long strings out, take less time. */
const ENCODED_FROM = 64 * 1024;
/** Bytes behind a payload that are looked through for its last bracket: room for the version, an id and a method. */
const BEHIND = 256;
/** What stands in decoded text for bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

/**
 * Where the payload of the object in `[start, end)` is likely to end: behind the last bracket inside, since other members
 * have none. -1 where there is none near the end.
 */
export function foresee(bytes: Uint8Array, start: number, end: number): number {
  let i = end - 1;
  while (i > start && (bytes[i] as number) <= SPACE) i--;
  if (bytes[i] !== CLOSE_BRACE) return -1;
  const least = Math.max(start, i - BEHIND);
  while (--i > least) {
    const byte = bytes[i];
    if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) return i + 1;
  }
  return -1;
}

/** Decodes all that is scanned, from `start` on, if that is short and ASCII: parts of one text cost less than texts of their own. */
export function decodeShort(walk: Walk, start: number): void {
  const { bytes, end } = walk;
  if (end - start > SHORT || !isAscii(bytes.subarray(start, end))) return;
  walk.text = (bytes as DirectBuffer).latin1Slice(start, end);
  walk.textStart = start;
}

/** The end of the line at `i`, in text that was decoded. */
export function endOfLine(walk: Walk, i: number): number {
  const lineFeed = walk.whole ? -1 : walk.text.indexOf('\n', i - walk.textStart);
  return lineFeed < 0 ? walk.end : lineFeed + walk.textStart;
}

/**
 * Passes the object or array at `i`, up to where its end is foreseen if its value can be made of that. If it can, that is its
 * end, as no value is the beginning of another; if not, it is walked over, and so is any other that the object may have.
 */
export function makeValue(walk: Walk, i: number): number {
  const first = walk.bytes[i] as number;
  const end = walk.foreseen;
  const decoded = walk.text !== '';
  if (end - i < (decoded ? LEAST_DECODED : LEAST) || (first !== OPEN_BRACE && first !== OPEN_BRACKET)) return skipValue(walk, i);
  if (end - i >= ENCODED_FROM && mayBeEncoded(walk.bytes, i, end)) return skipValue(walk, i);
  walk.foreseen = -1;
  walk.madeAt = i;
  try {
    const text = decoded ? walk.text.slice(i - walk.textStart, end - walk.textStart) : decodeText(walk.bytes as DirectBuffer, i, end);
    walk.made = JSON.parse(text) as object;
    // Text that is all ASCII has a unit for each byte; only invalid bytes have that too, one by one.
    if (!decoded && (text.length !== end - i || text.includes(REPLACEMENT))) walk.high = true;
    return end;
  } catch {
    walk.made = null;
    return skipValue(walk, i);
  }
}
