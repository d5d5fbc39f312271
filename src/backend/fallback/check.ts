/** The argument checks of the contract, with the errors it names. */

import { types } from 'node:util';
import { invalidArgument, outOfRange } from '../argument.js';
import { CONTROL, RECORD_INTS } from '../contract.js';

/** Most bytes that offsets of 32 bits, signed, can address. */
const MOST_BYTES = 2 ** 31 - 1;

/** Whether the memory of an empty view was taken away: only then can no new view be made of it. */
function isDetached(view: Uint8Array | Int32Array): boolean {
  if (view.length > 0) return false;
  try {
    return new Uint8Array(view.buffer).length < 0;
  } catch {
    return true;
  }
}

function checkBytes(bytes: unknown): asserts bytes is Uint8Array {
  if (!types.isUint8Array(bytes)) throw invalidArgument('bytes: must be a Uint8Array');
  if (isDetached(bytes)) throw invalidArgument('bytes: must not be detached');
}

function checkInts(ints: unknown, name: string, least: number): asserts ints is Int32Array {
  if (!types.isInt32Array(ints)) throw invalidArgument(`${name}: must be an Int32Array`);
  if (isDetached(ints)) throw invalidArgument(`${name}: must not be detached`);
  if (ints.length < least) throw outOfRange(`${name}: must have at least ${least} ints, has ${ints.length}`);
}

function checkOffset(value: unknown, name: string, least: number, most: number): asserts value is number {
  if (typeof value !== 'number') throw invalidArgument(`${name}: must be a number`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(`${name}: must be an integer from ${least} to ${most}, is ${value}`);
  }
}

function overlap(bytes: Uint8Array, ints: Int32Array): boolean {
  if (bytes.buffer !== ints.buffer) return false;
  return bytes.byteOffset < ints.byteOffset + ints.byteLength && ints.byteOffset < bytes.byteOffset + bytes.byteLength;
}

export function checkScan(bytes: unknown, table: unknown): void {
  checkBytes(bytes);
  checkInts(table, 'table', 2 * RECORD_INTS);
  if (overlap(bytes, table)) throw invalidArgument('table: must not lie in the memory of bytes');
  const start = table[CONTROL.START] as number;
  const search = table[CONTROL.SEARCH] as number;
  const end = table[CONTROL.END] as number;
  if (start < 0 || start > search || search > end || end > bytes.length) {
    throw outOfRange(`table: START ${start} <= SEARCH ${search} <= END ${end} <= ${bytes.length} bytes must hold`);
  }
  if ((table[CONTROL.MAX_MESSAGE] as number) < 1) throw outOfRange('table: MAX_MESSAGE must be at least 1');
  if ((table[CONTROL.MAX_BATCH] as number) < 1) throw outOfRange('table: MAX_BATCH must be at least 1');
}

export function checkFind(bytes: unknown, start: unknown, end: unknown, pointer: unknown, range: unknown): void {
  checkBytes(bytes);
  checkOffset(start, 'start', 0, Math.min(bytes.length, MOST_BYTES));
  checkOffset(end, 'end', start, Math.min(bytes.length, MOST_BYTES));
  if (typeof pointer !== 'string') throw invalidArgument('pointer: must be a string');
  checkInts(range, 'range', 2);
}

export function checkAllocate(bytes: unknown): void {
  checkOffset(bytes, 'bytes', 1, MOST_BYTES);
}
