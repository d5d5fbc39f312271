/** One JSON-RPC object: which members it has, where they are, and what that makes it. */

import { Buffer } from 'node:buffer';
import { FIELD, ID_TYPE, KIND, RECORD_FLAG, RECORD_INTS, STATUS } from '../contract.js';
import { makeValue } from './make.js';
import { skipString } from './token.js';
import { pastSpace, skipValue, visitValue } from './value.js';
import type { Walk } from './walk.js';

const BACKSLASH = 0x5c;
const CLOSE_BRACE = 0x7d;
const COLON = 0x3a;
const COMMA = 0x2c;
const LOWER_N = 0x6e;
const MINUS = 0x2d;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const QUOTE = 0x22;
const ZERO = 0x30;

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

const NAMES = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
const KEYS = NAMES.map(bytesOf);
/** The keys as most write them, without a space before the colon. */
const USUAL_KEYS = NAMES.map((name) => bytesOf(`"${name}":`));
const USUAL_VERSION = bytesOf('"2.0"');
/** Places in KEYS; OTHER for any other key. */
const KEY = { VERSION: 0, ID: 1, METHOD: 2, PARAMS: 3, RESULT: 4, ERROR: 5, OTHER: -1 } as const;
/** The only key that begins with a byte. */
const KEY_BY_FIRST = new Int8Array(256).fill(KEY.OTHER);
KEYS.forEach((key, place) => (KEY_BY_FIRST[key[0] as number] = place));
/** `jsonrpc` with each of its letters escaped. */
const LONGEST_ESCAPED_KEY = 7 * 6;
/** `2.0` likewise. */
const LONGEST_ESCAPED_VERSION = 3 * 6;
/** `-2147483648` */
const LONGEST_INT32 = 11;

const ABSENT = 0;
const RIGHT = 1;
const WRONG = 2;

function matches(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let n = 0; n < word.length; n++) {
    if (bytes[start + n] !== word[n]) return false;
  }
  return true;
}

/** Whether the text goes on with `word` at `i`. */
function holds(walk: Walk, i: number, word: Uint8Array): boolean {
  return i + word.length <= walk.end && matches(walk.bytes, i, word);
}

/** The place in KEYS of the key whose bytes are `[start, end)`. */
function keyOf(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return KEY.OTHER;
  const key = KEY_BY_FIRST[bytes[start] as number] as number;
  if (key === KEY.OTHER) return key;
  const word = KEYS[key] as Uint8Array;
  return word.length === end - start && matches(bytes, start, word) ? key : KEY.OTHER;
}

/** As {@link keyOf}, for a key that holds escapes. */
function escapedKeyOf(bytes: Buffer, start: number, end: number): number {
  if (end - start > LONGEST_ESCAPED_KEY) return KEY.OTHER;
  const key = Buffer.from(JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string);
  return keyOf(key, 0, key.length);
}

/** Whether the token `[start, end)`, a valid JSON value, is the string "2.0". */
function isVersion(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== QUOTE) return false;
  if (end - start === 5 && bytes[start + 1] === 0x32 && bytes[start + 2] === 0x2e) return bytes[start + 3] === 0x30;
  if (end - start > LONGEST_ESCAPED_VERSION + 2 || !bytes.subarray(start, end).includes(BACKSLASH)) return false;
  return JSON.parse(bytes.toString('utf8', start, end)) === '2.0';
}

const mixed = (hash: number, word: number): number => Math.imul(hash ^ word, 0x9e3779b1);

function wordAt(bytes: Uint8Array, i: number): number {
  return (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24);
}

/** The hash of `[start, end)` that FIELD.METHOD_HASH tells of. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let i = start;
  if (hash >= 4) {
    for (; end - i > 4; i += 4) hash = mixed(hash, wordAt(bytes, i));
    hash = mixed(hash, wordAt(bytes, end - 4));
  } else {
    for (; i < end; i++) hash = mixed(hash, bytes[i] as number);
  }
  return hash ^ (hash >>> 15);
}

/** What was visited of one object. One instance serves a whole scan. */
export class Envelope {
  #version = ABSENT;
  #id = ABSENT;
  #idType: number = ID_TYPE.NONE;
  #idValue = 0;
  #idStart = 0;
  #idEnd = 0;
  #method = ABSENT;
  #methodStart = 0;
  #methodEnd = 0;
  #flags = 0;
  /** Starts and ends of the payloads; a start of 0 is an absent one, since a value never begins the bytes. */
  #paramsStart = 0;
  #paramsEnd = 0;
  #resultStart = 0;
  #resultEnd = 0;
  #errorStart = 0;
  #errorEnd = 0;

  /** Passes the object whose brace is at `from`; returns the position after it, or -1 for malformed text. */
  visit(walk: Walk, from: number): number {
    this.#clear();
    let i = walk.pastSpace(from + 1);
    if (walk.at(i) === CLOSE_BRACE) return i + 1;
    for (;;) {
      i = this.#visitMember(walk, i);
      if (i < 0) return -1;
      i = pastSpace(walk, i);
      if (walk.at(i) !== COMMA) return walk.at(i) === CLOSE_BRACE ? i + 1 : -1;
      i = pastSpace(walk, i + 1);
    }
  }

  /** Writes the record of the object `[start, end)` that was visited last, as record number `place` counted from 0. */
  write(walk: Walk, table: Int32Array, place: number, start: number, end: number, batch: number): void {
    const { bytes } = walk;
    const status = this.#judge(bytes);
    const base = (place + 1) * RECORD_INTS;
    table[base + FIELD.KIND] = status === STATUS.OK ? this.#kind() : KIND.INVALID;
    table[base + FIELD.FLAGS] = this.#flags;
    table[base + FIELD.START] = start;
    table[base + FIELD.END] = end;
    table[base + FIELD.ID_TYPE] = this.#idType;
    table[base + FIELD.ID_VALUE] = this.#idValue;
    table[base + FIELD.ID_START] = this.#idStart;
    table[base + FIELD.ID_END] = this.#idEnd;
    table[base + FIELD.METHOD_START] = this.#methodStart;
    table[base + FIELD.METHOD_END] = this.#methodEnd;
    table[base + FIELD.METHOD_HASH] = this.#method === RIGHT ? hashOf(bytes, this.#methodStart, this.#methodEnd) : 0;
    const called = this.#method !== ABSENT;
    const answered = this.#resultStart !== 0;
    table[base + FIELD.PAYLOAD_START] = called ? this.#paramsStart : answered ? this.#resultStart : this.#errorStart;
    table[base + FIELD.PAYLOAD_END] = called ? this.#paramsEnd : answered ? this.#resultEnd : this.#errorEnd;
    table[base + FIELD.STATUS] = status;
    table[base + FIELD.BATCH] = batch;
    table[base + RECORD_INTS - 1] = 0;
  }

  #clear(): void {
    this.#version = ABSENT;
    this.#id = ABSENT;
    this.#idType = ID_TYPE.NONE;
    this.#idValue = 0;
    this.#idStart = 0;
    this.#idEnd = 0;
    this.#method = ABSENT;
    this.#methodStart = 0;
    this.#methodEnd = 0;
    this.#flags = 0;
    this.#paramsStart = 0;
    this.#paramsEnd = 0;
    this.#resultStart = 0;
    this.#resultEnd = 0;
    this.#errorStart = 0;
    this.#errorEnd = 0;
  }

  /** Passes the member at `from`, keeping what its key is for. The last of duplicates stays. */
  #visitMember(walk: Walk, from: number): number {
    const { bytes } = walk;
    const likely = KEY_BY_FIRST[walk.at(from + 1)] as number;
    if (likely !== KEY.OTHER && holds(walk, from, USUAL_KEYS[likely] as Uint8Array)) {
      return this.#visitValue(walk, likely, pastSpace(walk, from + (USUAL_KEYS[likely] as Uint8Array).length));
    }
    if (walk.at(from) !== QUOTE) return -1;
    walk.escaped = false;
    const keyEnd = skipString(walk, from + 1, true) - 1;
    if (keyEnd < 0) return -1;
    const key = walk.escaped ? escapedKeyOf(bytes, from + 1, keyEnd) : keyOf(bytes, from + 1, keyEnd);
    const colon = pastSpace(walk, keyEnd + 1);
    return walk.at(colon) === COLON ? this.#visitValue(walk, key, pastSpace(walk, colon + 1)) : -1;
  }

  #visitValue(walk: Walk, key: number, i: number): number {
    if (key === KEY.OTHER) return skipValue(walk, i);
    if (key === KEY.ID) return this.#visitId(walk, i);
    if (key === KEY.METHOD) return this.#visitMethod(walk, i);
    if (key === KEY.VERSION) {
      if (holds(walk, i, USUAL_VERSION)) {
        this.#version = RIGHT;
        return i + USUAL_VERSION.length;
      }
      const versionEnd = visitValue(walk, i);
      if (versionEnd >= 0) this.#version = isVersion(walk.bytes, i, versionEnd) ? RIGHT : WRONG;
      return versionEnd;
    }
    const end = i < walk.foreseen ? makeValue(walk, i) : skipValue(walk, i);
    if (key === KEY.PARAMS) {
      this.#paramsStart = i;
      this.#paramsEnd = end;
    } else if (key === KEY.RESULT) {
      this.#resultStart = i;
      this.#resultEnd = end;
    } else {
      this.#errorStart = i;
      this.#errorEnd = end;
    }
    return end;
  }

  #visitMethod(walk: Walk, i: number): number {
    walk.escaped = false;
    const end = visitValue(walk, i);
    const isString = walk.at(i) === QUOTE;
    this.#method = isString ? RIGHT : WRONG;
    this.#methodStart = isString ? i + 1 : 0;
    this.#methodEnd = isString ? end - 1 : 0;
    this.#flag(RECORD_FLAG.METHOD_ESCAPED, isString && walk.escaped);
    return end;
  }

  #visitId(walk: Walk, i: number): number {
    walk.escaped = false;
    const end = visitValue(walk, i);
    if (end < 0) return -1;
    const type = this.#typeId(walk.bytes, i, end);
    this.#idType = type;
    this.#id = type === ID_TYPE.NONE ? WRONG : RIGHT;
    this.#idStart = type === ID_TYPE.NONE ? 0 : i;
    this.#idEnd = type === ID_TYPE.NONE ? 0 : end;
    this.#flag(RECORD_FLAG.ID_ESCAPED, type === ID_TYPE.STRING && walk.escaped);
    return end;
  }

  #flag(flag: number, on: boolean): void {
    this.#flags = on ? this.#flags | flag : this.#flags & ~flag;
  }

  /** The type of the id `[start, end)`, a valid JSON value; NONE for one that no id may be. Sets the id's value. */
  #typeId(bytes: Uint8Array, start: number, end: number): number {
    this.#idValue = 0;
    const first = bytes[start] as number;
    if (first === QUOTE) return ID_TYPE.STRING;
    if (first === LOWER_N) return ID_TYPE.NULL;
    if (first !== MINUS && (first < ZERO || first > NINE)) return ID_TYPE.NONE;
    if (end - start > LONGEST_INT32) return ID_TYPE.NUMBER;
    let value = 0;
    for (let i = first === MINUS ? start + 1 : start; i < end; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit < 0 || digit > 9) return ID_TYPE.NUMBER;
      value = value * 10 + digit;
    }
    if (first === MINUS) value = -value;
    // -0 is equal to its own `| 0`, but its token is not canonical.
    if (value !== (value | 0) || (value === 0 && first === MINUS)) return ID_TYPE.NUMBER;
    this.#idValue = value;
    return ID_TYPE.INT32;
  }

  /** The first rule broken, in the order of STATUS. */
  #judge(bytes: Uint8Array): number {
    const called = this.#method !== ABSENT;
    const answered = this.#resultStart !== 0;
    const failed = this.#errorStart !== 0;
    if (this.#version !== RIGHT) return STATUS.BAD_VERSION;
    if (this.#id === WRONG) return STATUS.BAD_ID;
    if (this.#method === WRONG) return STATUS.BAD_METHOD;
    if (called && (answered || failed)) return STATUS.CALL_AND_ANSWER;
    if (called) {
      if (this.#paramsStart === 0) return STATUS.OK;
      const first = bytes[this.#paramsStart] as number;
      return first === OPEN_BRACE || first === OPEN_BRACKET || first === LOWER_N ? STATUS.OK : STATUS.BAD_PARAMS;
    }
    if (answered && failed) return STATUS.RESULT_AND_ERROR;
    if (answered) return this.#id === ABSENT ? STATUS.MISSING_ID : STATUS.OK;
    if (failed) return bytes[this.#errorStart] === OPEN_BRACE ? STATUS.OK : STATUS.BAD_ERROR;
    return STATUS.NO_METHOD;
  }

  /** The kind of an object that breaks no rule. */
  #kind(): number {
    if (this.#method === ABSENT) return this.#resultStart !== 0 ? KIND.RESPONSE : KIND.ERROR;
    return this.#id === ABSENT ? KIND.NOTIFICATION : KIND.REQUEST;
  }
}
