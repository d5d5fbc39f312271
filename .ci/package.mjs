/** The package as users get it: packed, and unpacked elsewhere. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Where this process packs and installs; deleted when it ends. */
export const WORK = mkdtempSync(join(tmpdir(), 'airs-mcp-pack-'));
chmodSync(WORK, 0o755);
process.on('exit', () => {
  rmSync(WORK, { recursive: true, force: true });
});

/** Runs a command without stdin; gives its output, or throws with it. `env` is added to this process's, or replaces it. */
export function run(command, args, { cwd = ROOT, env = {}, only, timeout = 300_000 } = {}) {
  const { AIRS_MCP_BACKEND: _forced, ...inherited } = process.env;
  const options = { cwd, env: only ?? { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout };
  const result = spawnSync(command, args, { ...options, shell: process.platform === 'win32' && command === 'npm' });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ${args.join(' ')}\n${result.error ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`);
}

export function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? run(process.execPath, [cli, ...args], options) : run('npm', args, options);
}

/** The setting by which this machine's npm finds Node's headers, if it has one. */
export function nodedir() {
  const value = process.env.npm_config_nodedir ?? npm(['config', 'get', 'nodedir']).trim();
  return /^(undefined|null)?$/.test(value) ? undefined : value;
}

/** Packs the package; without its prebuilt addons where `prebuilds` is false. Gives the tarball, its bytes and what is in it. */
export function pack({ prebuilds = true } = {}) {
  let folder = ROOT;
  if (!prebuilds) {
    folder = mkdtempSync(join(WORK, 'sources-'));
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const path of ['package.json', 'README.md', 'LICENSE', ...files]) {
      if (!path.includes('*') && existsSync(join(ROOT, path))) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    }
  }
  const target = mkdtempSync(join(WORK, 'tarball-'));
  const printed = npm(['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', target], { cwd: folder });
  const [{ filename, files, size }] = Object.values(JSON.parse(printed));
  return { tarball: join(target, filename), files, size, paths: files.map(({ path }) => path) };
}

/** A new folder with a package of its own, which depends on nothing yet. */
export function emptyPackage(name) {
  const folder = mkdtempSync(join(WORK, `${name}-`));
  chmodSync(folder, 0o755);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  return folder;
}

/** Installs the tarball as the only dependency of an empty package and gives its folder. */
export function install(name, tarball, flags = [], options = {}) {
  const folder = emptyPackage(name);
  npm(['install', tarball, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...flags], { ...options, cwd: folder });
  return folder;
}

const PROBE = "import { backendInfo } from 'airs-mcp'; console.log(JSON.stringify(backendInfo()));";

/** What `backendInfo()` says in a folder. */
export function probe(folder, { node = process.execPath, ...options } = {}) {
  return JSON.parse(run(node, ['--input-type=module', '-e', PROBE], { ...options, cwd: folder }));
}
