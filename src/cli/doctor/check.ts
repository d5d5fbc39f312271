/** What the doctor tries, one thing after the other. */

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

/** Takes every step, also after one that failed. @param clock milliseconds, from anywhere */
export async function runSteps(steps: readonly Step[], clock: () => number): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { name, run } of steps) {
    const start = clock();
    const outcome = await settled(run);
    checks.push({ name, ...outcome, duration: clock() - start });
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
