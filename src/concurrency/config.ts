import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  DEFAULT_HANDLER_TIMEOUT, DEFAULT_QUEUE_CAPACITY, DEFAULT_QUEUE_PRESSURE, DEFAULT_SHUTDOWN_TIMEOUT, DEFAULT_WORKER_COUNT,
  MAX_QUEUE_CAPACITY, MAX_TIMER_DELAY, MAX_WORKER_COUNT,
} from '../base/limits.js';
import { OptionReader } from '../base/options.js';

/** How a {@link ConcurrentJsonRpcProcessor} runs requests. Counts and times are integers. */
export interface ProcessorConfig {
  /**
   * Handlers active at a time (count); 1 to 65,536. Default 64; with `workerModule`, where it is the number of threads,
   * `os.availableParallelism()`.
   */
  workerCount: number;
  /** Requests that wait for a handler (count); 0 to 2^24, default 1,000. 0: none waits, each runs at once or not at all. */
  queueCapacity: number;
  /**
   * How long a request may take from its submission, waiting included (ms); 0 to 2^31 - 1, default 300,000. 0: for ever.
   * Past it the caller gets an error response (-32001), whatever the handler does.
   */
  requestTimeout: number;
  /** How long `shutdown()` waits for what is accepted before it aborts the rest (ms); 0 to 2^31 - 1, default 5,000. */
  shutdownTimeout: number;
  /** Share of `queueCapacity` that waits past which sources should pause, until half of that is left; 0 to 1, default 0.8. */
  backpressureThreshold: number;
  /**
   * Whether responses leave in the order of their requests; default false. Those held for that take room in the queue.
   * A request that a handler submits to its own processor keeps out of the order: the handler may be waiting for it.
   */
  ordered: boolean;
  /**
   * An ES module whose default export, or export `handler`, is a {@link WorkerHandler}: a URL, or a path from the
   * working directory. Requests then run on `workerCount` threads; the processor's own handler is not used.
   */
  workerModule: string | URL;
}

/** A configuration with its defaults filled in. */
export type ResolvedProcessorConfig = Readonly<Omit<ProcessorConfig, 'workerModule'> & { workerModule: string | undefined }>;

/** What the numeric options may be; `workerCount` has a preset of its own with `workerModule`. */
export const PROCESSOR_NUMBERS = {
  workerCount: { preset: DEFAULT_WORKER_COUNT, min: 1, max: MAX_WORKER_COUNT, unit: 'handlers' },
  queueCapacity: { preset: DEFAULT_QUEUE_CAPACITY, min: 0, max: MAX_QUEUE_CAPACITY, unit: 'requests' },
  requestTimeout: { preset: DEFAULT_HANDLER_TIMEOUT, min: 0, max: MAX_TIMER_DELAY, unit: 'ms' },
  shutdownTimeout: { preset: DEFAULT_SHUTDOWN_TIMEOUT, min: 0, max: MAX_TIMER_DELAY, unit: 'ms' },
} as const;

/**
 * Fills in the defaults; an option that is undefined takes its default.
 *
 * @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
export function resolveProcessorConfig(config: Partial<ProcessorConfig> = {}): ResolvedProcessorConfig {
  const options = new OptionReader('processor', config);
  const workerModule = moduleOption(config.workerModule, options);
  const { workerCount, queueCapacity, requestTimeout, shutdownTimeout } = PROCESSOR_NUMBERS;
  const workers = workerModule === undefined ? DEFAULT_WORKER_COUNT : availableParallelism();
  const resolved = {
    workerCount: options.number('workerCount', { ...workerCount, preset: workers }),
    queueCapacity: options.number('queueCapacity', queueCapacity),
    requestTimeout: options.number('requestTimeout', requestTimeout),
    shutdownTimeout: options.number('shutdownTimeout', shutdownTimeout),
    backpressureThreshold: options.ratio('backpressureThreshold', DEFAULT_QUEUE_PRESSURE),
    ordered: options.boolean('ordered', false),
    workerModule,
  };
  options.check();
  return Object.freeze(resolved);
}

function moduleOption(value: unknown, options: OptionReader): string | undefined {
  if (value === undefined) return undefined;
  if (value instanceof URL && value.protocol === 'file:') return value.href;
  if (typeof value === 'string' && value !== '') return value.startsWith('file:') ? value : pathToFileURL(resolve(value)).href;
  options.refuse('workerModule must be a path or a file: URL');
  return undefined;
}
