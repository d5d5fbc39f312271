/**
 * Runs conformance.mjs on other runtimes, on both backends, and compares what they give.
 * Usage: node .ci/conform.mjs [RUNTIME ...]    such as node@22, bun, deno; all of those when none is named
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { ROOT, run } from './package.mjs';
import { program } from './runtimes.mjs';

const wanted = process.argv.slice(2);
const digests = new Set();
for (const spec of wanted.length > 0 ? wanted : ['node@20', 'node@22', 'node@24', 'node@26', 'bun', 'deno']) {
  for (const backend of ['native', 'javascript']) {
    try {
      const flags = spec.startsWith('deno') ? ['run', '-A', '--quiet'] : [];
      const printed = run(await program(spec), [...flags, join(ROOT, '.ci', 'conformance.mjs')], { env: { AIRS_MCP_BACKEND: backend } });
      const { runtime, backend: used, kernel, digest } = JSON.parse(printed);
      assert.equal(used, backend);
      digests.add(digest);
      assert.equal(digests.size, 1, `its digest ${digest} differs`);
      console.log(`ok ${runtime} on ${used}, kernel ${kernel}: ${digest}`);
    } catch (error) {
      console.log(`NOT OK ${spec} on ${backend}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
