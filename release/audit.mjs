/**
 * Asks the registry for known vulnerabilities of what users install. Status 0: none, or the registry could not be asked
 * (it says so; with --required that is status 2). Status 1: findings, which are printed.
 */
import { attempt } from './run.mjs';

/** What `npm audit --json` printed: `{ outcome: 'clean' | 'findings' | 'unreachable', detail }`. */
export function readAudit(printed) {
  let report;
  try {
    report = JSON.parse(printed);
  } catch {
    return { outcome: 'unreachable', detail: printed.trim() || 'npm audit printed nothing' };
  }
  const counts = report.metadata?.vulnerabilities;
  if (counts === undefined) return { outcome: 'unreachable', detail: report.message ?? report.error?.summary ?? 'npm audit gave no counts' };
  if (counts.total === 0) return { outcome: 'clean', detail: `${report.metadata.dependencies?.prod ?? '?'} packages` };
  const named = Object.values(report.vulnerabilities ?? {}).map(({ name, severity, range }) => `${name} ${range}: ${severity}`);
  return { outcome: 'findings', detail: named.join('\n') };
}

if (process.argv[1]?.endsWith('audit.mjs')) {
  const { outcome, detail } = readAudit(attempt('npm', ['audit', '--omit=dev', '--json']).stdout);
  console.log(outcome === 'unreachable' ? `NOT CHECKED, the registry gave no answer: ${detail}` : `${outcome}: ${detail}`);
  process.exitCode = outcome === 'findings' ? 1 : outcome === 'unreachable' && process.argv.includes('--required') ? 2 : 0;
}
