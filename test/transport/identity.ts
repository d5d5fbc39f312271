import { readFileSync } from 'node:fs';

/** A process's group, session, and terminal (0 where it has none); Linux only. */
export function identity(pid: number): { group: number; session: number; terminal: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, , group, session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
  return { group: group ?? -1, session: session ?? -1, terminal: terminal ?? -1 };
}
