/**
 * How a request goes to a thread: in shared memory, which is handed over without being cloned.
 *
 *     ints 0..3   state, outcome, thread, (unused)      FRAME
 *     bytes 16..  the message's JSON text
 */

import { asBuffer } from '../base/bytes.js';
import type { Encoded } from '../message/draft.js';

export const FRAME = {
  /** One of {@link FRAME_STATE}; changed with atomic exchanges only. */
  STATE: 0,
  /** One of {@link FRAME_OUTCOME}; written by the thread before it answers. */
  OUTCOME: 1,
  /** The id of the thread that took the request; 0 before. */
  THREAD: 2,
} as const;

export const FRAME_STATE = {
  OPEN: 0,
  /** The answer isn't wanted: the handler should stop. */
  CANCELLED: 1,
  /** The handler had its time: the thread is to be ended, and must not take another request. */
  CONDEMNED: 2,
  /** The handler is done. */
  FINISHED: 3,
} as const;

export const FRAME_OUTCOME = { NONE: 0, RESULT: 1, ERROR: 2 } as const;

const HEADER_BYTES = 16;

export function frameHeader(frame: SharedArrayBuffer): Int32Array {
  return new Int32Array(frame, 0, HEADER_BYTES / 4);
}

export function frameBytes(frame: SharedArrayBuffer): Uint8Array {
  return new Uint8Array(frame, HEADER_BYTES);
}

/** Copies a message into shared memory of its own. */
export function writeFrame({ head, raw, tail }: Encoded): SharedArrayBuffer {
  const headBytes = Buffer.byteLength(head);
  const rawBytes = raw?.length ?? 0;
  const frame = new SharedArrayBuffer(HEADER_BYTES + headBytes + rawBytes + Buffer.byteLength(tail));
  const bytes = asBuffer(frameBytes(frame));
  bytes.write(head, 0);
  if (raw !== undefined) bytes.set(raw, headBytes);
  bytes.write(tail, headBytes + rawBytes);
  return frame;
}
