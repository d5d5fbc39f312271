/** The addon, compiled for other systems by zig's clang. zig links its own C++ library into it. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { env } from 'node:process';
import { ROOT, run, WORK } from './package.mjs';
import { program } from './runtimes.mjs';

const MACOS = ['-Wl,-undefined,dynamic_lookup'];
/** What is compiled for. */
export const TARGETS = {
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
const runZig = (path, args) => run(path, args, { timeout: 900_000, env: { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache } });

/** For Windows, what the linker needs to find Node-API's functions in node.exe. */
function importLibrary(zigPath, headers, machine, folder) {
  const names = ['js_native_api.def', 'node_api.def'].flatMap((name) => readFileSync(join(headers, '..', 'def', name), 'utf8').match(/\bnapi_\w+/g));
  const [def, library] = [join(folder, 'node.def'), join(folder, 'libnode.a')];
  writeFileSync(def, `LIBRARY node.exe\nEXPORTS\n${names.join('\n')}\n`);
  runZig(zigPath, ['dlltool', '-m', machine, '-d', def, '-l', library]);
  return [library];
}

/** Compiles the addon for a target and gives its path, in a folder that this process deletes at its end. */
export async function compile(target) {
  const { triple, machine, flags = [], link = [] } = TARGETS[target];
  const [zigPath, header] = await Promise.all([program('zig'), program('headers')]);
  const headers = dirname(header);
  const folder = mkdtempSync(join(WORK, 'cross-'));
  const native = readdirSync(join(ROOT, 'native')).filter((name) => name.endsWith('.cc')).map((name) => join(ROOT, 'native', name));
  const objects = [];
  for (const source of [...native, join(SIMDJSON, 'simdjson.cpp')]) {
    const object = join(folder, `${objects.length}.o`);
    const warnings = native.includes(source) ? STRICT : ['-w'];
    runZig(zigPath, ['c++', '-target', triple, ...FLAGS, ...flags, ...warnings, '-I', join(ROOT, 'native'), '-isystem', SIMDJSON, '-isystem', headers, '-c', source, '-o', object]);
    objects.push(object);
  }
  const addon = join(folder, 'airs-mcp.node');
  const libraries = machine ? importLibrary(zigPath, headers, machine, folder) : [];
  runZig(zigPath, ['c++', '-target', triple, '-shared', '-s', ...objects, ...libraries, ...link, '-o', addon]);
  return addon;
}

/** Compiles a C file into a shared library for musl on x64. */
export async function compileForMusl(source, library) {
  runZig(await program('zig'), ['cc', '-target', TARGETS['linux-x64-musl'].triple, '-O1', '-fPIC', '-fno-sanitize=all', '-Wall', '-Wextra', '-Werror', '-shared', '-s', source, '-o', library]);
}
