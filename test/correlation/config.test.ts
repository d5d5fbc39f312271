import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { type CorrelationConfig, resolveCorrelationConfig } from '../../src/correlation/config.js';
import { CorrelationManager } from '../../src/correlation/manager.js';

const DEFAULTS: CorrelationConfig = { defaultTimeout: 60_000, maxPendingRequests: 10_000, cleanupInterval: 10 };

const RANGES: [keyof CorrelationConfig, number, number][] = [
  ['defaultTimeout', 1, 2 ** 31 - 1],
  ['maxPendingRequests', 1, 10_000_000],
  ['cleanupInterval', 1, 60_000],
];

/** What a caller without types may pass. */
const resolve = (config: unknown) => resolveCorrelationConfig(config as Partial<CorrelationConfig>);

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
    expect(resolveCorrelationConfig()).toEqual(DEFAULTS);
    expect(resolve({ defaultTimeout: undefined })).toEqual(DEFAULTS);
    expect(new CorrelationManager().config).toEqual(DEFAULTS);
  });

  it('cannot be changed afterwards', () => {
    const given = { defaultTimeout: 7 };
    const resolved = resolveCorrelationConfig(given);
    given.defaultTimeout = 8;
    expect(resolved.defaultTimeout).toBe(7);
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it.each(RANGES)('%s may be %d to %d', (option, min, max) => {
    expect(resolve({ [option]: min })[option]).toBe(min);
    expect(resolve({ [option]: max })[option]).toBe(max);
    for (const wrong of [min - 1, max + 1, NaN, Infinity, 1.5, '5', null, true, {}]) {
      expect(messageOf({ [option]: wrong })).toContain(option);
    }
  });

  it('is refused with every problem in one error', () => {
    const message = messageOf({ defaultTimeout: 0, maxPendingRequests: '9', cleanupInterval: NaN });
    for (const option of Object.keys(DEFAULTS)) expect(message).toContain(option);
    expect(messageOf({ defaultTimeout: 0, cleanupInterval: 3 })).not.toContain('cleanupInterval');
  });

  it('must be an object', () => {
    for (const wrong of [null, 5, 'x']) expect(messageOf(wrong)).toContain('object');
  });
});
