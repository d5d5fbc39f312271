import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate as nextTick } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL, RECORD_INTS } from '../../src/backend/contract.js';
import { loadNative } from '../../src/backend/native.js';
import { tableFor } from '../support/scan.js';

const ROOT = resolve(import.meta.dirname, '../..');
const MIB = 1024 * 1024;
const ON_LINUX = process.platform === 'linux';
const LINE = '{"jsonrpc":"2.0","id":1,"method":"ping"}\n';

/** Loads the addon as `addon` in a program without TypeScript; `file` names another build of it. */
function prologue(file?: string): string {
  const loader = file === undefined ? `require('node-gyp-build')(${JSON.stringify(ROOT)})` : `require(${JSON.stringify(file)})`;
  return `
    const require = process.getBuiltinModule('module').createRequire(${JSON.stringify(join(ROOT, 'package.json'))});
    const addon = ${loader};
    const bytes = Buffer.from(${JSON.stringify(LINE)}.repeat(1000));
    function scanAll() {
      const table = new Int32Array(1001 * ${RECORD_INTS});
      table[${CONTROL.END}] = bytes.length;
      table[${CONTROL.FLAGS}] = 1;
      table[${CONTROL.MAX_MESSAGE}] = 1000;
      table[${CONTROL.MAX_BATCH}] = 10;
      return addon.scan(bytes, table);
    }
  `;
}

/** Runs a program in a process of its own; returns what it printed as JSON. */
function run(program: string, file?: string): unknown {
  const child = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '--eval', prologue(file) + program], {
    encoding: 'utf8',
  });
  expect(child.stderr).toBe('');
  expect(child.signal).toBeNull();
  expect(child.status).toBe(0);
  return JSON.parse(child.stdout);
}

/** Runs a program in a thread until it posts a message; returns the thread, still alive, and the message. */
async function inThread(program: string): Promise<{ worker: Worker; message: unknown }> {
  const worker = new Worker(`(async () => { ${prologue().replace('const require', 'var require')} ${program} })()`, { eval: true });
  const message = await new Promise<unknown>((settle, reject) => {
    worker.once('message', settle);
    worker.once('error', reject);
  });
  return { worker, message };
}

/** Collects garbage, and lets finalizers run, until `done` or far longer than they need. */
async function collectUntil(done: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 100; turn++) {
    globalThis.gc?.();
    await nextTick();
    if (done()) return true;
  }
  return false;
}

describe.runIf(process.env.AIRS_MCP_BACKEND === 'native')('the addon', () => {
  const native = process.env.AIRS_MCP_BACKEND === 'native' ? loadNative() : (undefined as never);

  it('names a kernel of simdjson', () => {
    expect(native.name).toBe('native');
    expect(['icelake', 'haswell', 'westmere', 'arm64', 'ppc64', 'lasx', 'lsx', 'fallback']).toContain(native.kernel);
  });

  it('takes external buffers in Node.js', () => {
    expect(native.externalBuffers).toBe(true);
  });

  it('is one and the same for each load', () => {
    expect(loadNative().scan).toBe(native.scan);
  });

  it('scans bytes of shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(LINE.length));
    shared.set(Buffer.from(LINE));
    expect(native.scan(shared, tableFor(shared))).toBe(1);
  });

  it('keeps no memory of a scan with deep nesting from one call to the next', () => {
    const deep = Buffer.from(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}\n`);
    expect(native.scan(deep, tableFor(deep))).toBe(1);
    expect(native.scan(Buffer.from(LINE), tableFor(Buffer.from(LINE)))).toBe(1);
  });

  describe('allocates', () => {
    it.each([1, 63, 64, 4096, 4097, 65_536, 3 * MIB])('%i bytes, zeroed where they are new', (size) => {
      const buffer = native.allocate(size);
      expect(buffer).toBeInstanceOf(ArrayBuffer);
      expect(buffer.byteLength).toBe(size);
    });

    it('memory that holds what is written to it, apart from all other', () => {
      const slabs = Array.from({ length: 64 }, (_, n) => new Uint8Array(native.allocate(5000)).fill(n));
      expect(slabs.every((slab, n) => slab.every((byte) => byte === n))).toBe(true);
    });

    it('memory that counts for garbage collection, and is given back', async () => {
      await collectUntil(() => false);
      const before = process.memoryUsage().external;
      let slabs: ArrayBuffer[] | undefined = Array.from({ length: 16 }, () => native.allocate(MIB));
      expect(process.memoryUsage().external - before).toBeGreaterThanOrEqual(16 * MIB);
      expect(slabs.length).toBe(16);
      slabs = undefined;
      expect(await collectUntil(() => process.memoryUsage().external - before < MIB)).toBe(true);
    });

    it('the memory of a slab that was collected once more', () => {
      // In a process of its own: whether blocks are free is up to nobody else there.
      const program = `
        const turn = () => new Promise(setImmediate);
        (() => { new Uint8Array(addon.allocate(300_000)).fill(123); })();
        let recycled = false;
        for (let n = 0; n < 100 && !recycled; n++) {
          gc();
          await turn();
          const bytes = new Uint8Array(addon.allocate(300_000));
          recycled = bytes.every((byte) => byte === 123);
        }
        console.log(JSON.stringify(recycled));
      `;
      expect(run(program)).toBe(true);
    });

    it('nothing under a live view: a part keeps the whole', async () => {
      const part = new Uint8Array(native.allocate(200_000)).fill(7).subarray(100, 200);
      const others: Uint8Array[] = [];
      for (let n = 0; n < 20; n++) {
        globalThis.gc?.();
        await nextTick();
        others.push(new Uint8Array(native.allocate(200_000)).fill(9));
      }
      expect(others.length).toBe(20);
      expect(part.every((byte) => byte === 7)).toBe(true);
    });

    it.runIf(ON_LINUX && existsSync('/usr/bin/prlimit'))('or says that memory ran out', () => {
      const program = `
        const used = Number(/VmSize:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
        require('child_process').execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + (used + 512 * ${MIB})]);
        try {
          addon.allocate(2 ** 31 - 1);
          console.log('"allocated"');
        } catch (error) {
          console.log(JSON.stringify(error.code));
        }
      `;
      expect(run(program)).toBe('AIRS_MCP_OUT_OF_MEMORY');
    });
  });

  describe('in threads', () => {
    it('works in many environments at once', async () => {
      const threads = await Promise.all(Array.from({ length: 6 }, () => inThread('postMessage(scanAll());'.replace('post', "require('worker_threads').parentPort.post"))));
      expect(threads.map((thread) => thread.message)).toEqual(Array(6).fill(1000));
      await Promise.all(threads.map((thread) => thread.worker.terminate()));
    });

    it('survives being terminated in the middle of its work', async () => {
      const program = `
        const { parentPort } = require('worker_threads');
        const slabs = Array.from({ length: 32 }, () => addon.allocate(65536));
        parentPort.postMessage('working');
        for (;;) {
          scanAll();
          slabs[Math.trunc(Math.random() * 32)] = addon.allocate(65536);
        }
      `;
      for (let n = 0; n < 5; n++) {
        const { worker, message } = await inThread(program);
        expect(message).toBe('working');
        await worker.terminate();
      }
      expect(native.scan(Buffer.from(LINE), tableFor(Buffer.from(LINE)))).toBe(1);
    });

    it('gives the slabs of an environment back when it ends', () => {
      // Leaked, the slabs of all threads would take 1.25 GiB.
      const program = `
        const { Worker } = require('worker_threads');
        const source = \`
          const addon = require('module').createRequire('${ROOT}/')('node-gyp-build')('${ROOT}');
          globalThis.kept = Array.from({ length: 20 }, () => new Uint8Array(addon.allocate(${4 * MIB})).fill(1));
        \`;
        for (let n = 0; n < 16; n++) {
          await new Promise((settle) => new Worker(source, { eval: true }).once('exit', settle));
        }
        console.log(JSON.stringify(Math.round(process.memoryUsage().rss / ${MIB})));
      `;
      expect(run(program)).toBeLessThan(600);
    });

    it('lets a process end while slabs are held', () => {
      const program = `
        globalThis.kept = Array.from({ length: 100 }, () => addon.allocate(65536));
        console.log(JSON.stringify(scanAll()));
      `;
      expect(run(program)).toBe(1000);
    });
  });

  describe.runIf(process.platform !== 'win32')('opens socket pairs', () => {
    it('that carry bytes both ways', () => {
      const [ours, theirs] = native.socketPair() ?? [-1, -1];
      const received = Buffer.alloc(8);
      expect(writeSync(ours, 'there')).toBe(5);
      expect(received.toString('utf8', 0, readSync(theirs, received))).toBe('there');
      expect(writeSync(theirs, 'back')).toBe(4);
      expect(received.toString('utf8', 0, readSync(ours, received))).toBe('back');
      closeSync(ours);
      closeSync(theirs);
    });

    it.runIf(ON_LINUX)('that a child process does not inherit', () => {
      const pair = native.socketPair() ?? [-1, -1];
      for (const fd of pair) {
        const flags = /flags:\s*([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
        expect(parseInt(flags, 8) & 0o2000000).toBe(0o2000000);
        closeSync(fd);
      }
    });
  });

  describe('sets the capacity of a pipe', () => {
    let folder: string;
    let pipe: number;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'airs-mcp-pipe-'));
      if (!ON_LINUX) return;
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      pipe = openSync(join(folder, 'pipe'), 'r+');
    });

    afterAll(() => {
      if (ON_LINUX) closeSync(pipe);
      rmSync(folder, { recursive: true });
    });

    it.runIf(ON_LINUX)('and returns what it is now', () => {
      expect(native.setPipeCapacity(pipe, 256 * 1024)).toBe(256 * 1024);
      expect(native.setPipeCapacity(pipe, 4096)).toBe(4096);
    });

    it.runIf(ON_LINUX)('and leaves it where the system refuses', () => {
      expect(native.setPipeCapacity(pipe, 65_536)).toBe(65_536);
      writeSync(pipe, Buffer.alloc(60_000));
      expect(native.setPipeCapacity(pipe, 4096)).toBe(65_536);
    });

    it('but of nothing else', () => {
      const file = openSync(join(ROOT, 'package.json'), 'r');
      expect(native.setPipeCapacity(file, 65_536)).toBe(0);
      closeSync(file);
      expect(native.setPipeCapacity(2 ** 30, 65_536)).toBe(0);
    });

    it.each([
      ['fd', 'x', 1, 'AIRS_MCP_INVALID_ARGUMENT'],
      ['fd', -1, 1, 'AIRS_MCP_OUT_OF_RANGE'],
      ['fd', 0.5, 1, 'AIRS_MCP_OUT_OF_RANGE'],
      ['bytes', 0, undefined, 'AIRS_MCP_INVALID_ARGUMENT'],
      ['bytes', 0, 0, 'AIRS_MCP_OUT_OF_RANGE'],
      ['bytes', 0, NaN, 'AIRS_MCP_OUT_OF_RANGE'],
      ['bytes', 0, 2 ** 31, 'AIRS_MCP_OUT_OF_RANGE'],
    ])('and refuses a wrong %s: %s, %s', (name, fd, bytes, code) => {
      const call = native.setPipeCapacity as (fd: unknown, bytes: unknown) => number;
      const error = expect.objectContaining({ code, message: expect.stringContaining(`${name}:`) as string }) as unknown;
      expect(() => call(fd, bytes)).toThrow(error as Error);
    });
  });

  const objects = join(ROOT, 'build', 'Release', 'obj.target', 'airs_mcp');
  describe.runIf(ON_LINUX && existsSync(objects))('where the runtime refuses external buffers', () => {
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
        console.log(JSON.stringify([addon.externalBuffers, moved.byteLength, buffer.byteLength, scanAll()]));
      `;
      expect(run(program, file)).toEqual([false, 5000, 0, 1000]);
    });

    it('says that memory ran out as ever', () => {
      // No ArrayBuffer may be as large in a process with so little address space left.
      const program = `
        const Original = ArrayBuffer;
        globalThis.ArrayBuffer = undefined;
        const kept = [];
        const used = Number(/VmSize:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
        require('child_process').execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + (used + 512 * ${MIB})]);
        try {
          kept.push(addon.allocate(2 ** 31 - 1));
          console.log('"allocated"');
        } catch (error) {
          console.log(JSON.stringify(error.code));
        }
      `;
      expect(run(program, file)).toBe('AIRS_MCP_OUT_OF_MEMORY');
    });
  });

  it('is loaded through require alone, so that a bundler leaves it out', () => {
    expect(createRequire(import.meta.url).resolve('node-gyp-build')).toContain('node_modules');
  });
});
