import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { resolveProcessorConfig } from '../../src/concurrency/config.js';
import { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';

const INVALID = expect.objectContaining({ code: 'AIRS_MCP_INVALID_CONFIG' });

const RANGES = {
  workerCount: [1, 65_536],
  queueCapacity: [0, 2 ** 24],
  requestTimeout: [0, 2 ** 31 - 1],
  shutdownTimeout: [0, 2 ** 31 - 1],
} as const;

describe('the processor configuration', () => {
  it('fills in its defaults', () => {
    expect(resolveProcessorConfig({ queueCapacity: undefined } as never)).toEqual({
      workerCount: 64, queueCapacity: 1_000, requestTimeout: 300_000, shutdownTimeout: 5_000,
      backpressureThreshold: 0.8, ordered: false, workerModule: undefined,
    });
  });

  it('takes as many threads as there are CPUs by default', () => {
    expect(resolveProcessorConfig({ workerModule: 'some/module.mjs' }).workerCount).toBe(availableParallelism());
  });

  it('reads a module path from the working directory, and keeps a file URL', () => {
    expect(resolveProcessorConfig({ workerModule: 'a b.mjs' }).workerModule).toMatch(/^file:\/\/.*\/a%20b\.mjs$/);
    expect(resolveProcessorConfig({ workerModule: new URL('file:///x/y.mjs') }).workerModule).toBe('file:///x/y.mjs');
    expect(resolveProcessorConfig({ workerModule: 'file:///x/y.mjs' }).workerModule).toBe('file:///x/y.mjs');
  });

  for (const [option, [min, max]] of Object.entries(RANGES)) {
    it(`takes ${option} from ${min} to ${max} and nothing else`, () => {
      for (const value of [min, min + 1, max - 1, max]) {
        expect(resolveProcessorConfig({ [option]: value })).toHaveProperty(option, value);
      }
      for (const value of [min - 1, max + 1, min + 0.5, NaN, '5', null]) {
        expect(() => resolveProcessorConfig({ [option]: value })).toThrow(INVALID);
      }
    });
  }

  it('takes a backpressureThreshold from 0 to 1', () => {
    const resolve = (value: unknown) => resolveProcessorConfig({ backpressureThreshold: value } as never).backpressureThreshold;
    for (const value of [0, 0.5, 1]) expect(resolve(value)).toBe(value);
    for (const value of [-0.01, 1.01, NaN, '0.5', null]) {
      expect(() => resolve(value)).toThrow(/backpressureThreshold must be a number from 0 to 1/);
    }
  });

  it('names every invalid option in one error', () => {
    const wrong = { workerCount: 0, queueCapacity: -1, backpressureThreshold: 2, ordered: 1, workerModule: new URL('http://x/') };
    for (const option of Object.keys(wrong)) {
      expect(() => new ConcurrentJsonRpcProcessor(wrong as never, () => 1)).toThrow(new RegExp(option));
    }
    expect(() => resolveProcessorConfig(null as never)).toThrow(INVALID);
  });

  it('demands a handler, unless a module has it', () => {
    expect(() => new ConcurrentJsonRpcProcessor({})).toThrow(expect.objectContaining({ code: 'AIRS_MCP_INVALID_ARGUMENT' }));
    expect(() => new ConcurrentJsonRpcProcessor({ workerModule: 'x.mjs' })).not.toThrow();
  });
});
