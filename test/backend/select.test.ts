import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backend, NativeSystem } from '../../src/backend/contract.js';
import { fallback } from '../../src/backend/fallback.js';
import type * as Select from '../../src/backend/select.js';

const addon: Backend & NativeSystem = {
  ...fallback,
  name: 'native',
  kernel: 'haswell',
  externalBuffers: true,
  setPipeCapacity: () => 0,
  socketPair: () => null,
  leadGroups: () => false,
  findLongStrings: () => 0,
  escape: () => 0,
  unescape: () => 0,
};
const loadNative = vi.fn<() => Backend & NativeSystem>();

/** A fresh copy of the module, as another process would have it. */
async function select(demand: string | undefined): Promise<typeof Select> {
  vi.stubEnv('AIRS_MCP_BACKEND', demand);
  vi.resetModules();
  return import('../../src/backend/select.js');
}

beforeEach(() => {
  vi.doMock('../../src/backend/native.js', () => ({ loadNative }));
  loadNative.mockReset();
});

afterEach(() => {
  vi.doUnmock('../../src/backend/native.js');
  vi.unstubAllEnvs();
  vi.resetModules();
});

const loads = (): unknown => loadNative.mockReturnValue(addon);
const failure = Object.assign(new Error('no prebuilt addon for plan9-mips'), { code: 'AIRS_MCP_BACKEND_UNAVAILABLE' });
const fails = (): unknown =>
  loadNative.mockImplementation(() => {
    throw failure;
  });

describe.each([undefined, ''])('without a demand (%o)', (demand) => {
  it('takes the native backend where it loads', async () => {
    loads();
    const { backendInfo, nativeSystem, selectBackend } = await select(demand);
    expect(selectBackend()).toBe(addon);
    expect(nativeSystem()).toBe(addon);
    const reason = 'the native addon loaded';
    expect(backendInfo()).toEqual({ name: 'native', kernel: 'haswell', reason, externalBuffers: true });
  });

  it('takes the fallback where it does not, and says why', async () => {
    fails();
    const { backendInfo, nativeSystem, selectBackend } = await select(demand);
    expect(selectBackend().name).toBe('javascript');
    expect(nativeSystem()).toBeUndefined();
    expect(backendInfo()).toEqual({
      name: 'javascript',
      kernel: 'javascript',
      reason: 'the native addon did not load: no prebuilt addon for plan9-mips',
      externalBuffers: false,
    });
  });
});

describe('AIRS_MCP_BACKEND=native', () => {
  it('takes the native backend, and names the variable as the reason', async () => {
    loads();
    const { backendInfo, selectBackend } = await select('native');
    expect(selectBackend()).toBe(addon);
    expect(backendInfo().reason).toBe('AIRS_MCP_BACKEND=native');
  });

  it('fails loudly at every use where the addon does not load', async () => {
    fails();
    const { backendInfo, nativeSystem, selectBackend } = await select('native');
    for (const use of [selectBackend, nativeSystem, backendInfo, selectBackend]) {
      expect(use).toThrow(
        expect.objectContaining({
          name: 'AirsMcpError',
          code: 'AIRS_MCP_BACKEND_UNAVAILABLE',
          message: 'AIRS_MCP_BACKEND=native, but the native addon did not load: no prebuilt addon for plan9-mips',
          cause: failure,
        }),
      );
    }
  });
});

describe('AIRS_MCP_BACKEND=javascript', () => {
  it('takes the fallback without touching the addon', async () => {
    loads();
    const { backendInfo, nativeSystem, selectBackend } = await select('javascript');
    expect(selectBackend().name).toBe('javascript');
    expect(nativeSystem()).toBeUndefined();
    expect(backendInfo().reason).toBe('AIRS_MCP_BACKEND=javascript');
    expect(loadNative).not.toHaveBeenCalled();
  });
});

it.each(['Native', 'js', 'wasm', ' native'])('refuses the demand %j, naming the variable and its values', async (demand) => {
  loads();
  const { selectBackend } = await select(demand);
  expect(selectBackend).toThrow(
    expect.objectContaining({
      code: 'AIRS_MCP_INVALID_CONFIG',
      message: `AIRS_MCP_BACKEND must be native or javascript, is "${demand}"`,
    }),
  );
});

it('decides once', async () => {
  loads();
  const { backendInfo, nativeSystem, selectBackend } = await select(undefined);
  const first = selectBackend();
  fails();
  vi.stubEnv('AIRS_MCP_BACKEND', 'javascript');
  expect(selectBackend()).toBe(first);
  expect(nativeSystem()).toBe(addon);
  expect(backendInfo().name).toBe('native');
  expect(loadNative).toHaveBeenCalledTimes(1);
});
