/** Whole values, checked or skipped. All functions return the position after the value, or -1 for a malformed one. */

import { tableOf } from './byte.js';
import { skipScalar, skipString } from './token.js';
import type { Walk } from './walk.js';

const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** From a bracket to the one that closes it. */
const TO_CLOSER = 2;

/** White space, operators and quotes: where a scalar ends that is skipped unchecked. */
const SCALAR_END = tableOf(' \t\n\r,:[]{}"');
/** What a loose walk over nested values stops at: brackets, quotes, line feeds, and bytes past ASCII. */
const LOOSE_STOP = tableOf('[]{}"\n').fill(1, 0x80);

/**
 * The kinds of the open containers, innermost last: one bit each (1 for an object), so that a frame
 * of nothing but brackets costs an eighth of its size. The innermost up to 32 live in `top`.
 */
class Nesting {
  #top = 0;
  #depth = 0;
  /** Made when it is needed: most values are not so deep. */
  #spilled: number[] | undefined = undefined;

  /** Enters a container that `closer` closes. */
  push(closer: number): void {
    if (this.#depth !== 0 && (this.#depth & 31) === 0) {
      (this.#spilled ??= []).push(this.#top);
      this.#top = 0;
    }
    this.#top = (this.#top << 1) | (closer === CLOSE_BRACE ? 1 : 0);
    this.#depth++;
  }

  /** Leaves the innermost container; returns what closes the one around it, 0 where there is none. */
  pop(): number {
    this.#depth--;
    if (this.#depth === 0) return 0;
    this.#top = (this.#depth & 31) === 0 ? (this.#spilled?.pop() as number) : this.#top >>> 1;
    return (this.#top & 1) === 1 ? CLOSE_BRACE : CLOSE_BRACKET;
  }
}

/** As Walk.pastSpace, without a call where there is none, as between most tokens. */
export function pastSpace(walk: Walk, i: number): number {
  return i < walk.end && (walk.bytes[i] as number) > SPACE ? i : walk.pastSpace(i);
}

/** Passes the key at `i` and its colon, to the start of the value. */
function skipKey(walk: Walk, i: number): number {
  if (walk.at(i) !== QUOTE) return -1;
  const keyEnd = skipString(walk, i + 1, true);
  if (keyEnd < 0) return -1;
  const colon = pastSpace(walk, keyEnd);
  return walk.at(colon) === COLON ? pastSpace(walk, colon + 1) : -1;
}

/** Passes the checked container at `from`, without recursion. */
function skipContainer(walk: Walk, from: number): number {
  const { bytes, end } = walk;
  const nesting = new Nesting();
  let closer = (bytes[from] as number) + TO_CLOSER;
  nesting.push(closer);
  let i = pastSpace(walk, from + 1);
  let empty = walk.at(i) === closer;
  for (;;) {
    if (!empty) {
      if (closer === CLOSE_BRACE && (i = skipKey(walk, i)) < 0) return -1;
      const first = i < end ? (bytes[i] as number) : 0;
      if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        closer = first + TO_CLOSER;
        nesting.push(closer);
        i = pastSpace(walk, i + 1);
        empty = walk.at(i) === closer;
        continue;
      }
      i = first === QUOTE ? skipString(walk, i + 1, true) : skipScalar(bytes, i, end);
      if (i < 0) return -1;
      i = pastSpace(walk, i);
    }
    empty = false;
    while (walk.at(i) !== COMMA) {
      if (walk.at(i) !== closer) return -1;
      closer = nesting.pop();
      if (closer === 0) return i + 1;
      i = pastSpace(walk, i + 1);
    }
    i = pastSpace(walk, i + 1);
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
  return walk.strict ? skipScalar(walk.bytes, i, walk.end) : skipLooseScalar(walk, i);
}

/** Passes a value whose own token matters: a scalar is checked in every mode. */
export function visitValue(walk: Walk, i: number): number {
  const first = walk.at(i);
  if (first === QUOTE) return skipString(walk, i + 1, true);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? skipValue(walk, i) : skipScalar(walk.bytes, i, walk.end);
}
