import { subscribe } from '../base/channels.js';
import { AirsMcpError } from '../base/errors.js';
import { BufferManager } from '../buffer/manager.js';
import type { BufferMetrics } from '../buffer/metrics.js';
import type { ProcessorStatistics } from '../concurrency/counters.js';
import { ConcurrentJsonRpcProcessor } from '../concurrency/processor.js';
import { CorrelationManager } from '../correlation/manager.js';
import type { CorrelationStatistics } from '../correlation/statistics.js';
import type { Transport, ZeroCopyTransport } from '../transport/contract.js';

/** A peer as far as it is watched; a {@link JsonRpcPeer} of any methods is one. */
export interface WatchablePeer {
  readonly transport: Transport;
  readonly correlation: CorrelationManager;
  readonly processor: ConcurrentJsonRpcProcessor;
}

/** What can be watched: a peer with all it consists of, a transport with its memory, or a part by itself. */
export type Watchable = WatchablePeer | Transport | BufferManager | CorrelationManager | ConcurrentJsonRpcProcessor;

/** The statistics of parts under one name. */
export interface PartStatistics {
  readonly name: string;
  buffers: BufferMetrics[];
  correlation: CorrelationStatistics[];
  processor: ProcessorStatistics[];
}

/** Most parts that are watched at a time (count): a program that watches more has forgotten to stop. */
const MOST_PARTS = 10_000;

interface Part {
  readonly name: string;
  readonly buffers: BufferManager | undefined;
  readonly correlation: CorrelationManager | undefined;
  readonly processor: ConcurrentJsonRpcProcessor | undefined;
}

/**
 * What somebody watches, by name. A peer or transport is forgotten when its transport closes; what it counted until then
 * is handed to `onleave`, so that sums need not fall.
 */
export class WatchedParts {
  readonly #parts = new Map<object, Part>();
  readonly #onleave: ((last: PartStatistics) => void) | undefined;
  #unsubscribe: (() => void) | null = null;

  constructor(onleave?: (last: PartStatistics) => void) {
    this.#onleave = onleave;
  }

  /**
   * @returns the function that stops watching
   * @throws `AIRS_MCP_INVALID_ARGUMENT` for what has no statistics, `AIRS_MCP_OUT_OF_RANGE` past 10,000 parts
   */
  watch(subject: Watchable, name: string): () => void {
    const part = partOf(subject, name);
    if (part === undefined) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'only peers, transports and their parts can be watched');
    if (this.#parts.size >= MOST_PARTS) throw new AirsMcpError('AIRS_MCP_OUT_OF_RANGE', `no more than ${MOST_PARTS} parts can be watched at a time`);
    const key = 'transport' in subject ? subject.transport : subject;
    this.#parts.set(key, part);
    this.#unsubscribe ??= subscribe('airs-mcp:transport:closed', ({ transport }) => this.#leaveSoon(transport));
    return () => this.#leave(key);
  }

  /** What is watched now, each part once: parts may share their memory. */
  statistics(): PartStatistics[] {
    const seen = new Set<object>();
    const byName = new Map<string, PartStatistics>();
    for (const part of this.#parts.values()) gather(part, byName, seen);
    return [...byName.values()];
  }

  clear(): void {
    this.#parts.clear();
    this.#listenNoMore();
  }

  /** Once what the end of a connection settles is counted. */
  #leaveSoon(key: object): void {
    if (this.#parts.has(key)) setImmediate(() => this.#leave(key)).unref();
  }

  #leave(key: object): void {
    const part = this.#parts.get(key);
    if (part === undefined) return;
    this.#parts.delete(key);
    const still = new Set([...this.#parts.values()].map(({ buffers }) => buffers).filter((buffers) => buffers !== undefined));
    const last = new Map<string, PartStatistics>();
    gather(part, last, still);
    for (const statistics of last.values()) this.#onleave?.(statistics);
    if (this.#parts.size === 0) this.#listenNoMore();
  }

  #listenNoMore(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}

function gather({ name, buffers, correlation, processor }: Part, byName: Map<string, PartStatistics>, seen: Set<object>): void {
  let all = byName.get(name);
  if (all === undefined) byName.set(name, (all = { name, buffers: [], correlation: [], processor: [] }));
  const fresh = (part: object | undefined): boolean => part !== undefined && !seen.has(part) && seen.add(part) !== undefined;
  if (buffers !== undefined && fresh(buffers)) all.buffers.push(buffers.metrics());
  if (correlation !== undefined && fresh(correlation)) all.correlation.push(correlation.statistics());
  if (processor !== undefined && fresh(processor)) all.processor.push(processor.statistics());
}

function partOf(subject: unknown, name: string): Part | undefined {
  const none = { name, buffers: undefined, correlation: undefined, processor: undefined };
  if (subject instanceof BufferManager) return { ...none, buffers: subject };
  if (subject instanceof CorrelationManager) return { ...none, correlation: subject };
  if (subject instanceof ConcurrentJsonRpcProcessor) return { ...none, processor: subject };
  if (typeof subject !== 'object' || subject === null) return undefined;
  const { transport, correlation, processor } = subject as Partial<WatchablePeer>;
  if (transport !== undefined && correlation !== undefined && processor !== undefined) {
    return { name, buffers: (transport as Partial<ZeroCopyTransport>).buffers, correlation, processor };
  }
  const { buffers } = subject as Partial<ZeroCopyTransport>;
  return buffers instanceof BufferManager ? { ...none, buffers } : undefined;
}
