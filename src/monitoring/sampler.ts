import { type EventLoopUtilization, type IntervalHistogram, type PerformanceEntry, PerformanceObserver, constants, monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** Kinds of garbage collections. */
export type GcKind = 'minor' | 'major' | 'incremental' | 'weak';

/** Garbage collections of one kind, since the last sample. */
export interface GcFigures {
  count: number;
  /** ms. */
  time: number;
}

/** The event loop's delay, since the interval began. */
export interface LoopDelay {
  /** How late the event loop came to its timers (ms). */
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** What the process has used. Sums are since the sampler started; times in ms, sizes in bytes. */
export interface Sample {
  /** On any clock that only grows. */
  readonly now: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly arrayBuffers: number;
  /** CPU time of all threads of the process. */
  readonly cpuTime: number;
  readonly gc: Readonly<Record<GcKind, GcFigures>>;
  /** Time that the event loop worked and waited. */
  readonly loopActive: number;
  readonly loopIdle: number;
  /** Since the last interval ended. */
  readonly loopDelay: LoopDelay;
}

/** Where the figures come from; tests have their own. */
export interface Sampler {
  /** Begins to measure. */
  start(): void;
  /** What was measured since the last sample. @param whole whether an interval ends now, so that delays are gathered anew */
  sample(whole: boolean): Sample;
  /** Ends measuring. */
  stop(): void;
}

/** How often the event loop's delay is looked at (ms). */
const RESOLUTION = 20;
const PER_MS = 1e6;

const KINDS: Readonly<Record<number, GcKind>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak',
};

const noGc = (): Record<GcKind, GcFigures> => ({
  minor: { count: 0, time: 0 }, major: { count: 0, time: 0 }, incremental: { count: 0, time: 0 }, weak: { count: 0, time: 0 },
});

/** This process's figures, from Node's own instruments. None of them keeps the process open. */
export class ProcessSampler implements Sampler {
  #gc = noGc();
  #delay: IntervalHistogram | null = null;
  #began: EventLoopUtilization = performance.eventLoopUtilization();
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as PerformanceEntry & { detail: { kind: number } }; // of type 'gc'
      const figures = this.#gc[KINDS[detail.kind] ?? 'minor'];
      figures.count++;
      figures.time += duration;
    }
  });

  start(): void {
    this.#gc = noGc();
    this.#began = performance.eventLoopUtilization();
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#delay.enable();
  }

  /** What was measured since the last sample. */
  sample(whole: boolean): Sample {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { active, idle } = performance.eventLoopUtilization(this.#began);
    const gc = structuredClone(this.#gc);
    const times = { cpuTime: (user + system) / 1000, gc, loopActive: active, loopIdle: idle };
    return { now: performance.now(), rss, heapUsed, heapTotal, external, arrayBuffers, ...times, loopDelay: this.#delays(whole) };
  }

  stop(): void {
    this.#observer.disconnect();
    this.#delay?.disable();
    this.#delay = null;
  }

  #delays(reset: boolean): LoopDelay {
    const histogram = this.#delay;
    if (histogram === null || histogram.max === 0) return { p50: 0, p90: 0, p99: 0, max: 0 };
    // What it records is the time between two looks, of which the resolution is no delay.
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / PER_MS - RESOLUTION);
    const [p50, p90, p99] = [50, 90, 99].map((percent) => late(histogram.percentile(percent)));
    const delay = { p50: p50 ?? 0, p90: p90 ?? 0, p99: p99 ?? 0, max: late(histogram.max) };
    if (reset) histogram.reset();
    return delay;
  }
}
