/**
 * Method names without making a string each time.
 *
 * A direct-mapped cache from the hash that the scan computed to the name it last stood for. The
 * name's bytes are compared before it is used, so a collision costs a string, never a wrong name.
 * Bounded: SLOTS names of at most LONGEST characters.
 */

import type { DirectBuffer } from '../base/bytes.js';

const SLOTS = 512;
const LONGEST = 64;

const names: string[] = new Array<string>(SLOTS).fill('');

function spells(name: string, bytes: DirectBuffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) !== bytes[start + i]) return false;
  }
  return true;
}

/** The method whose unescaped bytes are `bytes[start, end)` and whose hash in the record is `hash`. */
export function methodName(bytes: DirectBuffer, start: number, end: number, hash: number): string {
  const slot = hash & (SLOTS - 1);
  const known = names[slot] as string;
  if (spells(known, bytes, start, end)) return known;
  const name = bytes.utf8Slice(start, end);
  // Only a name of one byte per character can be compared byte by byte.
  if (name.length === end - start && name.length <= LONGEST) names[slot] = name;
  return name;
}
