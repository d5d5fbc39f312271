/** How much memory a configuration may take, and what is cut where that is too much. */

import { type BufferConfig, largeSlabCacheFor } from '../buffer/config.js';
import { powerOfTwoFrom } from '../buffer/oneoff.js';
import type { ProcessorConfig } from '../concurrency/config.js';
import type { CorrelationConfig } from '../correlation/config.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A request in the queue, without its bytes: message, job and places (bytes). */
export const QUEUED_REQUEST = 1_024;
/** A call that waits for its answer: promise and entry (bytes; bench/groups/correlation.mjs). */
export const PENDING_CALL = 400;

/** The parts that take memory. */
export interface Sizes {
  bufferPoolSize: number;
  readBufferCapacity: number;
  writeBufferCapacity: number;
  maxMessageSize: number;
  queueCapacity: number;
  maxPendingRequests: number;
}

type Size = keyof Sizes;

/** The least that each is cut to. */
const LEAST: Readonly<Sizes> = {
  bufferPoolSize: 4,
  readBufferCapacity: 16 * KIB,
  writeBufferCapacity: 16 * KIB,
  maxMessageSize: MIB,
  queueCapacity: 64,
  maxPendingRequests: 64,
};

export function sizesOf(buffer: BufferConfig, processor: Pick<ProcessorConfig, 'queueCapacity'>, correlation: CorrelationConfig): Sizes {
  const { bufferPoolSize, readBufferCapacity, writeBufferCapacity, maxMessageSize } = buffer;
  const { queueCapacity } = processor;
  return { bufferPoolSize, readBufferCapacity, writeBufferCapacity, maxMessageSize, queueCapacity, maxPendingRequests: correlation.maxPendingRequests };
}

/** What each part takes at most, by the options that cut it, the one that is cut first at the front (bytes). */
function shares(sizes: Sizes): { options: readonly Size[]; bytes: number }[] {
  return [
    { options: ['bufferPoolSize', 'readBufferCapacity', 'writeBufferCapacity'], bytes: poolBytes(sizes) },
    { options: ['maxMessageSize'], bytes: messageBytes(sizes) },
    { options: ['queueCapacity'], bytes: sizes.queueCapacity * QUEUED_REQUEST },
    { options: ['maxPendingRequests'], bytes: sizes.maxPendingRequests * PENDING_CALL },
  ];
}

function poolBytes({ bufferPoolSize, readBufferCapacity, writeBufferCapacity }: Sizes): number {
  return bufferPoolSize * (readBufferCapacity + writeBufferCapacity);
}

/** The buffer of the longest message while it arrives, and what is kept of such buffers for the next. */
function messageBytes({ maxMessageSize, readBufferCapacity }: Sizes): number {
  return powerOfTwoFrom(maxMessageSize + readBufferCapacity) + largeSlabCacheFor(maxMessageSize);
}

/** The most that a configuration makes the library hold for one connection (bytes). */
export function totalOf(sizes: Sizes): number {
  return shares(sizes).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Halves the largest part that may be cut until all fits.
 *
 * @param budget bytes
 * @param fixed what must not be cut
 * @returns the sizes that fit, or come nearest to it
 */
export function fit(sizes: Sizes, budget: number, fixed: ReadonlySet<string>): Sizes {
  const fitted = { ...sizes };
  while (totalOf(fitted) > budget) {
    const option = largestCut(fitted, fixed);
    if (option === undefined) break;
    fitted[option] = Math.max(LEAST[option], Math.floor(fitted[option] / 2));
  }
  return fitted;
}

function largestCut(sizes: Sizes, fixed: ReadonlySet<string>): Size | undefined {
  const mayCut = (option: Size): boolean => !fixed.has(option) && sizes[option] > LEAST[option];
  const cuttable = shares(sizes).filter(({ options }) => options.some(mayCut));
  cuttable.sort((a, b) => b.bytes - a.bytes);
  return cuttable[0]?.options.find(mayCut);
}
