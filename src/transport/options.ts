import { DEFAULT_CLOSE_TIMEOUT, DEFAULT_MAX_SEND_QUEUE, MAX_TIMER_DELAY } from '../base/limits.js';
import { type NumberRule, OptionReader } from '../base/options.js';
import { resolveBufferConfig } from '../buffer/config.js';
import { readFraming } from '../message/framing.js';
import type { TransportOptions } from './contract.js';

/** What the numbers of one kind of transport may be. */
export type NumberRules = Readonly<Record<string, NumberRule>>;

/** The numbers of a transport, by their options. */
export type TransportNumbers = Readonly<Record<keyof typeof OWN, number>> & Readonly<Record<string, number>>;

const OWN = {
  closeTimeout: { preset: DEFAULT_CLOSE_TIMEOUT, min: 0, max: MAX_TIMER_DELAY, unit: 'ms' },
  maxSendQueue: { preset: DEFAULT_MAX_SEND_QUEUE, min: 1, max: Number.MAX_SAFE_INTEGER, unit: 'bytes' },
} as const satisfies NumberRules;

/**
 * Checks the options of a transport, those of its framing and of its memory.
 *
 * @param rules of the numbers that this kind of transport has besides those of all
 * @returns the numbers, with defaults filled in
 * @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
export function transportNumbers(options: TransportOptions, rules: NumberRules): TransportNumbers {
  const reader = new OptionReader('transport', options);
  const numbers = Object.entries({ ...OWN, ...rules }).map(([option, rule]) => [option, reader.number(option, rule)]);
  readFraming(reader);
  if (options.buffers === undefined) reader.include('buffer', () => resolveBufferConfig(options.buffer));
  reader.check();
  return Object.fromEntries(numbers) as TransportNumbers; // one for each rule
}
