/**
 * `airs-mcp/prometheus`: the library's figures in a registry of prom-client. Needs `prom-client`, which the user installs.
 *
 * @module airs-mcp/prometheus
 */

import { Counter, Gauge, Histogram, type Registry, register } from 'prom-client';
import { type SettledEvent, subscribe } from '../base/channels.js';
import { FIGURES, type Figure, FigureReader, MethodLabels } from './figures.js';
import type { RuntimePerformanceMonitor } from './monitor.js';
import type { Watchable } from './parts.js';

/** Options of a {@link PrometheusCollector}. */
export interface PrometheusOptions {
  /** Default: prom-client's own. */
  registry?: Registry | undefined;
  /** Begins each metric's name; default `airs_mcp_`. */
  prefix?: string | undefined;
  /** Whose figures of the process, and alerts, are shown as well. */
  monitor?: RuntimePerformanceMonitor | undefined;
  /** Upper bounds of the histograms' buckets (seconds). Default: from 0.5 ms to 60 s. */
  durationBuckets?: readonly number[] | undefined;
}

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Shows what is watched, and times all calls of this thread, in both directions and by method. The figures are read
 * when they are scraped; only the times, refused frames and exits are gathered as they happen, by the channels of
 * `node:diagnostics_channel`.
 */
export class PrometheusCollector {
  readonly #figures = new FigureReader();
  readonly #methods = new MethodLabels();
  readonly #registry: Registry;
  readonly #names: string[] = [];
  readonly #unsubscribe: (() => void)[];
  readonly #metrics = new Map<Figure, Counter | Gauge>();
  readonly #prefix: string;
  #fresh = false;

  /** Registers its metrics. Throws as prom-client does where the registry has metrics of these names. */
  constructor({ registry = register, prefix = 'airs_mcp_', monitor, durationBuckets = BUCKETS }: PrometheusOptions = {}) {
    this.#registry = registry;
    this.#prefix = prefix;
    for (const figure of FIGURES) this.#metrics.set(figure, this.#metricOf(figure));
    if (monitor !== undefined) this.#showProcess(monitor);
    const called = this.#histogram('call_duration_seconds', 'From a call to its settling.', durationBuckets);
    const handled = this.#histogram('request_duration_seconds', "From a request's arrival to its answer.", durationBuckets);
    const refused = new Counter({ ...this.#naming('frames_refused_total', 'Frames that are no messages.'), labelNames: ['code'] });
    const exits = new Counter(this.#naming('child_exits_total', 'Child processes that ended.'));
    const exhausted = new Counter({ ...this.#naming('pool_exhausted_total', 'Requests for buffers while all were lent.'), labelNames: ['pool'] });
    this.#unsubscribe = [
      subscribe('airs-mcp:call:settled', (event) => this.#time(called, event)),
      subscribe('airs-mcp:request:settled', (event) => this.#time(handled, event)),
      subscribe('airs-mcp:frame:refused', ({ failure }) => refused.inc({ code: failure.code })),
      subscribe('airs-mcp:child:exit', () => exits.inc()),
      subscribe('airs-mcp:pool:exhausted', ({ pool }) => exhausted.inc({ pool })),
    ];
  }

  /**
   * Shows the figures of a peer, a transport or a part of one, until its transport closes; its counts stay in the sums.
   *
   * @param name the label `name`; what shares one is added up. Use few. Default `default`
   * @returns the function that stops watching
   * @throws AirsMcpError `AIRS_MCP_INVALID_ARGUMENT` for what has no statistics, `AIRS_MCP_OUT_OF_RANGE` past 10,000 parts
   */
  watch(subject: Watchable, name = 'default'): () => void {
    return this.#figures.watch(subject, name);
  }

  /** Stops listening, and takes the metrics out of the registry. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    for (const name of this.#names.splice(0)) this.#registry.removeSingleMetric(name);
    this.#figures.close();
  }

  #naming(name: string, help: string): { name: string; help: string; registers: Registry[] } {
    const full = this.#prefix + name;
    this.#names.push(full);
    return { name: full, help, registers: [this.#registry] };
  }

  #metricOf({ name, help, unit, counter, series }: Figure): Counter | Gauge {
    const labelNames = ['name', ...Object.keys(series[0]?.labels ?? {})];
    const full = `${name}${unit === 'bytes' ? '_bytes' : ''}${counter ? '_total' : ''}`;
    const collect = (): void => this.#refresh();
    return counter ? new Counter({ ...this.#naming(full, help), labelNames, collect }) : new Gauge({ ...this.#naming(full, help), labelNames, collect });
  }

  /** Once for all metrics that are scraped together. */
  #refresh(): void {
    if (this.#fresh) return;
    this.#fresh = true;
    queueMicrotask(() => (this.#fresh = false));
    for (const metric of this.#metrics.values()) metric.reset();
    this.#figures.read((figure, labels, value) => this.#metrics.get(figure)?.inc({ ...labels }, value));
  }

  #histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ ...this.#naming(name, help), labelNames: ['method', 'outcome'], buckets: [...buckets] });
  }

  #time(histogram: Histogram, { method, duration, failure }: SettledEvent): void {
    histogram.observe({ method: this.#methods.of(method), outcome: failure === undefined ? 'completed' : 'failed' }, duration / 1000);
  }

  #showProcess(monitor: RuntimePerformanceMonitor): void {
    const delay = new Gauge({ ...this.#naming('event_loop_delay_seconds', 'How late the event loop is.'), labelNames: ['quantile'] });
    const busy = new Gauge(this.#naming('event_loop_utilization_ratio', 'Share of time that the event loop works.'));
    const gc = new Gauge(this.#naming('gc_ratio', 'Share of time in garbage collection.'));
    const cpu = new Gauge(this.#naming('cpu_ratio', "CPU time by time passed; 1 is one core's whole time."));
    const collect = (): void => {
      const { loop, gc: collected, cpu: used, alerts } = monitor.snapshot();
      for (const [quantile, value] of [['0.5', loop.delay.p50], ['0.9', loop.delay.p90], ['0.99', loop.delay.p99]] as const) {
        delay.set({ quantile }, value / 1000);
      }
      busy.set(loop.utilization);
      gc.set(collected.share);
      cpu.set(used);
      standing.reset();
      for (const alert of alerts) standing.set({ alert }, 1);
    };
    const standing: Gauge = new Gauge({ ...this.#naming('alerts', 'Alerts that stand.'), labelNames: ['alert'] });
    // The first that is scraped.
    (delay as Gauge & { collect: () => void }).collect = collect;
  }
}
