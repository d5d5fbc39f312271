/**
 * Compiles the addon for systems that this machine is not, by zig's clang, and runs what can be run: Windows' under Wine.
 * Usage: node .ci/cross.mjs [TARGET ...]    all of them when none is named; needs x64 Linux
 *
 * A check that the sources compile there, not a way to publish: what is published is built by each system's own compiler, on it.
 * zig links its own C++ library into these, which makes them larger.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { argv, env, execPath } from 'node:process';
import { install, pack, ROOT, run, WORK } from './package.mjs';
import { program } from './runtimes.mjs';

const MACOS = ['-Wl,-undefined,dynamic_lookup'];
const TARGETS = {
  'linux-x64-musl': { triple: 'x86_64-linux-musl', flags: ['-fPIC'] },
  'linux-arm64-musl': { triple: 'aarch64-linux-musl', flags: ['-fPIC'] },
  'darwin-x64': { triple: 'x86_64-macos', link: MACOS },
  'darwin-arm64': { triple: 'aarch64-macos', link: MACOS },
  'win32-x64': { triple: 'x86_64-windows-gnu', machine: 'i386:x86-64' },
  'win32-arm64': { triple: 'aarch64-windows-gnu', machine: 'arm64' },
};
const SIMDJSON = join(ROOT, 'node_modules', '@nozbe', 'simdjson', 'src');
/** As binding.gyp has them. */
const FLAGS = [
  '-std=c++20', '-O3', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections', '-fno-sanitize=all',
  '-DNAPI_VERSION=8', '-DSIMDJSON_EXCEPTIONS=0', '-DSIMDJSON_DISABLE_DEPRECATED_API', '-DNDEBUG', '-DBUILDING_NODE_EXTENSION',
];
const STRICT = ['-Wall', '-Wextra', '-Werror'];

const cache = join(env.XDG_CACHE_HOME || join(env.HOME, '.cache'), 'airs-mcp', 'zig');
// The first link for a system compiles zig's C library for it.
const zig = (path, args) => run(path, args, { timeout: 900_000, env: { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache } });

/** For Windows, what the linker needs to find Node-API's functions in node.exe. */
function importLibrary(zigPath, headers, machine, folder) {
  const names = ['js_native_api.def', 'node_api.def'].flatMap((name) => readFileSync(join(headers, '..', 'def', name), 'utf8').match(/\bnapi_\w+/g));
  const [def, library] = [join(folder, 'node.def'), join(folder, 'libnode.a')];
  writeFileSync(def, `LIBRARY node.exe\nEXPORTS\n${names.join('\n')}\n`);
  zig(zigPath, ['dlltool', '-m', machine, '-d', def, '-l', library]);
  return [library];
}

/** Gives the path of the addon. */
async function compile(target) {
  const { triple, machine, flags = [], link = [] } = TARGETS[target];
  const [zigPath, header] = await Promise.all([program('zig'), program('headers')]);
  const headers = dirname(header);
  const folder = mkdtempSync(join(WORK, 'cross-'));
  const native = readdirSync(join(ROOT, 'native')).filter((name) => name.endsWith('.cc')).map((name) => join(ROOT, 'native', name));
  const objects = [];
  for (const source of [...native, join(SIMDJSON, 'simdjson.cpp')]) {
    const object = join(folder, `${objects.length}.o`);
    const warnings = native.includes(source) ? STRICT : ['-w'];
    zig(zigPath, ['c++', '-target', triple, ...FLAGS, ...flags, ...warnings, '-I', join(ROOT, 'native'), '-isystem', SIMDJSON, '-isystem', headers, '-c', source, '-o', object]);
    objects.push(object);
  }
  const addon = join(folder, 'airs-mcp.node');
  const libraries = machine ? importLibrary(zigPath, headers, machine, folder) : [];
  zig(zigPath, ['c++', '-target', triple, '-shared', '-s', ...objects, ...libraries, ...link, '-o', addon]);
  return addon;
}

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
