/** How a tree of processes is ended on Windows, told by what is run: the module believes to be there. */

import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as ProcessTree from '../../src/transport/process-tree.js';

const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor; // every process has one

afterEach(() => {
  Object.defineProperty(process, 'platform', platform);
  vi.unstubAllEnvs();
  vi.doUnmock('node:child_process');
  vi.resetModules();
});

interface Run {
  command: string;
  args: readonly string[];
  options: object;
  process: EventEmitter;
}

const TASKKILL = 'D:\\Win\\System32\\taskkill.exe';

/** @param missing there is no taskkill */
async function onWindows(missing = false): Promise<{ runs: Run[]; waited: Run[]; tree: typeof ProcessTree }> {
  const runs: Run[] = [];
  const waited: Run[] = [];
  vi.stubEnv('SystemRoot', 'D:\\Win');
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
  vi.resetModules();
  vi.doMock('node:child_process', () => ({
    spawn: (command: string, args: readonly string[], options: object) => {
      const run = { command, args, options, process: new EventEmitter() };
      runs.push(run);
      return run.process;
    },
    spawnSync: (command: string, args: readonly string[], options: object) => {
      waited.push({ command, args, options, process: new EventEmitter() });
      return missing ? { error: new Error('ENOENT') } : {};
    },
  }));
  return { runs, waited, tree: await import('../../src/transport/process-tree.js') };
}

const child = (state: { exitCode?: number; signalCode?: string } = {}) =>
  ({ pid: 4321, exitCode: null, signalCode: null, kill: vi.fn(), ...state }) as unknown as ChildProcess & { kill: ReturnType<typeof vi.fn> };

describe('on Windows', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('%s ends the whole tree by taskkill, without a window', async (signal) => {
    const { runs, tree } = await onWindows();
    tree.signalTree(child(), signal);
    expect(runs).toMatchObject([
      { command: TASKKILL, args: ['/pid', '4321', '/T', '/F'], options: { stdio: 'ignore', windowsHide: true } },
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

  describe('the trees of adopted children, when this process ends', () => {
    const end = (tree: typeof ProcessTree, server: ChildProcess): void => {
      tree.adopt(server);
      const [endAll] = process.listeners('exit').slice(-1) as [(code: number) => void];
      endAll(0);
      tree.disown(server);
      expect(process.listeners('exit')).not.toContain(endAll);
    };

    it('are ended by a taskkill that is waited for: what this process started would end with it', async () => {
      const { runs, waited, tree } = await onWindows();
      end(tree, child());
      expect(runs).toEqual([]);
      expect(waited).toMatchObject([
        { command: TASKKILL, args: ['/pid', '4321', '/T', '/F'], options: { stdio: 'ignore', windowsHide: true, timeout: 5_000 } },
      ]);
    });

    it('are ended as far as is possible without it', async () => {
      const { tree } = await onWindows(true);
      const server = child();
      end(tree, server);
      expect(server.kill).toHaveBeenCalledOnce();
    });

    it('end this process by a signal that Windows has, whichever came', async () => {
      const { waited, tree } = await onWindows();
      const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
      const server = child();
      tree.adopt(server);
      process.emit('SIGHUP');
      tree.disown(server);
      expect(waited).toHaveLength(1);
      expect(kill).toHaveBeenCalledExactlyOnceWith(process.pid, 'SIGTERM');
      kill.mockRestore();
    });

    it('are left alone where they have ended', async () => {
      const { waited, tree } = await onWindows();
      end(tree, child({ exitCode: 0 }));
      expect(waited).toEqual([]);
    });
  });
});

describe('the environment of a child', () => {
  const among = async (value: NodeJS.Platform, given: Record<string, string>): Promise<Record<string, string>> => {
    Object.defineProperty(process, 'platform', { ...platform, value });
    vi.resetModules();
    vi.stubEnv('PATH', 'theirs');
    return (await import('../../src/transport/environment.js')).childEnvironment(given);
  };

  it('has one PATH on Windows, the given one, however it is spelt', async () => {
    const environment = await among('win32', { Path: 'mine', Extra: '1' });
    expect(environment).toMatchObject({ Path: 'mine', Extra: '1' });
    expect(environment).not.toHaveProperty('PATH');
  });

  it('has both elsewhere, where they are two variables', async () => {
    expect(await among('linux', { Path: 'mine' })).toMatchObject({ Path: 'mine', PATH: 'theirs' });
  });
});
