/**
 * Messages that consist of a few long strings, such as images and files, on their way out. `JSON.stringify` looks at every
 * character of these and makes a second string of all, which then is encoded; here they are encoded once, the addon
 * escapes them into pooled memory, and only the rest is stringified.
 */

import { randomUUID } from 'node:crypto';
import type { NativeSystem } from '../backend/contract.js';
import { nativeSystem } from '../backend/select.js';
import { type DirectBuffer, encodeText } from '../base/bytes.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Slab } from '../buffer/slab.js';
import type { ZeroCopyTransport } from '../transport/contract.js';

/** Strings from here on are worth it (UTF-16 units). */
const LONG = 16 * 1024;
/** So much of one is encoded and escaped at a time (UTF-16 units): it stays in the processor's cache, and with its escapes in a slab of 256 KiB. */
const PIECE = 192 * 1024;
/** Most bytes of UTF-8 for one unit. */
const UNIT_BYTES = 3;
/** Messages with more items than that are not looked at (count). */
const ITEMS = 64;

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

/** Whether it has a UTF-8 form. Half a surrogate pair has none, and is written as an escape. */
function isWellFormed(text: string): boolean {
  // Node's from 20 on, and not yet in the types of the language level that is compiled for.
  return (text as { isWellFormed?(): boolean }).isWellFormed?.() === true;
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
      if (isLong(value) && isWellFormed(value)) copy[key] = MARK + String(this.strings.push(value));
      else if (key === 'resource') copy[key] = this.members(value);
    }
    return copy;
  }
}

const NOTHING = new Uint8Array(0);

const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800;

/** Escapes strings into slabs. */
class Escaping {
  readonly parts: Uint8Array[] = [];
  private readonly slabs: Slab[] = [];
  private readonly native: NativeSystem;
  private readonly manager: BufferManager;

  constructor(native: NativeSystem, manager: BufferManager) {
    this.native = native;
    this.manager = manager;
  }

  /** Adds the contents of the text as a JSON string. */
  string(text: string): void {
    const scratch = this.manager.takeWriteSlab(Math.min(text.length, PIECE) * UNIT_BYTES);
    try {
      for (let from = 0; from < text.length; ) {
        let to = Math.min(from + PIECE, text.length);
        if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to--;
        this.piece(scratch.bytes, scratch.bytes.utf8Write(text.slice(from, to), 0, scratch.capacity));
        from = to;
      }
    } finally {
      scratch.release();
    }
  }

  release(): void {
    for (const slab of this.slabs) slab.release();
  }

  private piece(utf8: DirectBuffer, length: number): void {
    const needed = this.native.escape(utf8, 0, length, NOTHING);
    const slab = this.manager.takeWriteSlab(needed);
    this.slabs.push(slab);
    this.native.escape(utf8, 0, length, slab.bytes);
    this.parts.push(slab.bytes.subarray(0, needed));
  }
}

/** Adds the message; false where `JSON.stringify` has to do it all. */
function encode(message: Members, payload: 'result' | 'params', key: string, escaping: Escaping): boolean {
  const extraction = new Extraction();
  const copy = extraction.message(message, payload, key);
  if (extraction.strings.length === 0) return false;
  const light = JSON.stringify(copy);
  let at = 0;
  for (const [index, text] of extraction.strings.entries()) {
    const mark = `${MARK}${index + 1}"`;
    const start = light.indexOf(mark, at);
    if (start < 0) return false;
    escaping.parts.push(encodeText(light.slice(at, start)));
    escaping.string(text);
    at = start + mark.length - 1;
  }
  escaping.parts.push(encodeText(light.slice(at)));
  return true;
}

/** As {@link encode}; what is thrown, `JSON.stringify` of all of it will throw as well. */
function tryEncode(message: Members, payload: 'result' | 'params', key: string, escaping: Escaping): boolean {
  try {
    return encode(message, payload, key, escaping);
  } catch {
    return false;
  }
}

/** Sends the message if its weight is in such strings; undefined where it is not, and nothing was sent. */
export function sendLong(transport: ZeroCopyTransport, message: object): Promise<void> | undefined {
  const native = nativeSystem();
  const { result, params } = message as Members;
  const payload = result === undefined ? 'params' : 'result';
  const key = native === undefined ? undefined : heavyMember(result ?? params);
  if (native === undefined || key === undefined || !isPlain(message)) return undefined;
  const escaping = new Escaping(native, transport.buffers);
  if (!tryEncode(message, payload, key, escaping)) {
    escaping.release();
    return undefined;
  }
  const sent = transport.sendBytes(escaping.parts);
  // Where it failed a write may still be under way: that memory is left to the garbage collector.
  sent.then(() => escaping.release(), () => undefined);
  return sent;
}
