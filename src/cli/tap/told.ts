/** What the tap tells its thread. */

import type { Side } from './row.js';
import type { Outcome } from './show.js';

/** What a message between threads costs besides its bytes, roughly (bytes): many small ones are bounded as well. */
const OVERHEAD = 512;

export interface WorkerSetting {
  readonly descriptor: number;
  readonly json: boolean;
  readonly colours: boolean;
  /** What times count from (ms since 1970). */
  readonly epoch: number;
  /** What was given and is not yet looked at, by {@link costOf}, in its one element. */
  readonly backlog: Int32Array;
}

export type Told =
  | { readonly type: 'bytes'; readonly from: Side; readonly bytes: Uint8Array; readonly at: number }
  | { readonly type: 'gap'; readonly from: Side; readonly unseen: number; readonly at: number }
  | { readonly type: 'end'; readonly outcome: Outcome };

/** What bytes that wait count (bytes). */
export function costOf(bytes: Uint8Array): number {
  return bytes.length + OVERHEAD;
}
