/**
 * Compiles the addon for systems that this machine is not, by zig's clang, and runs what can be run: Windows' under Wine.
 * Usage: node .ci/cross.mjs [TARGET ...]    all of them when none is named; needs x64 Linux
 *
 * A check that the sources compile there, not a way to publish: what is published is built by each system's own compiler, on it.
 * zig links its own C++ library into these, which makes them larger. Musl's is run by musl.mjs.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { argv, env, execPath } from 'node:process';
import { install, pack, ROOT, run, WORK } from './package.mjs';
import { program } from './runtimes.mjs';
import { compile, TARGETS } from './zig.mjs';

const wine = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'wine')).find((path) => statSync(path, { throwIfNoEntry: false }));

const WINE = { WINEDEBUG: '-all', WINEPREFIX: join(WORK, 'wine') };

/** Runs conformance.mjs by Node.js for Windows, which prints to a file, since Wine's pipes are not what it takes for stdout. */
async function runUnderWine(version, backend, folder) {
  const output = join(folder, 'printed');
  const file = openSync(output, 'w');
  const settings = { ...env, ...WINE, AIRS_MCP_BACKEND: backend };
  const command = [await program(`node@${version}`, 'win32-x64'), 'conformance.mjs'];
  const { status } = spawnSync(wine, command, { cwd: folder, env: settings, stdio: ['ignore', file, 'ignore'], timeout: 180_000 });
  closeSync(file);
  const printed = readFileSync(output, 'utf8');
  if (status !== 0) throw new Error(`Node ${version} under Wine ended with ${status}: ${printed}`);
  return JSON.parse(printed);
}

/** What the same checks give here and under Wine must be the same. */
async function tryUnderWine(addon) {
  const folder = install('wine', pack({ prebuilds: false }).tarball, ['--ignore-scripts']);
  const place = join(folder, 'node_modules', 'airs-mcp', 'prebuilds', 'win32-x64');
  mkdirSync(place, { recursive: true });
  cpSync(addon, join(place, 'airs-mcp.node'));
  cpSync(join(ROOT, '.ci', 'conformance.mjs'), join(folder, 'conformance.mjs'));
  const { digest } = JSON.parse(run(execPath, [join(ROOT, '.ci', 'conformance.mjs')]));
  // Node.js refuses to run on the Windows 7 that Wine is otherwise.
  run(wine, ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'], { env: WINE });
  const lines = [];
  for (const version of ['20', '22']) {
    for (const backend of ['native', 'javascript']) {
      const got = await runUnderWine(version, backend, folder);
      if (got.backend !== backend || got.digest !== digest) throw new Error(`${backend} was to give ${digest}, got ${JSON.stringify(got)}`);
      lines.push(`${got.runtime} ${backend} ${got.kernel}`);
    }
  }
  return `run under Wine: ${lines.join(', ')}`;
}

const wanted = argv.slice(2);
for (const target of wanted.length > 0 ? wanted : Object.keys(TARGETS)) {
  try {
    const addon = await compile(target);
    const ran = target === 'win32-x64' && wine ? await tryUnderWine(addon) : 'not run';
    console.log(`ok ${target}: compiled, ${statSync(addon).size} bytes; ${ran}`);
  } catch (error) {
    console.log(`NOT OK ${target}: ${error.message.slice(0, 4000)}`);
    process.exitCode = 1;
  }
}
