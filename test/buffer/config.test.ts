import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { type BufferConfig, resolveBufferConfig } from '../../src/buffer/config.js';
import { BufferManager } from '../../src/buffer/manager.js';
import { codeOf, PlainMemory } from './memory.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const DEFAULTS: BufferConfig = {
  maxMessageSize: 50 * MIB,
  readBufferCapacity: 256 * KIB,
  writeBufferCapacity: 64 * KIB,
  bufferPoolSize: 100,
  poolTimeout: 5_000,
  enableZeroCopy: true,
  backpressureThreshold: 8 * MIB,
};

const RANGES: [keyof BufferConfig, number, number][] = [
  ['maxMessageSize', 1, 512 * MIB],
  ['readBufferCapacity', 1, 512 * MIB],
  ['writeBufferCapacity', 1, 512 * MIB],
  ['bufferPoolSize', 1, 65_536],
  ['poolTimeout', 0, 2 ** 31 - 1],
  ['backpressureThreshold', 1, Number.MAX_SAFE_INTEGER],
];

/** What a caller without types may pass. */
const resolve = (config: unknown) => resolveBufferConfig(config as Partial<BufferConfig>);

function messageOf(config: unknown): string {
  try {
    resolve(config);
  } catch (error) {
    if (error instanceof AirsMcpError && error.code === 'AIRS_MCP_INVALID_CONFIG') return error.message;
    throw error;
  }
  return '';
}

describe('the configuration', () => {
  it('has documented defaults, also for options that are undefined', () => {
    expect(resolveBufferConfig()).toEqual(DEFAULTS);
    expect(resolve({ poolTimeout: undefined, enableZeroCopy: undefined })).toEqual(DEFAULTS);
  });

  it('cannot be changed afterwards', () => {
    const given = { poolTimeout: 7 };
    const resolved = resolveBufferConfig(given);
    given.poolTimeout = 8;
    expect(resolved.poolTimeout).toBe(7);
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it.each(RANGES)('%s may be %d to %d', (option, min, max) => {
    expect(resolve({ [option]: min })[option]).toBe(min);
    expect(resolve({ [option]: max })[option]).toBe(max);
    for (const outside of [min - 1, max + 1, -max]) expect(messageOf({ [option]: outside })).toContain(option);
  });

  it.each(RANGES)('%s must be an integer', (option) => {
    for (const wrong of [NaN, Infinity, -Infinity, 1.5, '5', null, true, 5n, {}]) {
      expect(messageOf({ [option]: wrong })).toContain(option);
    }
  });

  it('enableZeroCopy must be a boolean', () => {
    expect(resolve({ enableZeroCopy: false }).enableZeroCopy).toBe(false);
    for (const wrong of [0, 1, 'true', null]) expect(messageOf({ enableZeroCopy: wrong })).toContain('enableZeroCopy');
  });

  it('is refused with every problem in one error', () => {
    const everything = Object.fromEntries(Object.keys(DEFAULTS).map((option) => [option, NaN]));
    const message = messageOf({ ...everything, bufferPoolSize: 3 });
    for (const option of Object.keys(DEFAULTS)) expect(message.includes(option)).toBe(option !== 'bufferPoolSize');
  });

  it('must be an object', () => {
    for (const wrong of [null, 5, 'x']) expect(messageOf(wrong)).toContain('object');
  });

  it('is checked when a manager is made', () => {
    expect(codeOf(() => new BufferManager({ bufferPoolSize: 0 }, new PlainMemory()))).toBe('AIRS_MCP_INVALID_CONFIG');
    expect(new BufferManager({ maxMessageSize: 9 }, new PlainMemory()).config.maxMessageSize).toBe(9);
  });
});
