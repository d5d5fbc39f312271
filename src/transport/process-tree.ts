import { type ChildProcess, spawn as spawnPlain, spawnSync } from 'node:child_process';
import { win32 } from 'node:path';

const onWindows = process.platform === 'win32';

/** By its whole path, for Windows looks into the current folder before PATH. */
const TASKKILL = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'taskkill.exe');
/** How long it may keep this process from ending (ms). */
const LAST_TASKKILL = 5_000;

/** What ends a process that doesn't listen for it, without its 'exit' event. */
const FATAL = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Children whose trees are to end with this process. */
const living = new Set<ChildProcess>();

function endAll(): void {
  for (const child of living) {
    if (onWindows) endTree(child, true);
    else signalTree(child, 'SIGKILL');
  }
}

/** A terminal's Ctrl-C reaches this process only, since the children lead groups of their own. */
function endByAll(signal: NodeJS.Signals): void {
  // Somebody else listens, and decides what the signal means here.
  if (process.listenerCount(signal) > 1) return;
  endAll();
  for (const name of FATAL) process.off(name, endByAll);
  // Windows knows closing a console (SIGHUP) as an event only, not as something to send.
  process.kill(process.pid, onWindows ? 'SIGTERM' : signal);
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
  if (onWindows) return endTree(child, false);
  const { pid } = child;
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // No such group: every member has ended.
  }
}

/** @param last this process is about to end, and on Windows all that it started itself ends with it: `taskkill` is waited for */
function endTree(child: ChildProcess, last: boolean): void {
  const { pid } = child;
  // Its number may be another process's by now, and without it the tree can't be found.
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const args = ['/pid', String(pid), '/T', '/F'];
  const options = { stdio: 'ignore', windowsHide: true } as const;
  if (!last) spawnPlain(TASKKILL, args, options).on('error', () => child.kill());
  else if (spawnSync(TASKKILL, args, { ...options, timeout: LAST_TASKKILL }).error !== undefined) child.kill();
}
