/**
 * Runs tests on a Node.js that this machine can't start as it is: by an emulator, or with another C library.
 *
 * Vitest itself stays on this machine's Node.js; the processes that run tests are the other's, and so are those that tests start,
 * whatever little they get of the environment: Node.js is a script that starts it, on PATH and, to itself, by its own path.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join, sep } from 'node:path';
import { env, execPath } from 'node:process';
import { ROOT, WORK } from './package.mjs';
import { program } from './runtimes.mjs';

/** Where the addon lies that tests load. */
const BUILT = join(ROOT, 'build', 'Release', 'airs_mcp.node');

/**
 * Makes a script that starts a runtime and is its executable to it, and gives the path.
 * @param path of the script
 * @param command words of a shell, the last of them a runtime's option that names a module to run before all else
 * @param first source text of that module
 */
export function foreignRuntime(path, command, first) {
  mkdirSync(dirname(path), { recursive: true });
  const preload = `${path}-first.cjs`;
  const itself = `process.execPath = ${JSON.stringify(path)};\nif (process.execArgv[1] === __filename) process.execArgv.splice(0, 2);\n`;
  writeFileSync(preload, itself + first);
  // The shell would add PWD to a child's environment.
  writeFileSync(path, `#!/bin/sh\nunset PWD\nexec ${command} ${preload} "$@"\n`, { mode: 0o755 });
  return path;
}

/**
 * The same for a Node.js, which loads `addon` instead of this machine's.
 * @param target the platform that `command`, words of a shell, starts it for
 */
export function foreignNode({ target, command, addon, first = '' }) {
  const loading = `
    const { dlopen } = process;
    process.dlopen = (module, file, ...rest) => dlopen.call(process, module, file === ${JSON.stringify(BUILT)} ? ${JSON.stringify(addon)} : file, ...rest);
  `;
  return foreignRuntime(join(WORK, target, `node-24-${target}`, 'bin', 'node'), `${command} --require`, loading + first);
}

/** Runs vitest's `args` on the native backend; gives the exit code. `limit` is how long a test may take (ms). */
export async function runTests(node, target, args, limit) {
  // Where tests look for other programs, too.
  const programs = join(WORK, target);
  const [inspector] = (await program('inspector', target)).split(`${sep}node_modules${sep}`);
  symlinkSync(inspector, join(programs, basename(inspector)));
  const settings = {
    ...env,
    AIRS_MCP_TEST_NODE: node,
    AIRS_MCP_TEST_LIMIT: String(limit),
    AIRS_MCP_PROGRAMS: programs,
    PATH: `${dirname(node)}${delimiter}${env.PATH}`,
  };
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(execPath, [vitest, 'run', '--project', 'native', ...args], { env: settings, stdio: ['ignore', 'inherit', 'inherit'] });
  return status ?? 1;
}
