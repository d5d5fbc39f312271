import { type ChildProcess, spawn as spawnPlain } from 'node:child_process';

const onWindows = process.platform === 'win32';

/** Children whose trees are to end with this process. */
const living = new Set<ChildProcess>();

function endAll(): void {
  for (const child of living) signalTree(child, 'SIGKILL');
}

/** From here on, the child's tree is killed should this process exit first. */
export function adopt(child: ChildProcess): void {
  if (living.size === 0) process.on('exit', endAll);
  living.add(child);
}

export function disown(child: ChildProcess): void {
  living.delete(child);
  if (living.size === 0) process.off('exit', endAll);
}

/**
 * Signals a child and all its descendants: its process group where it leads one (POSIX), or by `taskkill /T` on
 * Windows, where every signal ends a process. What is gone already is not an error.
 */
export function signalTree(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (onWindows) {
    spawnPlain('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => child.kill());
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // No such group: every member has ended.
  }
}
