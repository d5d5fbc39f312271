/**
 * Programs that some checks need and `npm ci` does not bring: newer runtimes, and tools that need them.
 * `node .ci/runtimes.mjs NAME...` installs those that are missing, from npm, into a cache, and prints where each is.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { arch, argv, env, execPath, pid, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Where `npm ci` deletes it, as all that is installed. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'airs-mcp', 'programs');
const onWindows = platform === 'win32';

/** Node as a package: one for each platform, which the package `node` would choose by a script. */
function node(version) {
  const name = `node-${onWindows ? 'win' : platform}-${arch}`;
  return { spec: `${name}@${version}`, file: `${name}/bin/node${onWindows ? '.exe' : ''}` };
}

/** By name: what npm installs, and the file in its `node_modules` to run. */
const PROGRAMS = {
  node22: node('22'),
  node24: node('24'),
  node26: node('26'),
  inspector: {
    spec: '@modelcontextprotocol/inspector@2.12.0',
    file: '@modelcontextprotocol/inspector/clients/launcher/build/index.js', // for node24: it needs Node 22.19
  },
};

/** Installs a program unless it is there. Several processes may do so at once: the first to finish wins. */
async function install(name) {
  const { spec, file } = PROGRAMS[name];
  const folder = join(CACHE, spec.replaceAll('/', '+'));
  const path = join(folder, 'node_modules', ...file.split('/'));
  if (existsSync(path)) return path;
  const fresh = `${folder}.${pid}`;
  try {
    mkdirSync(fresh, { recursive: true });
    writeFileSync(join(fresh, 'package.json'), '{ "private": true }\n');
    await npm(['install', spec, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], fresh);
    if (!existsSync(folder)) renameSync(fresh, folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return path;
}

function npm(args, cwd) {
  const cli = env.npm_execpath;
  const [command, first] = cli?.endsWith('npm-cli.js') ? [execPath, [cli]] : ['npm', []];
  const child = spawn(command, [...first, ...args], { cwd, stdio: ['ignore', 2, 2], shell: onWindows && command === 'npm' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => (code === 0 ? resolve() : reject(new Error(`npm ${args.join(' ')}: ${signal ?? code}`))));
  });
}

const underWay = new Map();

/**
 * The path of a program, which is installed first where it is missing.
 * @param name a key of PROGRAMS
 * @throws where npm can't install it, as without a network
 */
export function program(name) {
  if (!Object.hasOwn(PROGRAMS, name)) throw new Error(`${name} is none of ${Object.keys(PROGRAMS).join(', ')}`);
  if (!underWay.has(name)) underWay.set(name, install(name));
  return underWay.get(name);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of argv.slice(2)) console.log(`${name} ${await program(name)}`);
}
