/**
 * Received messages as plain objects.
 *
 * `JSON.parse` of a large message makes a string of all of it and copies each value out of that. Where nearly all of a
 * message is a few long strings without escapes, such as images, these are taken from the bytes directly, and only
 * the rest is parsed. A scan has refused control characters and invalid UTF-8 before, so that nothing passes here
 * which `JSON.parse` would not take.
 */

import { randomUUID } from 'node:crypto';
import { type DirectBuffer, decodeText } from '../base/bytes.js';
import type { JsonRpcMessage } from '../message/message.js';
import { noteString } from './pressure.js';

/** Messages from here on are looked at (bytes). */
const LARGE = 256 * 1024;
/** Strings from here on are taken out (bytes). */
const LONG = 64 * 1024;
/** Quotes that are looked at before a message counts as one of many small strings (count). */
const QUOTES = 256;
/** Longest rest that is worth the slower parse with a reviver (bytes). */
const REST = 32 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;

/** Starts what stands for a string that was taken out; nobody can know it beforehand. */
const MARK = randomUUID();

/** `[start, end)` of each long string, without its quotes; empty where it is not worth it. */
function longStrings(bytes: Uint8Array): [number, number][] {
  const found: [number, number][] = [];
  let taken = 0;
  let open = -1;
  let at = -1;
  for (let seen = 0; seen < QUOTES; seen++) {
    at = bytes.indexOf(QUOTE, at + 1);
    if (at < 0) break;
    if (open < 0) open = at;
    else if (!isEscaped(bytes, at)) {
      if (at - open > LONG && isPlainValue(bytes, open + 1, at)) {
        found.push([open + 1, at]);
        taken += at - open;
      }
      open = -1;
    }
  }
  return bytes.length - taken <= REST ? found : [];
}

function isEscaped(bytes: Uint8Array, at: number): boolean {
  let before = at;
  while (bytes[before - 1] === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

/** Whether a string holds no escape, and is not the key of a member. */
function isPlainValue(bytes: Uint8Array, start: number, end: number): boolean {
  let next = end + 1;
  while ((bytes[next] ?? COLON) <= SPACE) next++;
  return bytes[next] !== COLON && bytes.subarray(start, end).indexOf(BACKSLASH) < 0;
}

function parseAround(bytes: DirectBuffer, strings: readonly [number, number][]): object {
  let rest = '';
  let at = 0;
  const values = new Map<string, string>();
  for (const [start, end] of strings) {
    const mark = `${MARK}${values.size}`;
    values.set(mark, decodeText(bytes, start, end));
    noteString(end - start);
    rest += decodeText(bytes, at, start) + mark;
    at = end;
  }
  rest += decodeText(bytes, at, bytes.length);
  return JSON.parse(rest, (_key, value: unknown) => (typeof value === 'string' ? (values.get(value) ?? value) : value)) as object;
}

/**
 * The message as `JSON.parse` would give it.
 *
 * @throws `AIRS_MCP_PARSE_ERROR` where it is malformed
 */
export function materialise(message: JsonRpcMessage): object {
  if (message.byteLength < LARGE) return message.toJSON();
  const bytes = message.encode().raw as DirectBuffer; // a received message is one raw piece
  const strings = longStrings(bytes);
  if (strings.length === 0) return message.toJSON();
  try {
    return parseAround(bytes, strings);
  } catch {
    // Malformed, which JSON.parse tells best, or nested too deeply for a reviver.
    return message.toJSON();
  }
}
