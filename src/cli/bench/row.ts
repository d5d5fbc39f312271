import type { EchoClient } from './clients.js';
import type { Way } from './measure.js';

/** What rows share. */
export interface Stage {
  readonly ours: EchoClient;
  readonly loop: EchoClient;
}

/** One thing that is measured. */
export interface Row {
  readonly name: string;
  /** Pieces of work in a pass, by which its time is divided; default 1. */
  readonly units?: number;
  /** Whether values are a number each second, of which more is better, rather than nanoseconds. */
  readonly rate?: boolean;
  /** Ours, and what it is held against. */
  ways(this: void, stage: Stage): Readonly<Record<string, Way>>;
}

/** Rows that belong together. All have ways of the same names. */
export interface Group {
  readonly title: string;
  /** What a reader must know. */
  readonly about: string;
  readonly rows: readonly Row[];
}

export const OURS = 'airs-mcp';

/** Throws unless a pass did all its work: a benchmark that skips some of it would lie. */
export function expect<T>(seen: T, wanted: T): T {
  if (seen !== wanted) throw new Error(`a pass gave ${String(seen)} instead of ${String(wanted)}`);
  return seen;
}
