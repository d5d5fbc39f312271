import {
  DEFAULT_BACKPRESSURE_THRESHOLD,
  DEFAULT_BUFFER_POOL_SIZE,
  DEFAULT_MAX_MESSAGE_SIZE,
  DEFAULT_POOL_TIMEOUT,
  DEFAULT_READ_BUFFER_CAPACITY,
  DEFAULT_WRITE_BUFFER_CAPACITY,
  LARGE_SLAB_CACHE,
  LEAST_SLAB_CACHE,
  MAX_BUFFER_CAPACITY,
  MAX_BUFFER_POOL_SIZE,
  MAX_MESSAGE_SIZE_CEILING,
  MAX_TIMER_DELAY,
} from '../base/limits.js';
import { type NumberRule, OptionReader } from '../base/options.js';

/** How a {@link BufferManager} uses memory. Numbers are integers. */
export interface BufferConfig {
  /** Longest message accepted, without its line end (bytes); 1 to 512 MiB, default 50 MiB. */
  maxMessageSize: number;
  /** Capacity of a pooled read buffer (bytes); 1 to 512 MiB, default 256 KiB. Longer messages get memory of their own. */
  readBufferCapacity: number;
  /** Capacity of a pooled write buffer (bytes); 1 to 512 MiB, default 64 KiB. */
  writeBufferCapacity: number;
  /** Buffers of each kind lent at a time (count); 1 to 65,536, default 100. They are made on demand. */
  bufferPoolSize: number;
  /** How long acquire waits for a buffer (ms); 0 to 2,147,483,647, default 5,000. 0 rejects at once when none is free. */
  poolTimeout: number;
  /** Whether received and sent bytes may be views of pooled memory; default true. False copies them. */
  enableZeroCopy: boolean;
  /**
   * Bytes held by consumers (unreleased messages and acquired buffers) past which sources stop reading until
   * half of it is left; 1 to 2^53 - 1, default 8 MiB. Messages may lie outside the pools, so it may exceed their size.
   * Keep it above twice what is held all the time, or reading does not resume.
   */
  backpressureThreshold: number;
}

/** What the numeric options may be. */
export const BUFFER_NUMBERS: Record<Exclude<keyof BufferConfig, 'enableZeroCopy'>, NumberRule> = {
  maxMessageSize: { preset: DEFAULT_MAX_MESSAGE_SIZE, min: 1, max: MAX_MESSAGE_SIZE_CEILING, unit: 'bytes' },
  readBufferCapacity: { preset: DEFAULT_READ_BUFFER_CAPACITY, min: 1, max: MAX_BUFFER_CAPACITY, unit: 'bytes' },
  writeBufferCapacity: { preset: DEFAULT_WRITE_BUFFER_CAPACITY, min: 1, max: MAX_BUFFER_CAPACITY, unit: 'bytes' },
  bufferPoolSize: { preset: DEFAULT_BUFFER_POOL_SIZE, min: 1, max: MAX_BUFFER_POOL_SIZE, unit: 'buffers' },
  poolTimeout: { preset: DEFAULT_POOL_TIMEOUT, min: 0, max: MAX_TIMER_DELAY, unit: 'ms' },
  backpressureThreshold: { preset: DEFAULT_BACKPRESSURE_THRESHOLD, min: 1, max: Number.MAX_SAFE_INTEGER, unit: 'bytes' },
};

/** Most bytes that are kept of buffers larger than pooled ones: less where messages are short. */
export function largeSlabCacheFor(maxMessageSize: number): number {
  return Math.min(LARGE_SLAB_CACHE, Math.max(LEAST_SLAB_CACHE, 2 * maxMessageSize));
}

/**
 * Fills in the defaults; an option that is undefined takes its default.
 *
 * @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
export function resolveBufferConfig(config: Partial<BufferConfig> = {}): Readonly<BufferConfig> {
  const options = new OptionReader('buffer', config);
  const number = (option: keyof typeof BUFFER_NUMBERS): number => options.number(option, BUFFER_NUMBERS[option]);
  const resolved: BufferConfig = {
    maxMessageSize: number('maxMessageSize'),
    readBufferCapacity: number('readBufferCapacity'),
    writeBufferCapacity: number('writeBufferCapacity'),
    bufferPoolSize: number('bufferPoolSize'),
    poolTimeout: number('poolTimeout'),
    enableZeroCopy: options.boolean('enableZeroCopy', true),
    backpressureThreshold: number('backpressureThreshold'),
  };
  options.check();
  return Object.freeze(resolved);
}
