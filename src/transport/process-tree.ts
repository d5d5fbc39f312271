import { type ChildProcess, spawn as spawnPlain } from 'node:child_process';

const onWindows = process.platform === 'win32';

/** What ends a process that doesn't listen for it, without its 'exit' event. */
const FATAL = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Children whose trees are to end with this process. */
const living = new Set<ChildProcess>();

function endAll(): void {
  for (const child of living) signalTree(child, 'SIGKILL');
}

/** A terminal's Ctrl-C reaches this process only, since the children lead groups of their own. */
function endByAll(signal: NodeJS.Signals): void {
  // Somebody else listens, and decides what the signal means here.
  if (process.listenerCount(signal) > 1) return;
  endAll();
  for (const name of FATAL) process.off(name, endByAll);
  process.kill(process.pid, signal);
}

/** From here on, the child's tree is killed should this process end first. */
export function adopt(child: ChildProcess): void {
  if (living.size === 0) {
    process.on('exit', endAll);
    for (const name of FATAL) process.on(name, endByAll);
  }
  living.add(child);
}

export function disown(child: ChildProcess): void {
  if (!living.delete(child) || living.size > 0) return;
  process.off('exit', endAll);
  for (const name of FATAL) process.off(name, endByAll);
}

/**
 * Signals a child and all its descendants: its process group where it leads one (POSIX), or by `taskkill /T` on
 * Windows, where every signal ends a process. What is gone already is not an error.
 */
export function signalTree(child: ChildProcess, signal: NodeJS.Signals): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (onWindows) {
    // Its number may be another process's by now, and without it the tree can't be found.
    if (child.exitCode !== null || child.signalCode !== null) return;
    spawnPlain('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => child.kill());
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // No such group: every member has ended.
  }
}
