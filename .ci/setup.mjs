/**
 * Makes a clone ready to run: dependencies, compiled TypeScript, the native addon.
 * Does nothing when all three are current. Plain Node, so that it runs before anything is installed;
 * everything it prints goes to stderr, which leaves stdout to the command that follows it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Stamps live where `npm ci` deletes them: another compiler or simdjson means another build. */
const STAMPS = join(ROOT, 'node_modules', '.cache', 'airs-mcp');
const ON_WINDOWS = process.platform === 'win32';

const say = (text) => process.stderr.write(`setup: ${text}\n`);

function fail(text) {
  say(text);
  process.exit(1);
}

const readJson = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

/** Runs a command without stdin; `quiet` keeps its output for the caller, else it goes to stderr. */
function run(command, args, { quiet = false } = {}) {
  const options = { cwd: ROOT, stdio: ['ignore', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2], encoding: 'utf8', maxBuffer: 64 << 20 };
  const result = spawnSync(command, args, { ...options, shell: ON_WINDOWS && command === 'npm' });
  const output = result.error ? String(result.error) : `${result.stdout ?? ''}${result.stderr ?? ''}`;
  return { ok: result.status === 0, output };
}

/** The npm that runs this script, else the one on PATH. It hands its settings (`nodedir`, proxies) to node-gyp. */
function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? run(process.execPath, [cli, ...args], options) : run('npm', args, options);
}

/** Prints what is done, does it, prints how long it took. */
function step(title, work) {
  say(`${title} ...`);
  const began = performance.now();
  const outcome = work();
  if (outcome.ok) say(`${title}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return outcome;
}

function* filesUnder(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    for (const name of readdirSync(path).sort()) yield* filesUnder(join(path, name));
  } else if (stats) {
    yield { path, stats };
  }
}

/** Changes whenever a file below `paths` is added, removed, or written. */
function fingerprint(paths) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const top of paths) {
    for (const { path, stats } of filesUnder(join(ROOT, top))) {
      hash.update(`\n${relative(ROOT, path)} ${stats.size} ${stats.mtimeMs}`);
    }
  }
  return hash.digest('hex');
}

function isStamped(name, value) {
  const path = join(STAMPS, name);
  return existsSync(path) && readFileSync(path, 'utf8') === value;
}

function stamp(name, value) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), value);
}

/**
 * Whether npm's own record of node_modules holds every package that the lock file demands, at its version. What is optional
 * there need not be: it may be for another platform. But a peer that users may leave out, and that we develop with, is as well.
 */
function dependenciesAreCurrent() {
  if (!existsSync(join(ROOT, 'node_modules', '.package-lock.json'))) return false;
  const installed = readJson('node_modules/.package-lock.json').packages;
  const { '': top, ...locked } = readJson('package-lock.json').packages;
  const ours = new Set(Object.keys({ ...top.dependencies, ...top.devDependencies }).map((name) => `node_modules/${name}`));
  const demanded = Object.entries(locked).filter(([path, { optional }]) => optional !== true || ours.has(path));
  return demanded.every(([path, { version }]) => installed[path]?.version === version);
}

function installDependencies() {
  if (dependenciesAreCurrent()) return;
  // Without scripts: the addon is built below, where a failure can be explained.
  const { ok } = step('installing dependencies (npm ci)', () =>
    npm(['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']),
  );
  if (!ok) fail('npm ci failed; its message is above');
}

function hasCompiler() {
  if (ON_WINDOWS || process.env.CXX) return true; // node-gyp looks for Visual Studio itself
  const folders = (process.env.PATH ?? '').split(delimiter);
  return ['c++', 'g++', 'clang++'].some((name) => folders.some((folder) => existsSync(join(folder, name))));
}

function builtAddons() {
  const folder = join(ROOT, 'build', 'Release');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => (name.endsWith('.node') ? [join(folder, name)] : []));
}

function goOnWithoutAddon(reason) {
  for (const outdated of builtAddons()) rmSync(outdated); // It would load, and hide that these sources are not in it.
  if (process.env.AIRS_MCP_BACKEND === 'native') fail(`${reason}, and AIRS_MCP_BACKEND=native demands the addon`);
  say(`${reason}: going on with the JavaScript fallback`);
}

function buildAddon() {
  const inputs = fingerprint(['binding.gyp', 'native', 'node_modules/@nozbe/simdjson/package.json']);
  if (builtAddons().length > 0 && isStamped('addon', inputs)) return;
  if (!hasCompiler()) {
    goOnWithoutAddon('no C++ compiler found, so the native addon is not built');
    return;
  }
  const { ok, output } = step('building the native addon (up to a minute)', () =>
    npm(['run', '--silent', 'build:native'], { quiet: true }),
  );
  if (ok) {
    stamp('addon', inputs);
    return;
  }
  process.stderr.write(`${output.trimEnd().split('\n').slice(-40).join('\n')}\n`);
  goOnWithoutAddon('the native addon did not build (end of its output above)');
}

/** Deletes compiled files whose source is gone, so that dist is what a clean build would give. */
function pruneDist() {
  for (const { path } of filesUnder(join(ROOT, 'dist'))) {
    const source = join(ROOT, 'src', relative(join(ROOT, 'dist'), path)).replace(/(\.d\.ts|\.js)$/, '.ts');
    if (!existsSync(source)) rmSync(path);
  }
}

function compileTypeScript() {
  const inputs = fingerprint(['src', 'tsconfig.json', 'tsconfig.build.json']);
  if (existsSync(join(ROOT, 'dist')) && isStamped('dist', inputs)) return;
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  const { ok } = step('compiling TypeScript', () => run(process.execPath, [tsc, '-p', 'tsconfig.build.json']));
  if (!ok) fail('TypeScript does not compile; its messages are above');
  pruneDist();
  stamp('dist', inputs);
}

installDependencies();
compileTypeScript();
buildAddon();
