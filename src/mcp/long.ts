/**
 * Messages that consist of a few long strings without escapes, such as images, on their way out. `JSON.stringify` looks
 * at every character of these and makes a second string of all; here they are encoded once, into pooled memory, the
 * scanner looks for what would have to be escaped, and only the rest is stringified.
 */

import { randomUUID } from 'node:crypto';
import { FIELD, RECORD_INTS, STATUS } from '../backend/contract.js';
import { encodeText } from '../base/bytes.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Slab } from '../buffer/slab.js';
import { WHOLE, scanWhole } from '../message/whole.js';
import type { ZeroCopyTransport } from '../transport/contract.js';

/** Strings from here on are worth it (UTF-16 units). */
const LONG = 64 * 1024;
/** Messages with more items than that are not looked at (count). */
const ITEMS = 64;

const QUOTE = 0x22;

/** Starts what stands for a string that was taken out; nobody can know it beforehand. */
const MARK = randomUUID();

type Members = Record<string, unknown>;

function isPlain(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null || typeof (value as Members)['toJSON'] === 'function') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.length >= LONG;
}

function holdsLong(members: unknown): boolean {
  if (!isPlain(members)) return false;
  for (const key in members) {
    if (isLong(members[key]) || (key === 'resource' && holdsLong(members[key]))) return true;
  }
  return false;
}

/** Where MCP has long strings: the member of `payload` that holds them, if it does. */
function heavyMember(payload: unknown): 'content' | 'contents' | 'arguments' | undefined {
  if (!isPlain(payload)) return undefined;
  for (const key of ['content', 'contents'] as const) {
    const items = payload[key];
    if (Array.isArray(items) && items.length <= ITEMS && items.some(holdsLong)) return key;
  }
  return holdsLong(payload['arguments']) ? 'arguments' : undefined;
}

/** Whether the text may be JSON between quotes as it is. Control characters are left to the scanner, but for the usual one. */
function isLikelyPlain(text: string): boolean {
  // `isWellFormed` is Node's from 20 on, and not yet in the types of the language level that is compiled for.
  return !text.includes('"') && !text.includes('\\') && !text.includes('\n') && (text as { isWellFormed?(): boolean }).isWellFormed?.() === true;
}

/** Replaces long strings by marks, in copies. */
class Extraction {
  readonly strings: string[] = [];

  /** A message whose `result` or `params` has the heavy member `key`. */
  message(message: Members, payload: 'result' | 'params', key: string): Members {
    const members = message[payload] as Members;
    const heavy = members[key];
    const light = Array.isArray(heavy) ? heavy.map((item: unknown) => this.members(item)) : this.members(heavy);
    return { ...message, [payload]: { ...members, [key]: light } };
  }

  private members(members: unknown): unknown {
    if (!isPlain(members)) return members;
    const copy = { ...members };
    for (const [key, value] of Object.entries(members)) {
      if (key === '__proto__') continue;
      if (isLong(value) && isLikelyPlain(value)) copy[key] = MARK + String(this.strings.push(value));
      else if (key === 'resource') copy[key] = this.members(value);
    }
    return copy;
  }
}

/** Whether the bytes are JSON, given that they start and end with the only quotes in them. */
function isString(bytes: Uint8Array, length: number): boolean {
  scanWhole(bytes, length);
  return WHOLE[RECORD_INTS + FIELD.STATUS] === STATUS.NOT_OBJECT;
}

/** The text as a JSON string, in a slab of its own; null where it needs escapes after all. */
function encodeString(text: string, manager: BufferManager): { slab: Slab; bytes: Uint8Array } | null {
  const length = Buffer.byteLength(text) + 2;
  const slab = manager.takeWriteSlab(length);
  const { bytes } = slab;
  bytes[0] = QUOTE;
  bytes.utf8Write(text, 1, length - 2);
  bytes[length - 1] = QUOTE;
  if (isString(bytes, length)) return { slab, bytes: bytes.subarray(0, length) };
  slab.release();
  return null;
}

/** The message in parts, and the slabs that they lie in; null where `JSON.stringify` has to do it all. */
function encode(message: Members, payload: 'result' | 'params', key: string, manager: BufferManager): { parts: Uint8Array[]; slabs: Slab[] } | null {
  const extraction = new Extraction();
  const copy = extraction.message(message, payload, key);
  if (extraction.strings.length === 0) return null;
  const light = JSON.stringify(copy);
  const parts: Uint8Array[] = [];
  const slabs: Slab[] = [];
  let at = 0;
  for (const [index, text] of extraction.strings.entries()) {
    const mark = `"${MARK}${index + 1}"`;
    const start = light.indexOf(mark, at);
    const encoded = start < 0 ? null : encodeString(text, manager);
    if (encoded === null) {
      for (const slab of slabs) slab.release();
      return null;
    }
    parts.push(encodeText(light.slice(at, start)), encoded.bytes);
    slabs.push(encoded.slab);
    at = start + mark.length;
  }
  parts.push(encodeText(light.slice(at)));
  return { parts, slabs };
}

/** Sends the message if its weight is in such strings; undefined where it is not, and nothing was sent. */
export function sendLong(transport: ZeroCopyTransport, message: object): Promise<void> | undefined {
  const { result, params } = message as Members;
  const payload = result === undefined ? 'params' : 'result';
  const key = heavyMember(result ?? params);
  if (key === undefined || !isPlain(message)) return undefined;
  const encoded = encode(message, payload, key, transport.buffers);
  if (encoded === null) return undefined;
  const sent = transport.sendBytes(encoded.parts);
  // Where it failed a write may still be under way: that memory is left to the garbage collector.
  sent.then(() => encoded.slabs.forEach((slab) => slab.release()), () => undefined);
  return sent;
}
