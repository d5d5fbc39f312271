import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAN_LIMIT_MEMORY, IS_EMULATED, LIMIT_MEMORY, MIB, ON_LINUX, ON_NATIVE, ROOT, runProgram, runThread } from '../native/program.js';

describe.runIf(ON_NATIVE)('the addon in threads', () => {
  it('works in many environments at once', async () => {
    const threads = await Promise.all(Array.from({ length: 6 }, () => runThread('parentPort.postMessage(scanAll());')));
    expect(threads.map((thread) => thread.message)).toEqual(Array(6).fill(1000));
    await Promise.all(threads.map((thread) => thread.worker.terminate()));
  });

  it('survives that they are terminated in the middle of their work', async () => {
    const program = `
      const slabs = Array.from({ length: 32 }, () => addon.allocate(65_536));
      parentPort.postMessage('working');
      for (let n = 0; ; n++) {
        scanAll();
        slabs[n % 32] = addon.allocate(65_536);
      }
    `;
    for (let n = 0; n < 5; n++) {
      const { worker, message } = await runThread(program);
      expect(message).toBe('working');
      expect(await worker.terminate()).toBe(1);
    }
    expect((await runThread('parentPort.postMessage(scanAll()); parentPort.unref();')).message).toBe(1000);
  });

  it('gives the slabs of an environment back when it ends', () => {
    // If they leaked, they would take 1.25 GiB.
    const program = `
      const { Worker } = require('worker_threads');
      const source = \`
        const addon = require('module').createRequire('${ROOT}/package.json')('node-gyp-build')('${ROOT}');
        globalThis.kept = Array.from({ length: 20 }, () => new Uint8Array(addon.allocate(${4 * MIB})).fill(1));
      \`;
      for (let n = 0; n < 16; n++) await new Promise((settle) => new Worker(source, { eval: true }).once('exit', settle));
      print(process.memoryUsage().rss);
    `;
    expect(runProgram(program)).toBeLessThan(600 * MIB);
  });

  it('lets a process end while slabs are held', () => {
    const program = 'globalThis.kept = Array.from({ length: 100 }, () => addon.allocate(65_536)); print(scanAll());';
    expect(runProgram(program)).toBe(1000);
  });
});

const OBJECTS = join(ROOT, 'build', 'Release', 'obj.target', 'airs_mcp');
/** Not where this process is emulated: the objects are for the machine that does that. */
const CAN_LINK = ON_LINUX && !IS_EMULATED && existsSync(OBJECTS);

describe.runIf(ON_NATIVE && CAN_LINK)('the addon where the runtime refuses external buffers', () => {
  let folder: string;
  let file: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'airs-mcp-no-external-'));
    file = join(folder, 'airs_mcp.node');
    execFileSync('bash', [join(ROOT, 'test', 'native', 'no_external.sh'), file]);
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('allocates memory of V8 instead, and says so', () => {
    const program = `
      const buffer = addon.allocate(5000);
      const moved = structuredClone(buffer, { transfer: [buffer] });
      print([addon.externalBuffers, moved.byteLength, buffer.byteLength, scanAll()]);
    `;
    expect(runProgram(program, file)).toEqual([false, 5000, 0, 1000]);
  });

  it('does so whatever becomes of the global constructor', () => {
    expect(runProgram('globalThis.ArrayBuffer = undefined; print(addon.allocate(70).byteLength);', file)).toBe(70);
  });

  it.runIf(CAN_LIMIT_MEMORY)('says that memory ran out as ever', () => {
    const program = `
      ${LIMIT_MEMORY}
      try {
        print(addon.allocate(2 ** 31 - 1).byteLength);
      } catch (error) {
        print(error.code);
      }
    `;
    expect(runProgram(program, file)).toBe('AIRS_MCP_OUT_OF_MEMORY');
  });
});
