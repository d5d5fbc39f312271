import type { PartStatistics } from './parts.js';
import type { GcFigures, GcKind, LoopDelay } from './sampler.js';
import type { AlertName } from './thresholds.js';

/** What a {@link RuntimePerformanceMonitor} shows. Shares and delays are of the last whole interval; before it ended, since `start()`. */
export interface RuntimeMetrics {
  /** How long the interval was that shares are of (ms). */
  interval: number;
  /** Of the process, now (bytes). `external` includes `arrayBuffers`; `rss` includes all. */
  memory: { rss: number; heapUsed: number; heapTotal: number; external: number; arrayBuffers: number };
  /** CPU time of all threads by time passed: 1 is one core's whole time. */
  cpu: number;
  /** Collections in the interval by kind; `share` is their time by time passed, 0..1. */
  gc: { share: number } & Record<GcKind, GcFigures>;
  /** `utilization`: share of time that the event loop works, 0..1. */
  loop: { utilization: number; delay: LoopDelay };
  /** Of all that is watched. */
  buffers: {
    /** Memory of pools, and what is kept beside them (bytes). */
    bytes: number;
    /** Held by consumers (bytes). */
    heldBytes: number;
    /** Lent of what may be lent, of the fullest pool, 0..1; undefined where no memory is watched. */
    utilization: number | undefined;
    /** Requests served with memory that was there, 0..1; undefined where there were fewer than 100 in the interval. */
    hitRatio: number | undefined;
    /** Buffers that were made beside the pools in the interval (count). */
    oneOffs: number;
  };
  /** The statistics of what is watched, by name. */
  parts: PartStatistics[];
  /** Alerts that stand. */
  alerts: AlertName[];
}
