/**
 * Values whose weight is in a few long strings, such as images, files and rows of a database, as JSON. `JSON.stringify`
 * looks at every character of these and makes a second string of all, which then is encoded; here they are encoded once,
 * the addon escapes them, and only the rest is stringified.
 */

import { randomUUID } from 'node:crypto';
import type { NativeSystem } from '../backend/contract.js';
import { nativeSystem } from '../backend/select.js';
import { type DirectBuffer, encodeText } from '../base/bytes.js';

/** Strings from here on are worth it (UTF-16 units). */
const LONG = 16 * 1024;
/** So much of one is encoded and escaped at a time (UTF-16 units): it stays in the processor's cache, and with its escapes in 256 KiB. */
const PIECE = 192 * 1024;
/** Most bytes of UTF-8 for one unit. */
const UNIT_BYTES = 3;
/** Values with more items than that are not looked at (count). */
const ITEMS = 64;

/** Starts what stands for a string that was taken out; nobody can know it beforehand. */
const MARK = randomUUID();
const NOTHING = new Uint8Array(0);

type Members = Record<string, unknown>;

/** A value without its long strings. */
interface Light {
  /** A copy in which each stands as a mark. */
  readonly value: object;
  /** In the order in which they will be written. */
  readonly strings: readonly string[];
}

/** JSON text with long strings: the first of them begins behind `head`. */
export interface LongText {
  readonly head: string;
  readonly parts: readonly Uint8Array[];
  readonly tail: string;
}

/** Gives memory of at least so many bytes. */
export type Take = (bytes: number) => DirectBuffer;

function isPlain(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null || typeof (value as Members)['toJSON'] === 'function') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.length >= LONG;
}

function holdsLong(members: unknown): boolean {
  if (typeof members !== 'object' || members === null) return false;
  for (const key in members) {
    const value = (members as Members)[key];
    // What it is is asked last: nearly always there is no need to.
    if (isLong(value) || (key === 'resource' && holdsLong(value))) return isPlain(members);
  }
  return false;
}

function holdLong(items: unknown): boolean {
  if (!Array.isArray(items) || items.length > ITEMS) return false;
  for (const item of items) if (holdsLong(item)) return true;
  return false;
}

/** Where MCP has long strings: the member of params or of a result that holds them, if it does. */
function heavyMember(payload: Members): 'content' | 'contents' | 'arguments' | undefined {
  if (payload['content'] !== undefined) return holdLong(payload['content']) ? 'content' : undefined;
  if (payload['contents'] !== undefined) return holdLong(payload['contents']) ? 'contents' : undefined;
  return payload['arguments'] !== undefined && holdsLong(payload['arguments']) ? 'arguments' : undefined;
}

/** Whether it has a UTF-8 form. Half a surrogate pair has none, and is written as an escape. */
function isWellFormed(text: string): boolean {
  // Node's from 20 on, and not yet in the types of the language level that is compiled for.
  return (text as { isWellFormed?(): boolean }).isWellFormed?.() === true;
}

/** A copy without the long strings, which are added to `strings`. */
function without(members: unknown, strings: string[]): unknown {
  if (!isPlain(members)) return members;
  const copy = { ...members };
  for (const [key, value] of Object.entries(members)) {
    if (key === '__proto__') continue;
    if (isLong(value) && isWellFormed(value)) copy[key] = MARK + String(strings.push(value));
    else if (key === 'resource') copy[key] = without(value, strings);
  }
  return copy;
}

/** Whether params or a result may be worth it: what most are not. */
export function mayBeHeavy(payload: unknown): payload is Members {
  return typeof payload === 'object' && payload !== null && heavyMember(payload as Members) !== undefined;
}

/** Params or a result without its long strings; undefined where it has none that are worth it. */
function lighten(payload: unknown): Light | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const key = heavyMember(payload as Members);
  if (key === undefined || !isPlain(payload)) return undefined;
  const strings: string[] = [];
  const heavy = payload[key];
  const light = Array.isArray(heavy) ? heavy.map((item: unknown) => without(item, strings)) : without(heavy, strings);
  return strings.length === 0 ? undefined : { value: { ...payload, [key]: light }, strings };
}

const isHighSurrogate = (unit: number): boolean => (unit & 0xfc00) === 0xd800;

/** Escapes strings into memory that it is given. */
class Escaping {
  readonly parts: Uint8Array[] = [];
  private readonly native: NativeSystem;
  private readonly take: Take;
  private readonly utf8: DirectBuffer;

  constructor(native: NativeSystem, take: Take, longest: number) {
    this.native = native;
    this.take = take;
    this.utf8 = take(Math.min(longest, PIECE) * UNIT_BYTES);
  }

  /** Adds the contents of the text as a JSON string. */
  string(text: string): void {
    for (let from = 0; from < text.length; ) {
      let to = Math.min(from + PIECE, text.length);
      if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to--;
      this.piece(this.utf8.utf8Write(text.slice(from, to), 0, this.utf8.length));
      from = to;
    }
  }

  private piece(length: number): void {
    const needed = this.native.escape(this.utf8, 0, length, NOTHING);
    const out = this.take(needed);
    this.native.escape(this.utf8, 0, length, out);
    this.parts.push(out.subarray(0, needed));
  }
}

function write(value: object, strings: readonly string[], native: NativeSystem, take: Take): LongText | undefined {
  const text = JSON.stringify(value);
  const escaping = new Escaping(native, take, Math.max(...strings.map(({ length }) => length)));
  let head: string | undefined;
  let at = 0;
  for (const [index, string] of strings.entries()) {
    const mark = `${MARK}${index + 1}"`;
    const start = text.indexOf(mark, at);
    if (start < 0) return undefined;
    const between = text.slice(at, start);
    if (head === undefined) head = between;
    else escaping.parts.push(encodeText(between));
    escaping.string(string);
    at = start + mark.length - 1;
  }
  return { head: head ?? '', parts: escaping.parts, tail: text.slice(at) };
}

/** Where params or a result stand: in this object, as this member of it. */
export interface Around {
  readonly object: object;
  readonly key: string;
}

/**
 * The JSON text of params or a result, or of the object around it: text first and last, and in between bytes. Undefined where
 * it has no long strings that are worth it, where there is no addon, and where `JSON.stringify` has to do it all, or to say
 * why it can't.
 */
export function writeLong(payload: unknown, take: Take, around?: Around): LongText | undefined {
  const light = lighten(payload);
  const native = light && nativeSystem();
  if (light === undefined || native === undefined || (around !== undefined && !isPlain(around.object))) return undefined;
  const value = around === undefined ? light.value : { ...around.object, [around.key]: light.value };
  try {
    return write(value, light.strings, native, take);
  } catch {
    return undefined;
  }
}
