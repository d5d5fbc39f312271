/**
 * Dead strings of large messages pile up: V8 counts them as memory outside of its heap, of which it lets 64 MiB
 * gather before it collects, however small the heap is. That is the most memory that a client of large results takes. So
 * V8 is told of pressure sooner, by memory that is asked for and never touched: it takes address space and no pages.
 */

import { getHeapStatistics } from 'node:v8';

/** What V8 lets gather outside of its heap before it starts to mark (bytes). */
const LIMIT = 64 * 1024 * 1024;
/** Shorter ones are left to V8's own limit: marking a heap for a few of them costs more than they do (bytes). */
const LARGE = 4 * 1024 * 1024;
/** Strings made since the last time, from which it is worth marking a small heap (bytes). */
const LEAST = 8 * 1024 * 1024;
/** In a larger heap: this share of what is in use, so that the cost of marking stays in proportion. */
const SHARE = 1 / 4;

let made = 0;

/** Notes that a string of `bytes` was made outside of V8's heap; most live briefly. */
export function noteString(bytes: number): void {
  if (bytes < LARGE) return;
  made += bytes;
  if (made < LEAST || made < getHeapStatistics().used_heap_size * SHARE) return;
  made = 0;
  try {
    new ArrayBuffer(LIMIT);
  } catch {
    // No address space: V8 collects of itself.
  }
}
