import { DEFAULT_MAX_MESSAGE_SIZE, DEFAULT_POOL_TIMEOUT, DEFAULT_SHUTDOWN_TIMEOUT } from '../base/limits.js';
import type { BufferConfig } from '../buffer/config.js';
import type { ProcessorConfig } from '../concurrency/config.js';
import type { CorrelationConfig } from '../correlation/config.js';
import type { Machine } from './machine.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/**
 * What a configuration favours: `balanced`; `throughput` (long queues, few wake-ups); `latency` (short queues, short
 * timeouts, timers on time); `streaming` (many messages through little memory).
 */
export type Preset = 'balanced' | 'throughput' | 'latency' | 'streaming';

export const PRESETS: readonly Preset[] = ['balanced', 'throughput', 'latency', 'streaming'];

export function isPreset(value: unknown): value is Preset {
  return PRESETS.includes(value as Preset);
}

/** Options of the processor; a `workerModule` only where one was given. */
export type ProductionProcessorConfig = Omit<ProcessorConfig, 'workerModule'> & Partial<Pick<ProcessorConfig, 'workerModule'>>;

/** Options before anything was overridden or lowered. */
export interface Basis {
  buffer: BufferConfig;
  processor: ProductionProcessorConfig;
  correlation: CorrelationConfig;
}

/** Pool sizes by cores and memory; the first row that the machine meets. */
const POOL_TIERS = [
  { cores: 16, memory: 32 * GIB, size: 2_000 },
  { cores: 8, memory: 16 * GIB, size: 1_000 },
  { cores: 4, memory: 8 * GIB, size: 500 },
  { cores: 0, memory: 0, size: 100 },
];

/** Capacities of buffers by memory, likewise. */
const CAPACITY_TIERS = [
  { memory: 32 * GIB, capacity: MIB },
  { memory: 16 * GIB, capacity: 512 * KIB },
  { memory: 8 * GIB, capacity: 256 * KIB },
  { memory: 0, capacity: 64 * KIB },
];

/** Handlers on the event loop that mostly wait: so many for each core, and no fewer than this. */
const HANDLERS_PER_CORE = 16;
const LEAST_HANDLERS = 64;

/** @param threads whether handlers run on threads, of which more than cores would only take turns */
export function basisFor(machine: Machine, preset: Preset, threads: boolean): Basis {
  const basis = adjusted(balanced(machine), preset);
  if (threads) basis.processor.workerCount = Math.max(1, Math.floor(machine.cores));
  return basis;
}

function balanced({ cores, memoryLimit }: Machine): Basis {
  // The last row of each is met by every machine.
  const size = POOL_TIERS.find((tier) => cores >= tier.cores && memoryLimit >= tier.memory)?.size ?? 100;
  const capacity = CAPACITY_TIERS.find((tier) => memoryLimit >= tier.memory)?.capacity ?? 64 * KIB;
  return {
    buffer: {
      maxMessageSize: DEFAULT_MAX_MESSAGE_SIZE,
      readBufferCapacity: capacity,
      writeBufferCapacity: capacity,
      bufferPoolSize: size,
      poolTimeout: DEFAULT_POOL_TIMEOUT,
      enableZeroCopy: true,
      backpressureThreshold: (size * capacity) / 2,
    },
    processor: {
      workerCount: Math.max(LEAST_HANDLERS, Math.floor(cores) * HANDLERS_PER_CORE),
      queueCapacity: 10_000,
      requestTimeout: 300_000,
      shutdownTimeout: DEFAULT_SHUTDOWN_TIMEOUT,
      backpressureThreshold: 0.8,
      ordered: false,
    },
    correlation: { defaultTimeout: 60_000, maxPendingRequests: 10_000, cleanupInterval: 10 },
  };
}

function adjusted(basis: Basis, preset: Preset): Basis {
  const { buffer, processor, correlation } = basis;
  switch (preset) {
    case 'balanced':
      return basis;
    case 'throughput':
      return {
        buffer,
        processor: { ...processor, queueCapacity: 50_000, workerCount: processor.workerCount * 2, shutdownTimeout: 30_000 },
        correlation: { ...correlation, maxPendingRequests: 50_000, cleanupInterval: 100 },
      };
    case 'latency':
      return {
        buffer: { ...buffer, readBufferCapacity: Math.min(buffer.readBufferCapacity, 64 * KIB), poolTimeout: 500 },
        processor: { ...processor, queueCapacity: 1_000, requestTimeout: 30_000, backpressureThreshold: 0.5 },
        correlation: { defaultTimeout: 10_000, maxPendingRequests: 1_000, cleanupInterval: 1 },
      };
    case 'streaming':
      return {
        buffer: { ...buffer, maxMessageSize: 10 * MIB, readBufferCapacity: 64 * KIB, writeBufferCapacity: 64 * KIB, bufferPoolSize: 32 },
        processor: { ...processor, queueCapacity: 256, workerCount: 16 },
        correlation: { ...correlation, maxPendingRequests: 1_000 },
      };
  }
}
