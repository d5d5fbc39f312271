/** Whole values, checked or skipped. All functions return the position after the value, or -1 for a malformed one. */

import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LF,
  LOOSE_STOP,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SCALAR_END,
} from './byte.js';
import { skipScalar, skipString } from './token.js';
import type { Walk } from './walk.js';

/**
 * The kinds of the open containers, innermost last: one bit each (1 for an object), so that a frame
 * of nothing but brackets costs an eighth of its size. The innermost up to 32 live in `top`.
 */
class Nesting {
  #top = 0;
  #depth = 0;
  readonly #spilled: number[] = [];

  /** Enters a container. */
  push(isObject: boolean): void {
    if (this.#depth !== 0 && (this.#depth & 31) === 0) {
      this.#spilled.push(this.#top);
      this.#top = 0;
    }
    this.#top = (this.#top << 1) | (isObject ? 1 : 0);
    this.#depth++;
  }

  /** Leaves the innermost container; false where it was the outermost. */
  pop(): boolean {
    this.#depth--;
    if (this.#depth === 0) return false;
    this.#top = (this.#depth & 31) === 0 ? (this.#spilled.pop() as number) : this.#top >>> 1;
    return true;
  }

  /** Whether the innermost container is an object. */
  get isObject(): boolean {
    return (this.#top & 1) === 1;
  }
}

/** Passes the key at `i` and its colon, to the start of the value. */
function skipKey(walk: Walk, i: number): number {
  if (walk.at(i) !== QUOTE) return -1;
  const keyEnd = skipString(walk, i + 1, true);
  if (keyEnd < 0) return -1;
  const colon = walk.pastSpace(keyEnd);
  return walk.at(colon) === COLON ? walk.pastSpace(colon + 1) : -1;
}

/** Passes the checked container at `from`, without recursion. */
function skipContainer(walk: Walk, from: number): number {
  const nesting = new Nesting();
  let isObject = walk.at(from) === OPEN_BRACE;
  nesting.push(isObject);
  let i = walk.pastSpace(from + 1);
  let empty = walk.at(i) === (isObject ? CLOSE_BRACE : CLOSE_BRACKET);
  for (;;) {
    if (!empty) {
      if (isObject && (i = skipKey(walk, i)) < 0) return -1;
      const first = walk.at(i);
      if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        isObject = first === OPEN_BRACE;
        nesting.push(isObject);
        i = walk.pastSpace(i + 1);
        empty = walk.at(i) === (isObject ? CLOSE_BRACE : CLOSE_BRACKET);
        continue;
      }
      i = first === QUOTE ? skipString(walk, i + 1, true) : skipScalar(walk, i);
      if (i < 0) return -1;
      i = walk.pastSpace(i);
    }
    empty = false;
    while (walk.at(i) !== COMMA) {
      if (walk.at(i) !== (isObject ? CLOSE_BRACE : CLOSE_BRACKET)) return -1;
      if (!nesting.pop()) return i + 1;
      isObject = nesting.isObject;
      i = walk.pastSpace(i + 1);
    }
    i = walk.pastSpace(i + 1);
  }
}

/** Passes the container at `from` by counting brackets outside strings. */
function skipLooseContainer(walk: Walk, from: number): number {
  const { bytes, end } = walk;
  let depth = 0;
  let i = from;
  for (;;) {
    while (i < end && LOOSE_STOP[bytes[i] as number] === 0) i++;
    if (i === end) return -1;
    const stop = bytes[i] as number;
    i++;
    if (stop === QUOTE) {
      i = skipString(walk, i, false);
      if (i < 0) return -1;
    } else if (stop === OPEN_BRACE || stop === OPEN_BRACKET) {
      depth++;
    } else if (stop === CLOSE_BRACE || stop === CLOSE_BRACKET) {
      if (--depth === 0) return i;
    } else if (stop !== LF) {
      walk.high = true;
    } else if (!walk.whole) {
      return -1;
    }
  }
}

/** Passes a scalar of any content. */
function skipLooseScalar(walk: Walk, from: number): number {
  const { bytes, end } = walk;
  let i = from;
  while (i < end && SCALAR_END[bytes[i] as number] === 0) {
    if ((bytes[i] as number) >= 0x80) walk.high = true;
    i++;
  }
  return i === from ? -1 : i;
}

/** Passes a value that nobody looks into, checked only where the walk is strict. */
export function skipValue(walk: Walk, i: number): number {
  const first = walk.at(i);
  if (first === QUOTE) return skipString(walk, i + 1, walk.strict);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    return walk.strict ? skipContainer(walk, i) : skipLooseContainer(walk, i);
  }
  return walk.strict ? skipScalar(walk, i) : skipLooseScalar(walk, i);
}

/** Passes a value whose own token matters: a scalar is checked in every mode. */
export function visitValue(walk: Walk, i: number): number {
  const first = walk.at(i);
  if (first === QUOTE) return skipString(walk, i + 1, true);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? skipValue(walk, i) : skipScalar(walk, i);
}
