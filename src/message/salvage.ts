/**
 * What can still be read of a frame that was refused: its id, and whether it was a call or an answer.
 *
 * A frame too long to hold, cut short, or broken in its payload usually shows its id in its first
 * bytes, or (as several servers write answers) in its last. Whoever waits for that id can then be told.
 */

import { isUtf8 } from 'node:buffer';
import { type DirectBuffer, decodeText, encodeText } from '../base/bytes.js';
import type { RequestId } from '../base/wire.js';
import { parseText } from './json.js';

export interface Salvage {
  /** The id, exactly as written, quotes included. */
  readonly idText: string;
  readonly id: RequestId;
}

/** What the keys before the break tell: a request or notification, a response or error, or nothing. */
export type Intent = 'call' | 'answer' | undefined;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

/** One past the closing quote of the string that opens at `at`, or -1 where it does not close before `end`. */
function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i + 1;
  }
  return -1;
}

/** One past the value that starts at `at`, or -1 where it does not end before `end`. */
function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  for (let i = at; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      i = stringEnd(bytes, i, end) - 1;
      if (i < 0) return -1;
      if (depth === 0) return i + 1;
    } else if (byte === OPEN || byte === 0x5b) {
      depth++;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) {
      return i;
    }
  }
  return -1;
}

function readId(bytes: DirectBuffer, start: number, end: number): Salvage | undefined {
  if (!isUtf8(bytes.subarray(start, end))) return undefined;
  try {
    const id = parseText(bytes, start, end);
    const idText = decodeText(bytes, start, end);
    return typeof id === 'string' || typeof id === 'number' || id === null ? { idText, id } : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the members of the outermost object of `bytes[start, end)` until one is incomplete. */
export function salvagePrefix(bytes: DirectBuffer, start: number, end: number): { found: Salvage | undefined; intent: Intent } {
  let found: Salvage | undefined;
  let intent: Intent;
  let at = skipSpace(bytes, start, end);
  if (bytes[at] !== OPEN) return { found, intent };
  for (;;) {
    const key = skipSpace(bytes, at + 1, end);
    const keyEnd = bytes[key] === QUOTE ? stringEnd(bytes, key, end) : -1;
    if (keyEnd < 0) break;
    const colon = skipSpace(bytes, keyEnd, end);
    if (bytes[colon] !== COLON) break;
    const name = bytes.latin1Slice(key + 1, keyEnd - 1);
    if (name === 'method' || name === 'params') intent = 'call';
    else if (name === 'result' || name === 'error') intent ??= 'answer';
    const value = skipSpace(bytes, colon + 1, end);
    const stop = valueEnd(bytes, value, end);
    if (stop < 0) break;
    if (name === 'id') found = readId(bytes, value, stop);
    at = skipSpace(bytes, stop, end);
    if (bytes[at] !== COMMA) break;
  }
  return { found, intent };
}

/**
 * Reads the id from the last bytes of a frame: `..., "id": 7}` with only whole members behind it.
 *
 * Text that completes `{` to an object that ends where the frame ends can only be the end of the
 * outermost object: inside a nested one a closing bracket would be left over.
 */
export function salvageSuffix(tail: DirectBuffer): Salvage | undefined {
  const text = tail.latin1Slice(0, tail.length).trimEnd();
  for (let at = text.lastIndexOf('"id"'); at > 0; at = text.lastIndexOf('"id"', at - 1)) {
    if (!/[,{]\s*$/.test(text.slice(Math.max(0, at - 16), at))) continue;
    const object = encodeText(`{${decodeText(tail, at, text.length)}`);
    if (isJson(object)) return salvagePrefix(object, 0, object.length).found;
  }
  return undefined;
}

function isJson(bytes: DirectBuffer): boolean {
  try {
    parseText(bytes, 0, bytes.length);
    return true;
  } catch {
    return false;
  }
}
