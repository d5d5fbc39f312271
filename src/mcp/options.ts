import { DEFAULT_CLOSE_TIMEOUT, DEFAULT_MAX_MESSAGE_SIZE, MAX_MESSAGE_SIZE_CEILING, MAX_TIMER_DELAY } from '../base/limits.js';
import { OptionReader } from '../base/options.js';
import type { TransportOptions } from '../transport/contract.js';

/** What both drop-in transports take beside what the SDKs' transports take. */
export interface DropInOptions {
  /**
   * Longest message accepted (bytes). Default 50 MiB (the SDKs: 10 MiB); from 1 to 512 MiB, and what is larger
   * (`Infinity`) means 512 MiB.
   */
  maxBufferSize?: number | undefined;
  /** What a message past `maxBufferSize` does: fail its own call (`reject`, default), or end the session (`close`; the SDKs). */
  onOversize?: 'reject' | 'close' | undefined;
  /** What a line that is no JSON does: count (`skip`, default; SDK 2.x), or be told to `onerror` (`report`; SDK 1.x). */
  noise?: 'skip' | 'report' | undefined;
  /** Output accepted and not yet taken by the peer, past which `send` rejects (bytes). Default: five of the longest messages. */
  maxSendQueue?: number | undefined;
  /** How long each step of `close()` may take (ms). Default 2,000. */
  closeTimeout?: number | undefined;
}

/** How the transport below is set up, and what this layer decides itself. */
export interface Settings {
  readonly transport: TransportOptions & { readonly closeTimeout: number };
  readonly maxMessageSize: number;
  readonly closesOnOversize: boolean;
  readonly reportsNoise: boolean;
}

/** How many of the longest messages may wait to be sent (count). */
const QUEUED_MESSAGES = 5;

/**
 * @param more reads the options that one side has besides
 * @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
export function resolveSettings(options: DropInOptions, more: (reader: OptionReader) => void): Settings {
  const { maxBufferSize } = options;
  // The SDKs take any number here: what we can't hold is as good as no limit.
  const clamped = Number(maxBufferSize) > MAX_MESSAGE_SIZE_CEILING ? MAX_MESSAGE_SIZE_CEILING : maxBufferSize;
  const reader = new OptionReader('transport', { ...options, maxBufferSize: clamped });
  const size = { preset: DEFAULT_MAX_MESSAGE_SIZE, min: 1, max: MAX_MESSAGE_SIZE_CEILING, unit: 'bytes' };
  const maxMessageSize = reader.number('maxBufferSize', size);
  const queue = { preset: maxMessageSize * QUEUED_MESSAGES, min: 1, max: Number.MAX_SAFE_INTEGER, unit: 'bytes' };
  const maxSendQueue = reader.number('maxSendQueue', queue);
  const closeTimeout = reader.number('closeTimeout', { preset: DEFAULT_CLOSE_TIMEOUT, min: 0, max: MAX_TIMER_DELAY, unit: 'ms' });
  const closesOnOversize = reader.choice('onOversize', ['reject', 'close']) === 'close';
  const reportsNoise = reader.choice('noise', ['skip', 'report']) === 'report';
  more(reader);
  reader.check();
  return {
    // Each message becomes an object at once, so JSON.parse is the check of its grammar.
    transport: { strictValidation: false, buffer: { maxMessageSize }, maxSendQueue, closeTimeout },
    maxMessageSize,
    closesOnOversize,
    reportsNoise,
  };
}
