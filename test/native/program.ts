/** Programs that use the addon outside the process, or the thread, of the tests. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import { CONTROL, RECORD_INTS, SCAN_FLAG } from '../../src/backend/contract.js';

export const ROOT = resolve(import.meta.dirname, '../..');
export const MIB = 1024 * 1024;
export const LINE = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';
export const ON_LINUX = process.platform === 'linux';
/** Whether this run of the tests is the one for the native backend. */
export const ON_NATIVE = process.env['AIRS_MCP_BACKEND'] === 'native';
/** Whether another processor than this machine's runs the tests (.ci/emulate.mjs). */
export const IS_EMULATED = process.env['AIRS_MCP_TEST_NODE'] !== undefined;
/** Whether {@link LIMIT_MEMORY} works here. */
export const CAN_LIMIT_MEMORY = ON_LINUX && existsSync('/usr/bin/prlimit');

/** Leaves a program too little address space for 2 GiB. */
export const LIMIT_MEMORY = `
  const status = require('fs').readFileSync('/proc/self/status', 'utf8');
  const limit = Number(/VmSize:\\s+(\\d+)/.exec(status)[1]) * 1024 + 512 * ${MIB};
  require('child_process').execFileSync('/usr/bin/prlimit', ['--pid', String(process.pid), '--as=' + limit]);
`;

/** The addon as `addon`, and `scanAll()`, which is 1000 where it works, for `body`. `file` names another build of it. */
function programOf(body: string, file?: string): string {
  const load = file === undefined ? `load('node-gyp-build')(${JSON.stringify(ROOT)})` : `load(${JSON.stringify(file)})`;
  return `
    const load = require('module').createRequire(${JSON.stringify(`${ROOT}/package.json`)});
    const addon = ${load};
    const bytes = Buffer.from(${JSON.stringify(LINE)}.repeat(1000));
    function scanAll() {
      const table = new Int32Array(1001 * ${RECORD_INTS});
      table[${CONTROL.END}] = bytes.length;
      table[${CONTROL.FLAGS}] = ${SCAN_FLAG.STRICT};
      table[${CONTROL.MAX_MESSAGE}] = 1000;
      table[${CONTROL.MAX_BATCH}] = 10;
      return addon.scan(bytes, table);
    }
    const turn = () => new Promise(setImmediate);
    const print = (value) => console.log(JSON.stringify(value));
    (async () => { ${body} })();
  `;
}

/** Runs a program in a process of its own, which must end well; returns what it printed. */
export function runProgram(body: string, file?: string): unknown {
  const child = spawnSync(process.execPath, ['--expose-gc', '--eval', programOf(body, file)], { encoding: 'utf8' });
  expect(child.stderr).toBe('');
  expect(child.signal).toBeNull();
  expect(child.status).toBe(0);
  return JSON.parse(child.stdout);
}

/** Runs a program in a thread until it posts a message; returns the thread, still alive, and the message. */
export async function runThread(body: string): Promise<{ worker: Worker; message: unknown }> {
  const worker = new Worker(programOf(`const { parentPort } = require('worker_threads'); ${body}`), { eval: true });
  const message = await new Promise<unknown>((settle, reject) => {
    worker.once('message', settle);
    worker.once('error', reject);
  });
  return { worker, message };
}

/** Collects garbage and lets finalizers run until `done`; false where that takes far longer than it may. */
export async function collectUntil(done: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 100; turn++) {
    globalThis.gc?.();
    await nextTurn();
    if (done()) return true;
  }
  return false;
}
