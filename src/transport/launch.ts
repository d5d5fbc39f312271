import type { ChildProcess, SpawnOptions } from 'node:child_process';
import spawn from 'cross-spawn';
import { nativeSystem } from '../backend/select.js';

/** Whether children can be made leaders of a group by the addon: by Node.js on Linux, as long as it forks as it does now. */
let groups = process.platform === 'linux' && process.versions['bun'] === undefined && process.versions['deno'] === undefined;

/**
 * Starts a process that leads a process group of its own (but on Windows), so that the whole tree can be signalled.
 *
 * `detached` does that by a session of its own. Linux schedules sessions as groups, apart from each other, where it is set up
 * for desktops: a round trip between two takes about 10% more CPU and 20% more time than within one. So the addon
 * makes the group, where it can.
 */
export function launch(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return inGroup(command, args, options) ?? spawn(command, [...args], { ...options, detached: process.platform !== 'win32' });
}

function inGroup(command: string, args: readonly string[], options: SpawnOptions): ChildProcess | null {
  const system = groups ? nativeSystem() : undefined;
  if (system === undefined) return null;
  let child: ChildProcess;
  let forked: boolean;
  system.leadGroups(true);
  try {
    child = spawn(command, [...args], options);
  } finally {
    forked = system.leadGroups(false);
  }
  if (forked || child.pid === undefined) return child;
  // It leads nothing, so that no signal would reach those that it starts: this runtime does not fork by the C library.
  groups = false;
  child.on('error', () => undefined);
  child.kill('SIGKILL');
  return null;
}
