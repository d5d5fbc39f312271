import { EventEmitter } from 'node:events';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import { OptionReader, checkTogether } from '../base/options.js';
import { type Alert, AlertBoard } from './alerts.js';
import type { RuntimeMetrics } from './metrics.js';
import { type PartStatistics, type Watchable, WatchedParts } from './parts.js';
import { type GcFigures, type GcKind, ProcessSampler, type Sample, type Sampler } from './sampler.js';
import { type MonitorThresholds, resolveThresholds } from './thresholds.js';

/** Where the monitor gets its ticks from; a test gives its own. */
export interface MonitorClock {
  /** Calls `tick` every `interval` ms; returns what ends that. */
  every(interval: number, tick: () => void): () => void;
}

/** Options of a {@link RuntimePerformanceMonitor}. */
export interface MonitorOptions {
  /** How often it looks (ms); 10 to 2,147,483,647, default 1,000. */
  interval?: number | undefined;
  thresholds?: Partial<MonitorThresholds> | undefined;
  /** Where the process's figures come from. Default: the process. */
  sampler?: Sampler | undefined;
  /** Default: a timer that does not keep the process open. */
  clock?: MonitorClock | undefined;
}

const SYSTEM_CLOCK: MonitorClock = {
  every(interval, tick) {
    const timer = setInterval(tick, interval).unref();
    return () => clearInterval(timer);
  },
};

/** Fewer requests for buffers than this say nothing about a pool. */
const TELLING = 100;

/** What a {@link RuntimePerformanceMonitor} emits, with the arguments of listeners. */
export interface MonitorEvents {
  alert: [alert: Alert];
}

/**
 * Watches the process and the library's parts in it, and emits `alert` when a figure crosses its threshold, and again when
 * it has recovered: when it came 10% of the threshold (for `poolHitRatio`: of what is missing to 1) back behind it. Listeners
 * that throw throw into the timer: an uncaught exception, as from any emitter.
 *
 * It doesn't keep the process open.
 */
export class RuntimePerformanceMonitor extends EventEmitter<MonitorEvents> {
  readonly #interval: number;
  readonly #sampler: Sampler;
  readonly #clock: MonitorClock;
  readonly #parts = new WatchedParts();
  readonly #board: AlertBoard;
  #end: (() => void) | null = null;
  #before: Look | null = null;
  /** The last whole interval. */
  #shares: Shares | null = null;

  /** @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, listing every invalid option */
  constructor({ interval, thresholds, sampler, clock }: MonitorOptions = {}) {
    super();
    const reader = new OptionReader('monitor', { interval });
    this.#interval = reader.number('interval', { preset: 1_000, min: 10, max: MAX_TIMER_DELAY, unit: 'ms' });
    let resolved = resolveThresholds();
    checkTogether({ monitor: () => reader.check(), alerts: () => (resolved = resolveThresholds(thresholds)) });
    this.#board = new AlertBoard(resolved);
    this.#sampler = sampler ?? new ProcessSampler();
    this.#clock = clock ?? SYSTEM_CLOCK;
  }

  /** Begins to look; twice is harmless. */
  start(): this {
    if (this.#end !== null) return this;
    this.#sampler.start();
    this.#shares = null;
    this.#before = this.#look(true);
    this.#end = this.#clock.every(this.#interval, () => this.#tick());
    return this;
  }

  /** Ends what `start` began; alerts that stand are forgotten. What is watched stays so. Twice is harmless. */
  stop(): void {
    this.#end?.();
    if (this.#end !== null) this.#sampler.stop();
    this.#end = this.#before = this.#shares = null;
    this.#board.clear();
  }

  /**
   * Includes the statistics of a peer, a transport, or a part of one, until its transport closes.
   *
   * @param name by which `parts` shows it; several may share one. Default `default`
   * @returns the function that stops watching
   * @throws AirsMcpError `AIRS_MCP_INVALID_ARGUMENT` for what has no statistics, `AIRS_MCP_OUT_OF_RANGE` past 10,000 parts
   */
  watch(subject: Watchable, name = 'default'): () => void {
    return this.#parts.watch(subject, name);
  }

  /** The figures now. Before `start()` and after `stop()`, those of a moment. */
  snapshot(): RuntimeMetrics {
    const now = this.#look(false);
    return this.#metrics(now, this.#shares ?? sharesOf(this.#before ?? now, now));
  }

  #tick(): void {
    const before = this.#before;
    if (before === null) return;
    const now = (this.#before = this.#look(true));
    this.#shares = sharesOf(before, now);
    const metrics = this.#metrics(now, this.#shares);
    for (const alert of this.#board.update(metrics)) {
      metrics.alerts = this.#board.raised;
      this.emit('alert', alert);
    }
  }

  #look(whole: boolean): Look {
    const parts = this.#parts.statistics();
    return { sample: this.#sampler.sample(whole), parts, buffers: buffersOf(parts) };
  }

  #metrics({ sample, parts, buffers }: Look, shares: Shares): RuntimeMetrics {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = sample;
    const { bytes, heldBytes, utilization } = buffers;
    const { interval, cpu, gc, loop, hitRatio, oneOffs } = shares;
    const memory = { rss, heapUsed, heapTotal, external, arrayBuffers };
    return { interval, memory, cpu, gc, loop, buffers: { bytes, heldBytes, utilization, hitRatio, oneOffs }, parts, alerts: this.#board.raised };
  }
}

interface BufferSums {
  bytes: number;
  heldBytes: number;
  utilization: number | undefined;
  hits: number;
  misses: number;
  oneOffs: number;
}

interface Look {
  sample: Sample;
  parts: PartStatistics[];
  buffers: BufferSums;
}

type Shares = Pick<RuntimeMetrics, 'interval' | 'cpu' | 'gc' | 'loop'> & Pick<RuntimeMetrics['buffers'], 'hitRatio' | 'oneOffs'>;

function buffersOf(parts: readonly PartStatistics[]): BufferSums {
  const sums: BufferSums = { bytes: 0, heldBytes: 0, utilization: undefined, hits: 0, misses: 0, oneOffs: 0 };
  for (const { pooledBytes, heldBytes, hits, misses, read, write, oneOffs } of parts.flatMap(({ buffers }) => buffers)) {
    sums.bytes += pooledBytes + oneOffs.cachedBytes;
    sums.heldBytes += heldBytes;
    sums.hits += hits;
    sums.misses += misses;
    sums.oneOffs += oneOffs.allocated;
    sums.utilization = Math.max(sums.utilization ?? 0, read.utilization, write.utilization);
  }
  return sums;
}

function sharesOf(before: Look, now: Look): Shares {
  const [was, is] = [before.sample, now.sample];
  const interval = is.now - was.now;
  const share = (amount: number): number => (interval > 0 ? amount / interval : 0);
  const gc = gcBetween(was, is);
  const collected = Object.values(gc).reduce((sum, { time }) => sum + time, 0);
  const active = is.loopActive - was.loopActive;
  const looped = active + is.loopIdle - was.loopIdle;
  const hits = now.buffers.hits - before.buffers.hits;
  const requests = hits + now.buffers.misses - before.buffers.misses;
  return {
    interval,
    cpu: share(is.cpuTime - was.cpuTime),
    gc: { share: share(collected), ...gc },
    loop: { utilization: looped > 0 ? active / looped : 0, delay: is.loopDelay },
    // Less than before where something is no longer watched.
    hitRatio: requests >= TELLING && hits >= 0 ? hits / requests : undefined,
    oneOffs: Math.max(0, now.buffers.oneOffs - before.buffers.oneOffs),
  };
}

function gcBetween(was: Sample, is: Sample): Record<GcKind, GcFigures> {
  const of = (kind: GcKind): GcFigures => ({ count: is.gc[kind].count - was.gc[kind].count, time: is.gc[kind].time - was.gc[kind].time });
  return { minor: of('minor'), major: of('major'), incremental: of('incremental'), weak: of('weak') };
}
