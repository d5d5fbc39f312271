import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RECORD_VERSION } from '../../src/backend/contract.js';
import { loadNative } from '../../src/backend/native.js';
import { CAN_LIMIT_MEMORY, collectUntil, LIMIT_MEMORY, LINE, MIB, ON_NATIVE, runProgram } from '../native/program.js';
import { tableFor } from '../support/scan.js';

/** False in the runs of without_external.sh. */
const EXTERNAL = process.env['AIRS_MCP_TEST_EXTERNAL'] !== 'refused';

describe('loading the addon', () => {
  let load: () => unknown;

  beforeEach(() => {
    vi.resetModules();
    const resolve = (name: string): string => `/somewhere/${name}`;
    vi.doMock('node:module', () => ({ createRequire: () => Object.assign(() => load, { resolve }) }));
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock('node:module');
    vi.resetModules();
  });

  async function failure(): Promise<Error> {
    const module = await import('../../src/backend/native.js');
    try {
      module.loadNative();
    } catch (error) {
      return error as Error;
    }
    throw new Error('it loaded');
  }

  it('fails with the reason that the loader gives', async () => {
    const cause = new Error('no file for this platform');
    load = () => {
      throw cause;
    };
    expect(await failure()).toMatchObject({ code: 'AIRS_MCP_BACKEND_UNAVAILABLE', message: cause.message, cause });
  });

  it('gives the reason in one line', async () => {
    load = () => {
      throw new Error('first\n    second\n');
    };
    expect((await failure()).message).toBe('first; second');
  });

  it.each(['7', undefined])('does not try where the runtime has Node-API %s', async (napi) => {
    const loading = vi.fn();
    load = loading;
    vi.stubGlobal('process', Object.create(process, { versions: { value: { ...process.versions, napi } } }));
    expect((await failure()).message).toBe(`the addon needs Node-API 8, this runtime has ${napi ?? 'none'}`);
    expect(loading).not.toHaveBeenCalled();
  });

  it('fails for records of another version', async () => {
    load = () => ({ recordVersion: RECORD_VERSION + 1 });
    const message = expect.stringMatching(`records of version ${RECORD_VERSION + 1}.*reads version ${RECORD_VERSION}`) as string;
    expect(await failure()).toMatchObject({ code: 'AIRS_MCP_BACKEND_UNAVAILABLE', message });
  });

  it('fails for an addon that lacks a function', async () => {
    const there = (): void => undefined;
    load = () => ({ recordVersion: RECORD_VERSION, scan: there, find: there, allocate: there });
    const message = expect.stringContaining('setPipeCapacity, socketPair, leadGroups') as string;
    expect(await failure()).toMatchObject({ code: 'AIRS_MCP_BACKEND_UNAVAILABLE', message });
  });
});

describe.runIf(ON_NATIVE)('the addon', () => {
  it('names a kernel of simdjson', () => {
    const { name, kernel } = loadNative();
    expect(name).toBe('native');
    expect(['icelake', 'haswell', 'westmere', 'arm64', 'ppc64', 'lasx', 'lsx', 'fallback']).toContain(kernel);
  });

  // From 22 on, Node.js reads package.json with a simdjson of its own, which obeys the same variable and then fails.
  const kernels = Number.parseInt(process.versions.node, 10) < 22 ? ['fallback', 'haswell', 'icelake', 'no-such-kernel'] : ['fallback'];
  it.each(kernels)('works where simdjson is told to use the kernel %s', (kernel) => {
    vi.stubEnv('SIMDJSON_FORCE_IMPLEMENTATION', kernel);
    const used = runProgram('print([addon.kernel, scanAll()]);');
    vi.unstubAllEnvs();
    // simdjson has its portable kernel only where no SIMD can be taken for granted, as NEON is on arm64.
    const portable = kernel === 'fallback' && process.arch === 'x64';
    const usual = portable ? 'fallback' : loadNative().kernel;
    // Those that this machine has are taken, others are not: their instructions would end the process.
    const possible = ['haswell', 'icelake'].includes(kernel) ? [usual, kernel] : [usual];
    expect(possible.map((name) => [name, 1000])).toContainEqual(used);
  });

  it('takes external buffers where the runtime has them', () => {
    expect(loadNative().externalBuffers).toBe(EXTERNAL);
  });

  it('is the same for each load', () => {
    expect(loadNative().scan).toBe(loadNative().scan);
  });

  it('scans bytes of shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(LINE.length));
    shared.set(Buffer.from(LINE));
    expect(loadNative().scan(shared, tableFor(shared))).toBe(1);
  });

  it('finds its way out of the deepest text, and back to shallow ones', () => {
    const native = loadNative();
    const deep = Buffer.from(`${'['.repeat(MIB)}${']'.repeat(MIB)}\n`);
    const table = tableFor(deep);
    for (let n = 0; n < 3; n++) {
      expect(native.scan(deep, table)).toBe(2);
      expect(native.scan(Buffer.from(LINE), tableFor(Buffer.from(LINE)))).toBe(1);
    }
  });
});

describe.runIf(ON_NATIVE)('the addon allocates', () => {
  it.each([1, 63, 64, 4096, 4097, 65_536, 3 * MIB])('%i bytes', (size) => {
    const buffer = loadNative().allocate(size);
    expect(buffer).toBeInstanceOf(ArrayBuffer);
    expect(buffer.byteLength).toBe(size);
  });

  it('memory that is zeroed while it is new', () => {
    expect(runProgram('print(new Uint8Array(addon.allocate(1e6)).every((byte) => byte === 0));')).toBe(true);
  });

  it('memory that holds what is written to it, apart from all other', () => {
    const native = loadNative();
    const slabs = Array.from({ length: 64 }, (_, n) => new Uint8Array(native.allocate(5000)).fill(n));
    expect(slabs.every((slab, n) => slab.every((byte) => byte === n))).toBe(true);
  });

  it('memory that counts for garbage collection, and is given back', async () => {
    const native = loadNative();
    await collectUntil(() => false);
    const before = process.memoryUsage().external;
    let slabs: ArrayBuffer[] = Array.from({ length: 16 }, () => native.allocate(MIB));
    expect(process.memoryUsage().external - before).toBeGreaterThanOrEqual(slabs.length * MIB);
    slabs = [];
    expect(slabs.length).toBe(0);
    expect(await collectUntil(() => process.memoryUsage().external - before < MIB)).toBe(true);
  });

  it.runIf(EXTERNAL)('the memory of a collected slab once more', () => {
    const program = `
      (() => { new Uint8Array(addon.allocate(300_000)).fill(123); })();
      let recycled = false;
      for (let n = 0; n < 100 && !recycled; n++) {
        gc();
        await turn();
        recycled = new Uint8Array(addon.allocate(300_000)).every((byte) => byte === 123);
      }
      print(recycled);
    `;
    expect(runProgram(program)).toBe(true);
  });

  it('no memory under a live view: a part keeps the whole', async () => {
    const native = loadNative();
    const part = new Uint8Array(native.allocate(200_000)).fill(7).subarray(100, 200);
    await collectUntil(() => !new Uint8Array(native.allocate(200_000)).fill(9).includes(9));
    expect(part.every((byte) => byte === 7)).toBe(true);
  });

  it.runIf(CAN_LIMIT_MEMORY)('or says that memory ran out', () => {
    const program = `
      ${LIMIT_MEMORY}
      try {
        print(addon.allocate(2 ** 31 - 1).byteLength);
      } catch (error) {
        print([error.code, scanAll()]);
      }
    `;
    expect(runProgram(program)).toEqual(['AIRS_MCP_OUT_OF_MEMORY', 1000]);
  });
});
