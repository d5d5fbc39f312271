import { setImmediate } from 'node:timers/promises';
import { AirsMcpError, type AirsMcpErrorCode } from '../../src/base/errors.js';
import type { SlabAllocator } from '../../src/buffer/slab.js';

/** Plain memory, with a list of what was asked for, and a switch that makes it run out. */
export class PlainMemory implements SlabAllocator {
  readonly requests: number[] = [];
  exhausted = false;

  allocate(bytes: number): ArrayBuffer {
    if (this.exhausted) throw new RangeError('out of memory');
    this.requests.push(bytes);
    return new ArrayBuffer(bytes);
  }
}

/** Collects garbage and lets finalizers run, until `done` or `rounds` times. */
export async function collectUntil(done: () => boolean, rounds = 200): Promise<boolean> {
  for (let round = 0; round < rounds && !done(); round += 1) {
    (globalThis as { gc?: () => void }).gc?.();
    await setImmediate();
  }
  return done();
}

/** The code that `action` throws with; undefined when it does not throw. */
export function codeOf(action: () => unknown): AirsMcpErrorCode | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof AirsMcpError) return error.code;
    throw error;
  }
  return undefined;
}

/** Repeatable numbers 0 <= n < `bound`. */
export function seededRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % bound;
  };
}
