import { readFileSync } from 'node:fs';

/**
 * A process's group, session, and terminal (0 where it has none); Linux only. What its first thread is said to have is the same, and
 * is told of itself under an emulator as well.
 */
export function identity(pid: number): { group: number; session: number; terminal: number } {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8');
  const [, , group, session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
  return { group: group ?? -1, session: session ?? -1, terminal: terminal ?? -1 };
}
