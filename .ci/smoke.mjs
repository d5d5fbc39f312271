/**
 * Installs a tarball as users do and looks whether it works: the native backend, nothing compiled, calls over all transports.
 * Usage: node .ci/smoke.mjs TARBALL [--bare]    with --bare it fails where the machine has a compiler
 * Needs nothing of this clone but .ci, so that it runs in an image that has Node.js and nothing else.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { install, probe, ROOT, run } from './package.mjs';

const COMPILERS = ['cc', 'c++', 'gcc', 'g++', 'clang', 'clang++', 'cl.exe', 'make'];

const [name, flag] = process.argv.slice(2);
assert.ok(name, 'usage: node .ci/smoke.mjs TARBALL [--bare]');
if (flag === '--bare') {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = COMPILERS.flatMap((tool) => folders.map((folder) => join(folder, tool))).filter((path) => existsSync(path));
  assert.deepEqual(found, [], 'this machine has a compiler');
}

const folder = install('smoke', resolve(name));
assert.ok(!existsSync(join(folder, 'node_modules', 'airs-mcp', 'build')), 'the addon was compiled');
const info = probe(folder);
assert.equal(info.name, 'native', info.reason);
copyFileSync(join(ROOT, '.ci', 'conformance.mjs'), join(folder, 'conformance.mjs'));
const { runtime, kernel, digest } = JSON.parse(run(process.execPath, ['conformance.mjs'], { cwd: folder }));
console.log(`ok ${runtime} on ${process.platform}-${process.arch}, kernel ${kernel}: ${digest}`);
