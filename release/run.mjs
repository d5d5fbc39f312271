/** Commands that the scripts of a release run. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command without stdin; gives its status and what it printed. */
export function attempt(command, args, { cwd = ROOT, env = {} } = {}) {
  // npm sets variables for the scripts it runs, dry-run among them, which must not reach an npm below.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(config_dry_run|package_|lifecycle_)/.test(name)));
  const options = { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', maxBuffer: 64 << 20 };
  const { status, stdout, stderr, error } = spawnSync(command, args, { ...options, shell: process.platform === 'win32' && command === 'npm' });
  return { status, stdout: stdout ?? '', stderr: stderr ?? String(error) };
}

/** Runs a command that must end well; gives what it printed to stdout. */
export function run(command, args, options) {
  const { status, stdout, stderr } = attempt(command, args, options);
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
}
