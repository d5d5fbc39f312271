/** RFC 6901 pointers, followed through bytes in one pass. */

import { Buffer } from 'node:buffer';
import { invalidArgument } from '../argument.js';
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './byte.js';
import { skipString } from './token.js';
import { skipValue } from './value.js';
import { Walk } from './walk.js';

/** One reference token of a pointer. */
interface Step {
  readonly key: string;
  /** The key in UTF-8; empty and unusable where it has lone surrogates, which only escapes can write. */
  readonly bytes: Buffer;
  readonly isWellFormed: boolean;
  /** The key as an array index, -1 where it is none. */
  readonly index: number;
}

function stepOf(token: string): Step {
  if (/~(?![01])/.test(token)) throw invalidArgument('pointer: a ~ must be followed by 0 or 1');
  const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
  const bytes = Buffer.from(key);
  return { key, bytes, isWellFormed: bytes.toString() === key, index: /^(?:0|[1-9]\d*)$/.test(key) ? Number(key) : -1 };
}

function stepsOf(pointer: string): Step[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw invalidArgument('pointer: must be empty or start with /');
  return pointer.slice(1).split('/').map(stepOf);
}

/** Whether the key `[start, end)`, quotes not included, is the step's. */
function isKey(walk: Walk, step: Step, start: number, end: number): boolean {
  const { bytes } = walk;
  if (!walk.escaped) return step.isWellFormed && bytes.compare(step.bytes, 0, step.bytes.length, start, end) === 0;
  // A token is at most six times as long as the UTF-8 of what it stands for.
  if (end - start > 6 * step.bytes.length || end - start < step.key.length) return false;
  try {
    return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) === step.key;
  } catch {
    return false;
  }
}

/**
 * One call of find. The search goes down wherever a step matches and goes on behind the value, so that a
 * later duplicate key forgets what an earlier one led to, at any depth, in one pass.
 */
class Search {
  readonly #walk: Walk;
  readonly #steps: readonly Step[];
  /** For each step entered: 1 where its container is an object. */
  readonly #isObject: Uint8Array;
  /** For each step entered: the index of the next element. */
  readonly #index: Int32Array;
  /** The step at hand. */
  #level = -1;
  /** Whether the member at hand is the one that the step names. */
  #matches = false;
  #start = -1;
  #end = -1;

  constructor(walk: Walk, steps: readonly Step[]) {
    this.#walk = walk;
    this.#steps = steps;
    this.#isObject = new Uint8Array(steps.length);
    this.#index = new Int32Array(steps.length);
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
    this.#level++;
    this.#isObject[this.#level] = this.#walk.at(i) === OPEN_BRACE ? 1 : 0;
    this.#index[this.#level] = 0;
    return this.#walk.pastSpace(i + 1);
  }

  #closesAt(i: number): boolean {
    return this.#walk.at(i) === (this.#isObject[this.#level] === 1 ? CLOSE_BRACE : CLOSE_BRACKET);
  }

  /** Passes the key of the member at `i`, if it has one, to its value, and tells in `#matches` whether the step names it. */
  #toValue(i: number): number {
    const walk = this.#walk;
    const step = this.#steps[this.#level] as Step;
    if (this.#isObject[this.#level] === 0) {
      this.#matches = (this.#index[this.#level] as number) === step.index;
      this.#index[this.#level] = (this.#index[this.#level] as number) + 1;
      return i;
    }
    if (walk.at(i) !== QUOTE) return -1;
    walk.escaped = false;
    const keyEnd = skipString(walk, i + 1, false);
    if (keyEnd < 0) return -1;
    this.#matches = isKey(walk, step, i + 1, keyEnd - 1);
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
