import {
  DEFAULT_MAX_BATCH_SIZE, DEFAULT_MAX_SEND_QUEUE, DEFAULT_RECEIVE_QUEUE, DEFAULT_STDERR_TAIL, MAX_BATCH_SIZE_CEILING, MAX_STDERR_TAIL,
} from '../../base/limits.js';
import type { NumberRule } from '../../base/options.js';
import { BUFFER_NUMBERS } from '../../buffer/config.js';
import { PROCESSOR_NUMBERS } from '../../concurrency/config.js';
import { CORRELATION_NUMBERS } from '../../correlation/config.js';

/** An option that bounds something. */
export interface Limit {
  /** `part.option` */
  readonly option: string;
  /** Its default. */
  readonly value: number;
  /** The largest that it may be; null where nothing bounds it. */
  readonly max: number | null;
  /** What both are counted in: `bytes`, `ms`, `buffers`, `requests`, ... */
  readonly unit: string;
}

/** Every limit with its default. */
export function limits(): Limit[] {
  return [
    ...ofPart('buffer', BUFFER_NUMBERS),
    { option: 'transport.maxBatchSize', value: DEFAULT_MAX_BATCH_SIZE, max: MAX_BATCH_SIZE_CEILING, unit: 'messages' },
    { option: 'transport.maxSendQueue', value: DEFAULT_MAX_SEND_QUEUE, max: null, unit: 'bytes' },
    { option: 'transport.stderrTailSize', value: DEFAULT_STDERR_TAIL, max: MAX_STDERR_TAIL, unit: 'bytes' },
    { option: 'streaming.queueCapacity', value: DEFAULT_RECEIVE_QUEUE, max: null, unit: 'messages' },
    ...ofPart('processor', PROCESSOR_NUMBERS),
    ...ofPart('correlation', CORRELATION_NUMBERS),
  ];
}

function ofPart(part: string, rules: Readonly<Record<string, NumberRule>>): Limit[] {
  return Object.entries(rules).map(([option, { preset, max, unit }]) => {
    return { option: `${part}.${option}`, value: preset, max: max === Number.MAX_SAFE_INTEGER ? null : max, unit };
  });
}
