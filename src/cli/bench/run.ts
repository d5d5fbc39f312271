import { paintFor, wantsColour } from '../paint.js';
import { print } from '../print.js';
import { CALLS } from './calls.js';
import { PARSING } from './parsing.js';
import { progressOf } from './progress.js';
import type { Group } from './row.js';
import { measureAll } from './session.js';
import { resultLines } from './show.js';

export interface BenchOptions {
  /** Fewer and shorter rounds. */
  readonly quick?: boolean;
  readonly json?: boolean;
}

const PACES = { full: { rounds: 7, budget: 15, warmUp: 1_500 }, quick: { rounds: 3, budget: 5, warmUp: 1_000 } };
const GROUPS: readonly Group[] = [CALLS, ...PARSING];

/** Runs `airs-mcp bench`: progress on standard error, results on standard output. */
export async function runBench({ quick = false, json = false }: BenchOptions): Promise<void> {
  const pace = quick ? PACES.quick : PACES.full;
  const progress = progressOf(GROUPS.reduce((sum, { rows }) => sum + rows.length, 0));
  const results = await measureAll(GROUPS, pace, progress);
  const paint = paintFor(wantsColour(process.stdout.isTTY, process.env));
  print(json ? JSON.stringify(results, null, 2) : resultLines(results, paint).join('\n'));
}
