/**
 * Runs conformance.mjs on other runtimes, on both backends, and compares what they give. Or all tests on other versions of Node.
 * Usage: node .ci/conform.mjs [RUNTIME ...]    such as node@22, bun, deno; all of those when none is named
 *        node .ci/conform.mjs --tests [VERSION ...] [-- ARGUMENT ...]    such as 24; arguments are vitest's
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { ROOT, run } from './package.mjs';
import { program } from './runtimes.mjs';

const RUNTIMES = ['node@20', 'node@22', 'node@24', 'node@26', 'bun', 'deno'];
const VERSIONS = ['20', '22', '24', '26'];

/** Children that tests start by name are to be of the same version. */
async function test(version, args) {
  const node = await program(`node@${version}`);
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  const { status, signal } = spawnSync(node, [vitest, 'run', ...args], { cwd: ROOT, env, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(status === 0 ? `ok all tests on Node ${version}` : `NOT OK Node ${version}: vitest ended with ${signal ?? status}`);
  if (status !== 0) process.exitCode = 1;
}

/** Fails unless `digests` is the same afterwards, with this one in it. */
async function conform(spec, backend, digests) {
  const flags = spec.startsWith('deno') ? ['run', '-A', '--quiet'] : [];
  const printed = run(await program(spec), [...flags, join(ROOT, '.ci', 'conformance.mjs')], { env: { AIRS_MCP_BACKEND: backend } });
  const { runtime, backend: used, kernel, digest } = JSON.parse(printed);
  assert.equal(used, backend);
  digests.add(digest);
  assert.equal(digests.size, 1, `its digest ${digest} differs`);
  return `${runtime} on ${used}, kernel ${kernel}: ${digest}`;
}

async function conformAll(specs) {
  const digests = new Set();
  for (const spec of specs) {
    for (const backend of ['native', 'javascript']) {
      try {
        console.log(`ok ${await conform(spec, backend, digests)}`);
      } catch (error) {
        console.log(`NOT OK ${spec} on ${backend}: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--tests') {
  const end = rest.includes('--') ? rest.indexOf('--') : rest.length;
  const versions = end === 0 ? VERSIONS : rest.slice(0, end);
  for (const version of versions) await test(version, rest.slice(end + 1));
} else {
  await conformAll(first === undefined ? RUNTIMES : [first, ...rest]);
}
