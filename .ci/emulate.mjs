/**
 * Runs tests on arm64 by qemu's emulation of a processor: with Node.js for it and the addon that `npm run prebuild -- linux-arm64` made.
 * Usage: node .ci/emulate.mjs [ARGUMENT ...]    vitest's, such as the names of tests; all of them when none is given
 */
import { argv } from 'node:process';
import { foreignNode, runTests } from './foreign.mjs';
import { ROOT } from './package.mjs';
import { prebuiltPath, whyOutdated } from './prebuilt.mjs';
import { program } from './runtimes.mjs';

const TARGET = 'linux-arm64';
/** Where Debian puts arm64's C library beside its compiler. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
const LIMIT = 300_000;

/** The emulator tells the size of a process as 0 where Node.js looks. */
const MEMORY = `
  const { memoryUsage } = process;
  const rss = () => Number(require('node:fs').readFileSync('/proc/self/statm', 'latin1').split(' ')[1]) * 4096;
  process.memoryUsage = Object.assign(() => ({ ...memoryUsage(), rss: rss() }), { rss });
`;

const outdated = whyOutdated(ROOT, TARGET);
if (outdated === undefined) {
  const command = `qemu-aarch64 -L ${LIBRARIES} ${await program('node@24', TARGET)}`;
  const node = foreignNode({ target: TARGET, command, addon: prebuiltPath(ROOT, TARGET), first: MEMORY });
  process.exitCode = await runTests(node, TARGET, argv.slice(2), LIMIT);
} else {
  console.error(`check:arm64: ${outdated}. Make it anew: npm run prebuild -- ${TARGET}`);
  process.exitCode = 1;
}
