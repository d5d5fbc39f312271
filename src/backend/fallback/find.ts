/** RFC 6901 pointers, followed through bytes in one pass. */

import { Buffer } from 'node:buffer';
import { invalidArgument } from '../argument.js';
import { skipString } from './token.js';
import { skipValue } from './value.js';
import { Walk } from './walk.js';

const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const QUOTE = 0x22;

/** One reference token of a pointer. */
class Step {
  readonly key: string;
  #utf8: Buffer | undefined;

  constructor(token: string) {
    this.key = token.includes('~') ? token.replaceAll('~1', '/').replaceAll('~0', '~') : token;
  }

  /** The key as an array index, -1 where it is none. */
  get index(): number {
    return /^(?:0|[1-9]\d*)$/.test(this.key) ? Number(this.key) : -1;
  }

  /** Whether the bytes `[start, end)`, which hold no escape, spell the key. */
  isRaw(bytes: Buffer, start: number, end: number): boolean {
    const { key } = this;
    if (end - start < key.length) return false;
    for (let n = 0; n < key.length; n++) {
      const unit = key.charCodeAt(n);
      if (unit >= 0x80) return this.#isRawUtf8(bytes, start, end);
      if (bytes[start + n] !== unit) return false;
    }
    return end - start === key.length;
  }

  #isRawUtf8(bytes: Buffer, start: number, end: number): boolean {
    this.#utf8 ??= this.#encode();
    return this.#utf8.length > 0 && bytes.compare(this.#utf8, 0, this.#utf8.length, start, end) === 0;
  }

  /** The key in UTF-8; empty where it has lone surrogates, which only escapes can write. */
  #encode(): Buffer {
    const utf8 = Buffer.from(this.key);
    return utf8.toString() === this.key ? utf8 : Buffer.alloc(0);
  }

  /** Whether the bytes `[start, end)` spell the key with escapes. */
  isEscaped(bytes: Buffer, start: number, end: number): boolean {
    // A unit of the key takes at least one byte, and at most six.
    if (end - start < this.key.length || end - start > 6 * this.key.length) return false;
    try {
      return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) === this.key;
    } catch {
      return false;
    }
  }
}

function stepsOf(pointer: string): Step[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw invalidArgument('pointer: must be empty or start with /');
  if (pointer.includes('~') && /~(?![01])/.test(pointer)) throw invalidArgument('pointer: a ~ must be followed by 0 or 1');
  return pointer
    .slice(1)
    .split('/')
    .map((token) => new Step(token));
}

/**
 * One call of find. The search goes down wherever a step matches and goes on behind the value, so that a
 * later duplicate key forgets what an earlier one led to, at any depth, in one pass.
 */
class Search {
  readonly #walk: Walk;
  readonly #steps: readonly Step[];
  /** For each step entered: the bracket that closes its container. */
  readonly #closers: number[] = [];
  /** For each step entered: the elements before the one that it names, yet to come; below 0 for none to come. */
  readonly #ahead: number[] = [];
  /** The step at hand. */
  #level = -1;
  /** Whether the member at hand is the one that the step names. */
  #matches = false;
  #start = -1;
  #end = -1;

  constructor(walk: Walk, steps: readonly Step[]) {
    this.#walk = walk;
    this.#steps = steps;
  }

  /** Searches the text from `from` to the walk's end. */
  run(from: number, range: Int32Array): boolean {
    const walk = this.#walk;
    const start = walk.pastSpace(from);
    const isWhole = this.#steps.length === 0;
    if (!isWhole && !this.#isContainer(start)) return false;
    const end = isWhole ? skipValue(walk, start) : this.#descend(start);
    if (end < 0 || walk.pastSpace(end) !== walk.end) return false;
    if (!isWhole && this.#start < 0) return false;
    range[0] = isWhole ? start : this.#start;
    range[1] = isWhole ? end : this.#end;
    return true;
  }

  #isContainer(i: number): boolean {
    const first = this.#walk.at(i);
    return first === OPEN_BRACE || first === OPEN_BRACKET;
  }

  /** Enters the container at `i` for the next step; returns the position of its first member or of its closing bracket. */
  #enter(i: number): number {
    const isObject = this.#walk.at(i) === OPEN_BRACE;
    this.#level++;
    this.#closers[this.#level] = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
    this.#ahead[this.#level] = isObject ? 0 : (this.#steps[this.#level] as Step).index;
    return this.#walk.pastSpace(i + 1);
  }

  #closesAt(i: number): boolean {
    return this.#walk.at(i) === this.#closers[this.#level];
  }

  /** Passes the key of the member at `i`, if it has one, to its value, and tells in `#matches` whether the step names it. */
  #toValue(i: number): number {
    const walk = this.#walk;
    if (this.#closers[this.#level] === CLOSE_BRACKET) {
      const ahead = this.#ahead[this.#level] as number;
      this.#matches = ahead === 0;
      this.#ahead[this.#level] = ahead - 1;
      return i;
    }
    if (walk.at(i) !== QUOTE) return -1;
    walk.escaped = false;
    const keyEnd = skipString(walk, i + 1, false);
    if (keyEnd < 0) return -1;
    const step = this.#steps[this.#level] as Step;
    const { bytes, escaped } = walk;
    this.#matches = escaped ? step.isEscaped(bytes, i + 1, keyEnd - 1) : step.isRaw(bytes, i + 1, keyEnd - 1);
    const colon = walk.pastSpace(keyEnd);
    return walk.at(colon) === COLON ? walk.pastSpace(colon + 1) : -1;
  }

  /** Walks the container at `from`, and those below it that the steps lead into; returns the position after it, or -1. */
  #descend(from: number): number {
    const walk = this.#walk;
    let i = this.#enter(from);
    let empty = this.#closesAt(i);
    for (;;) {
      if (!empty) {
        const value = this.#toValue(i);
        if (value < 0) return -1;
        const last = this.#level + 1 === this.#steps.length;
        if (this.#matches) this.#start = -1;
        if (this.#matches && !last && this.#isContainer(value)) {
          i = this.#enter(value);
          empty = this.#closesAt(i);
          continue;
        }
        i = skipValue(walk, value);
        if (i < 0) return -1;
        if (this.#matches && last) {
          this.#start = value;
          this.#end = i;
        }
        i = walk.pastSpace(i);
      }
      empty = false;
      while (walk.at(i) !== COMMA) {
        if (!this.#closesAt(i)) return -1;
        if (this.#level === 0) return i + 1;
        this.#level--;
        i = walk.pastSpace(i + 1);
      }
      i = walk.pastSpace(i + 1);
    }
  }
}

/** Backend.find, for arguments that were checked. */
export function findValue(bytes: Uint8Array, start: number, end: number, pointer: string, range: Int32Array): boolean {
  const steps = stepsOf(pointer);
  const walk = new Walk(bytes, end, { strict: false, whole: true, trusting: true });
  return new Search(walk, steps).run(start, range);
}
