/** What the output of `npm audit --json` says. */
export function readAudit(printed: string): { outcome: 'clean' | 'findings' | 'unreachable'; detail: string };
