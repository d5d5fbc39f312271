import { DEFAULT_MAX_BATCH_SIZE, MAX_BATCH_SIZE_CEILING } from '../base/limits.js';
import { type NumberRule, OptionReader } from '../base/options.js';
import { BUFFER_NUMBERS } from '../buffer/config.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Framer, FramerOptions, Framing } from './framer.js';
import { HeaderFramer } from './header.js';
import { LineFramer } from './line.js';

export type FramingOptions = FramerOptions & { framing?: Framing | undefined };

export const BATCH_SIZE: NumberRule = { preset: DEFAULT_MAX_BATCH_SIZE, min: 1, max: MAX_BATCH_SIZE_CEILING, unit: 'messages' };

/** Reads what a framer is told, with defaults filled in; `reader` gathers what is wrong. */
export function readFraming(reader: OptionReader): { framing: Framing; maxMessageSize: number } {
  reader.number('maxBatchSize', BATCH_SIZE);
  reader.boolean('strictValidation', true);
  return {
    framing: reader.choice('framing', ['newline', 'content-length']),
    maxMessageSize: reader.number('maxMessageSize', BUFFER_NUMBERS.maxMessageSize),
  };
}

/** @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option */
export function createFramer(manager: BufferManager, options: FramingOptions): Framer {
  const reader = new OptionReader('framer', options);
  const { framing } = readFraming(reader);
  reader.check();
  return framing === 'newline' ? new LineFramer(manager, options) : new HeaderFramer(manager, options);
}
