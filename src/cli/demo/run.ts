import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { backendInfo } from '../../backend/select.js';
import { type Check, checkText, runSteps, type Step } from '../check.js';
import { paintFor, wantsColour } from '../paint.js';
import { print } from '../print.js';
import { EXIT } from '../status.js';
import { packageVersion } from '../version.js';
import type { Account } from './account.js';
import { actsOf } from './acts.js';
import { Session } from './session.js';
import { beginning, end } from './show.js';

/** Runs `airs-mcp demo`: a session with a server process, told on standard output as it goes on. */
export async function runDemo({ json = false }: { readonly json?: boolean }, actsFor: (session: Session) => Step[] = actsOf): Promise<void> {
  const backend = backendInfo();
  const version = packageVersion();
  const paint = paintFor(wantsColour(process.stdout.isTTY, process.env));
  const say = json ? (): void => undefined : print;
  const session = new Session(fileURLToPath(new URL('server.js', import.meta.url)), backend.name);
  for (const line of beginning(version, backend, paint)) say(line);
  const acts = await playTo(session, actsFor(session), (act) => say(`  ${checkText(act, paint)}`));
  const account: Account = { ok: acts.every(({ ok }) => ok), version, backend, acts, figures: session.figures() };
  for (const line of end(account, paint)) say(line);
  if (json) print(JSON.stringify(account, null, 2));
  process.exitCode = account.ok ? EXIT.ok : EXIT.failed;
}

async function playTo(session: Session, acts: readonly Step[], onAct: (act: Check) => void): Promise<Check[]> {
  try {
    return await runSteps(acts, () => performance.now(), onAct);
  } finally {
    await session.peer.close({ drain: false });
  }
}
