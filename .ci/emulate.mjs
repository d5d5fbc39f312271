/**
 * Runs tests on arm64 by qemu's emulation of a processor: with Node.js for it and the addon that `npm run prebuild -- linux-arm64` made.
 * Usage: node .ci/emulate.mjs [ARGUMENT ...]    vitest's, such as the names of tests; all of them when none is given
 *
 * Vitest itself stays on this machine's Node.js; the processes that run tests are emulated, and so are those that tests start, whatever
 * little they get of the environment: Node.js is a script that starts the emulator, on PATH and, to itself, by its own path.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join, sep } from 'node:path';
import { argv, env, execPath } from 'node:process';
import { ROOT, WORK } from './package.mjs';
import { program } from './runtimes.mjs';

/** Where Debian puts arm64's C library beside its compiler. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
const ADDONS = {
  [join(ROOT, 'build', 'Release', 'airs_mcp.node')]: join(ROOT, 'prebuilds', 'linux-arm64', 'airs-mcp.glibc.node'),
};

// Where tests look for other programs, too.
const programs = join(WORK, 'arm64');
const bin = join(programs, 'node-24-linux-arm64', 'bin');
mkdirSync(bin, { recursive: true });
const [inspector] = (await program('inspector', 'linux-arm64')).split(`${sep}node_modules${sep}`);
symlinkSync(inspector, join(programs, basename(inspector)));
const node = join(bin, 'node');
const first = join(bin, 'first.cjs');
/** What each emulated process runs first. An addon of this machine is not for it. */
const FIRST = `
  process.execPath = ${JSON.stringify(node)};
  if (process.execArgv[1] === __filename) process.execArgv.splice(0, 2);
  const { dlopen } = process;
  const addons = ${JSON.stringify(ADDONS)};
  process.dlopen = (module, file, ...rest) => dlopen.call(process, module, addons[file] ?? file, ...rest);
`;
writeFileSync(first, FIRST);
const emulated = `qemu-aarch64 -L ${LIBRARIES} ${await program('node@24', 'linux-arm64')} --require ${first}`;
// The shell would add PWD to a child's environment.
writeFileSync(node, `#!/bin/sh\nunset PWD\nexec ${emulated} "$@"\n`, { mode: 0o755 });

const settings = { ...env, AIRS_MCP_TEST_NODE: node, AIRS_MCP_TEST_LIMIT: '300000', AIRS_MCP_PROGRAMS: programs, PATH: `${bin}${delimiter}${env.PATH}` };
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(execPath, [vitest, 'run', '--project', 'native', ...argv.slice(2)], { env: settings, stdio: ['ignore', 'inherit', 'inherit'] });
process.exitCode = status ?? 1;
