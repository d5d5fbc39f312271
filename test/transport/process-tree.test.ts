/** How a tree of processes is ended on Windows, told by what is run: the module believes to be there. */

import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as ProcessTree from '../../src/transport/process-tree.js';

const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor; // every process has one

afterEach(() => {
  Object.defineProperty(process, 'platform', platform);
  vi.doUnmock('node:child_process');
  vi.resetModules();
});

interface Run {
  command: string;
  args: readonly string[];
  options: object;
  process: EventEmitter;
}

async function onWindows(): Promise<{ runs: Run[]; tree: typeof ProcessTree }> {
  const runs: Run[] = [];
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
  vi.resetModules();
  vi.doMock('node:child_process', () => ({
    spawn: (command: string, args: readonly string[], options: object) => {
      const run = { command, args, options, process: new EventEmitter() };
      runs.push(run);
      return run.process;
    },
  }));
  return { runs, tree: await import('../../src/transport/process-tree.js') };
}

const child = (state: { exitCode?: number; signalCode?: string } = {}) =>
  ({ pid: 4321, exitCode: null, signalCode: null, kill: vi.fn(), ...state }) as unknown as ChildProcess & { kill: ReturnType<typeof vi.fn> };

describe('on Windows', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('%s ends the whole tree by taskkill, without a window', async (signal) => {
    const { runs, tree } = await onWindows();
    tree.signalTree(child(), signal);
    expect(runs).toMatchObject([
      { command: 'taskkill', args: ['/pid', '4321', '/T', '/F'], options: { stdio: 'ignore', windowsHide: true } },
    ]);
  });

  it('ends the process alone where taskkill is not to be found', async () => {
    const { runs, tree } = await onWindows();
    const server = child();
    tree.signalTree(server, 'SIGTERM');
    runs[0]?.process.emit('error', new Error('ENOENT'));
    expect(server.kill).toHaveBeenCalledOnce();
  });

  it.each([{ exitCode: 0 }, { signalCode: 'SIGTERM' }])('leaves a process alone that has ended: its number may be another one (%o)', async (state) => {
    const { runs, tree } = await onWindows();
    tree.signalTree(child(state), 'SIGKILL');
    expect(runs).toEqual([]);
  });

  it('ends the trees of adopted children when this process ends', async () => {
    const { runs, tree } = await onWindows();
    const server = child();
    tree.adopt(server);
    const [endAll] = process.listeners('exit').slice(-1) as [(code: number) => void];
    endAll(0);
    tree.disown(server);
    expect(runs.map(({ command }) => command)).toEqual(['taskkill']);
    expect(process.listeners('exit')).not.toContain(endAll);
  });
});
