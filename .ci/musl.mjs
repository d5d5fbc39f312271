/**
 * Runs the addon on musl without a system that has it: Debian's package `musl` brings the C library, npm Bun and a Node.js for it, and
 * glibc's C++ library does, with the few functions that musl-glibc.c has. Prints what conformance.mjs gives on each, then runs tests.
 * Usage: node .ci/musl.mjs [ARGUMENT ...]    vitest's; all tests of the native backend but {@link PROFILING} when none is given;
 * needs x64 Debian
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, execPath } from 'node:process';
import { foreignNode, foreignRuntime, runTests } from './foreign.mjs';
import { ROOT, run, WORK } from './package.mjs';
import { program } from './runtimes.mjs';
import { compile, compileForMusl } from './zig.mjs';

const TARGET = 'linux-x64-musl';
const LOADER = '/lib/ld-musl-x86_64.so.1';
const CONFORMANCE = join(ROOT, '.ci', 'conformance.mjs');
const LIMIT = 60_000;
/** Tests that profile: V8's profiler ends this Node.js on this C++ library by a signal, with `--cpu-prof` and an empty program, too. */
const PROFILING = ['test/monitoring/profile*.test.ts', 'test/docs/examples.test.ts'];

/** Whether an executable of Node.js runs the program that was put into it is one byte behind this text. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

/** Writes the Node.js that is in `source`, without its program. */
function takeNode(source, node) {
  const bytes = readFileSync(source);
  const at = bytes.indexOf(FUSE);
  assert.ok(at >= 0, `${source} is no Node.js with a program in it`);
  bytes[at + FUSE.length] = '0'.charCodeAt(0);
  writeFileSync(node, bytes, { mode: 0o755 });
}

/** A folder with the C++ library of this machine, and what it wants of a C library that musl lacks in place of glibc's loader. */
async function libraries() {
  const folder = join(WORK, 'musl');
  mkdirSync(folder);
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) symlinkSync(run('g++', [`-print-file-name=${name}`]).trim(), join(folder, name));
  await compileForMusl(join(ROOT, '.ci', 'musl-glibc.c'), join(folder, 'ld-linux-x86-64.so.2'));
  return folder;
}

/** Where node-gyp-build looks first, with an addon: Bun has no `dlopen` to be told by. */
function placeAddon(addon) {
  const folder = join(WORK, 'addon');
  mkdirSync(join(folder, 'build', 'Release'), { recursive: true });
  cpSync(addon, join(folder, 'build', 'Release', 'airs_mcp.node'));
  return folder;
}

if (!existsSync(LOADER)) throw new Error(`${LOADER} is missing: install Debian's package musl`);
const start = `${LOADER} --library-path ${await libraries()}`;
const executable = join(WORK, 'node-for-musl');
takeNode(await program('muslnode'), executable);
const addon = await compile(TARGET);
const node = foreignNode({ target: TARGET, command: `${start} ${executable}`, addon });
const place = `process.env.AIRS_MCP_PREBUILD = ${JSON.stringify(placeAddon(addon))};\n`;
const bun = foreignRuntime(join(WORK, TARGET, 'bun'), `${start} ${await program('bun', TARGET)} --preload`, place);

const { digest } = JSON.parse(run(execPath, [CONFORMANCE]));
for (const runtime of [node, bun]) {
  for (const backend of ['native', 'javascript']) {
    const got = JSON.parse(run(runtime, [CONFORMANCE], { env: { AIRS_MCP_BACKEND: backend } }));
    assert.deepEqual([got.backend, got.digest], [backend, digest], got.runtime);
    console.log(`ok ${got.runtime} for musl on ${backend}, kernel ${got.kernel}: ${digest}`);
  }
}
const given = argv.slice(2);
const all = PROFILING.map((file) => `--exclude=${file}`);
process.exitCode = await runTests(node, TARGET, given.length > 0 ? given : all, LIMIT);
