import type { ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NativeSystem } from '../../src/backend/contract.js';
import * as select from '../../src/backend/select.js';
import { ON_LINUX, ON_NATIVE } from '../native/program.js';
import { identity } from './identity.js';

const started: ChildProcess[] = [];
afterEach(() => {
  // One that could not be started has the number 0 until the next tick, by which Node.js would kill our own group.
  for (const child of started.splice(0)) if (child.pid !== undefined) child.kill('SIGKILL');
  vi.doUnmock('../../src/backend/select.js');
  vi.resetModules();
});

/** @param system takes the place of the addon's */
async function launcher(system?: Partial<NativeSystem>): Promise<(command: string) => ChildProcess> {
  vi.resetModules();
  if (system !== undefined) vi.doMock('../../src/backend/select.js', () => ({ ...select, nativeSystem: () => system }));
  const { launch } = await import('../../src/transport/launch.js');
  return (command) => {
    const child = launch(command, [], { stdio: 'pipe' });
    child.on('error', () => undefined);
    started.push(child);
    return child;
  };
}

const of = (child: ChildProcess): ReturnType<typeof identity> => identity(child.pid ?? 0);

describe.runIf(ON_LINUX)('a process that is launched', () => {
  it('leads a group of its own; on the addon it stays in our session, which costs a round trip less', async () => {
    const child = (await launcher())('cat');
    const session = ON_NATIVE ? identity(process.pid).session : child.pid;
    expect(of(child)).toEqual({ group: child.pid, session, terminal: 0 });
  });

  it('leads a group where the runtime does not fork as Node.js does: by a session, from then on', async () => {
    const leadGroups = vi.fn(() => false);
    const launch = await launcher({ leadGroups });
    for (const child of [launch('cat'), launch('cat')]) expect(of(child)).toEqual({ group: child.pid, session: child.pid, terminal: 0 });
    expect(leadGroups.mock.calls).toEqual([[true], [false]]);
  });

  it.runIf(ON_NATIVE)('leads a group after one that could not be started', async () => {
    const launch = await launcher();
    expect(launch('/no/such/program').pid).toBeUndefined();
    const child = launch('cat');
    expect(of(child)).toMatchObject({ group: child.pid, session: identity(process.pid).session });
  });
});
