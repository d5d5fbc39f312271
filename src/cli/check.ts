/** What the doctor and the demo try, one thing after the other. */

import type { Paint } from './paint.js';
import { millisecondsText, printable } from './text.js';

/** Longest text of somebody else's in a line (UTF-16 units). */
export const LONGEST = 1_000;

/** One thing to try: gives what there is to say when it holds, and throws where it does not. */
export interface Step {
  readonly name: string;
  run(this: void): string | Promise<string>;
}

/** What came of a step. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen; where it does not hold, why, with the error's code. */
  readonly detail: string;
  /** ms */
  readonly duration: number;
}

/**
 * Takes every step, also after one that failed.
 *
 * @param clock milliseconds, from anywhere
 * @param onCheck told of each as it is done
 */
export async function runSteps(steps: readonly Step[], clock: () => number, onCheck?: (check: Check) => void): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { name, run } of steps) {
    const start = clock();
    const outcome = await settled(run);
    const check = { name, ...outcome, duration: clock() - start };
    checks.push(check);
    onCheck?.(check);
  }
  return checks;
}

async function settled(run: Step['run']): Promise<Pick<Check, 'ok' | 'detail'>> {
  try {
    return { ok: true, detail: await run() };
  } catch (error) {
    return { ok: false, detail: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message;
}

export function checkText({ name, ok, detail, duration }: Check, paint: Paint): string {
  const sign = ok ? paint('green', 'ok    ') : paint('red', 'failed');
  return `${sign}  ${name}: ${printable(detail, LONGEST)} ${paint('dim', `(${millisecondsText(duration)})`)}`;
}
