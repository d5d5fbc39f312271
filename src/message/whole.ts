import { CONTROL, RECORD_INTS, SCAN_FLAG } from '../backend/contract.js';
import { selectBackend } from '../backend/select.js';
import { DEFAULT_MAX_BATCH_SIZE, MAX_MESSAGE_SIZE_CEILING } from '../base/limits.js';

/** Where {@link scanWhole} leaves what it finds: room for a message alone, and for a batch's header so that it can be told from one. */
export const WHOLE = new Int32Array(RECORD_INTS * 2);

/**
 * Scans `bytes[0, length)` as one frame, in strict mode; line feeds are white space. The record, at `RECORD_INTS` of
 * {@link WHOLE}, is good until the next call.
 *
 * @returns how many records there are
 */
export function scanWhole(bytes: Uint8Array, length: number): number {
  WHOLE[CONTROL.START] = 0;
  WHOLE[CONTROL.SEARCH] = 0;
  WHOLE[CONTROL.END] = length;
  WHOLE[CONTROL.FLAGS] = SCAN_FLAG.STRICT | SCAN_FLAG.WHOLE;
  WHOLE[CONTROL.MAX_MESSAGE] = MAX_MESSAGE_SIZE_CEILING;
  WHOLE[CONTROL.MAX_BATCH] = DEFAULT_MAX_BATCH_SIZE;
  return selectBackend().scan(bytes, WHOLE);
}
