/** Where the addon's check of a payload loses against `JSON.parse`, which makes the value in the same time. */

import { type Backend, CONTROL, SCAN_FLAG } from './contract.js';
import { fallback } from './fallback.js';
import { foresee } from './fallback/make.js';
import { mayBeLong } from './probe.js';

const LF = 0x0a;
const OPEN_BRACE = 0x7b;

/** Messages from here on (bytes): shorter ones the addon checks in less time than the other backend takes for what is around a payload. */
const LEAST = 512;
/** Up to here (bytes): a value that is made in vain holds the thread no longer than this one. */
const MOST = 4 * 1024 * 1024;
/** From here on (bytes), long strings are taken out of a text before its value is made: the addon checks such in no time. */
const LONG_FROM = 16 * 1024;

/**
 * Whether the messages in what `table` says are such whose values should be made. They are likely to be alike, so that what they begin
 * with is seen in the first, and what they end with in the last.
 */
function isWorth(bytes: Uint8Array, table: Int32Array): boolean {
  const start = table[CONTROL.START] as number;
  const end = table[CONTROL.END] as number;
  const length = end - start;
  if (length < LEAST || length > MOST || bytes[start] !== OPEN_BRACE || foresee(bytes, start, end) < 0) return false;
  if (((table[CONTROL.FLAGS] as number) & SCAN_FLAG.WHOLE) === 0 && bytes.subarray(start, start + LEAST).includes(LF)) return false;
  return length < LONG_FROM || !mayBeLong(bytes, start, end);
}

/** The scan that makes values for the addon's `scan`: that of the other backend, where it takes less time. */
export function makingBeside(scan: Backend['scan']): Backend['scanMaking'] {
  return (bytes, table, made) => (isWorth(bytes, table) ? fallback.scanMaking(bytes, table, made) : scan(bytes, table));
}
