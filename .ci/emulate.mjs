/**
 * Runs tests on arm64 by qemu's emulation of a processor: with Node.js for it and the addon that `npm run prebuild -- linux-arm64` made.
 * Usage: node .ci/emulate.mjs [ARGUMENT ...]    vitest's; suites of the scanner, messages and buffers when none is given
 *
 * Vitest itself stays on this machine's Node.js; the processes that run tests are emulated. Tests that start processes of their own
 * fail, unless the kernel starts arm64's programs by qemu: Node.js knows its own path, not that of what emulates it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, env, execPath } from 'node:process';
import { ROOT, WORK } from './package.mjs';
import { program } from './runtimes.mjs';

/** Where Debian puts arm64's C library beside its compiler. */
const LIBRARIES = '/usr/aarch64-linux-gnu';

const node = join(WORK, 'node-arm64');
writeFileSync(node, `#!/bin/sh\nexec qemu-aarch64 -L ${LIBRARIES} ${await program('node@24', 'linux-arm64')} "$@"\n`, { mode: 0o755 });
// node-gyp-build looks there before it takes the addon of this machine.
const folder = join(WORK, 'arm64', 'build', 'Release');
mkdirSync(folder, { recursive: true });
cpSync(join(ROOT, 'prebuilds', 'linux-arm64', 'airs-mcp.glibc.node'), join(folder, 'airs_mcp.node'));

const settings = { ...env, AIRS_MCP_TEST_NODE: node, AIRS_MCP_PREBUILD: join(WORK, 'arm64'), QEMU_LD_PREFIX: LIBRARIES };
const suites = ['parity', 'grammar', 'find', 'frames', 'corpus'].map((name) => `test/backend/${name}.test.ts`);
const args = argv.length > 2 ? argv.slice(2) : [...suites, 'test/message', 'test/buffer'];
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(execPath, [vitest, 'run', '--project', 'native', '--testTimeout', '300000', ...args], { env: settings, stdio: ['ignore', 'inherit', 'inherit'] });
process.exitCode = status ?? 1;
