/** When a figure is too high or too low, and what to do about it. */

import type { RuntimeMetrics } from './metrics.js';
import { type AlertName, DEFAULT_THRESHOLDS, type MonitorThresholds } from './thresholds.js';

/** A figure crossed its threshold, or came back. */
export interface Alert {
  readonly name: AlertName;
  /** `raised` once at the crossing, `cleared` once at the recovery. */
  readonly state: 'raised' | 'cleared';
  readonly value: number;
  readonly threshold: number;
  readonly unit: 'bytes' | 'ms' | 'ratio';
  /** Which option to change. */
  readonly advice: string;
  readonly metrics: RuntimeMetrics;
}

/** A figure that came this much of the threshold's way back has recovered; nearer to it, it may only waver. */
const HYSTERESIS = 0.1;

/** Which alerts stand, from one look to the next. */
export class AlertBoard {
  readonly #raised = new Set<AlertName>();
  readonly #thresholds: Readonly<MonitorThresholds>;

  constructor(thresholds: Readonly<MonitorThresholds>) {
    this.#thresholds = thresholds;
  }

  get raised(): AlertName[] {
    return [...this.#raised];
  }

  /** What changed with these figures. */
  update(metrics: RuntimeMetrics): Alert[] {
    return (Object.keys(DEFAULT_THRESHOLDS) as AlertName[]).flatMap((name) => this.#look(name, metrics) ?? []);
  }

  clear(): void {
    this.#raised.clear();
  }

  #look(name: AlertName, metrics: RuntimeMetrics): Alert | undefined {
    const threshold = this.#thresholds[name];
    const value = valueOf(name, metrics);
    // Where there is nothing to judge, an alert stays as it is.
    if (threshold === false || value === undefined) return undefined;
    const below = name === 'poolHitRatio';
    const crossed = below ? value < threshold : value > threshold;
    const recovered = below ? value >= threshold + HYSTERESIS * (1 - threshold) : value <= threshold * (1 - HYSTERESIS);
    const raised = this.#raised.has(name);
    if (raised ? !recovered : !crossed) return undefined;
    if (raised) this.#raised.delete(name);
    else this.#raised.add(name);
    const unit = name === 'memory' ? 'bytes' : name === 'loopDelay' ? 'ms' : 'ratio';
    return { name, state: raised ? 'cleared' : 'raised', value, threshold, unit, advice: adviceOn(name, metrics), metrics };
  }
}

function valueOf(name: AlertName, { memory, cpu, gc, loop, buffers }: RuntimeMetrics): number | undefined {
  switch (name) {
    case 'memory': return memory.rss;
    case 'cpu': return cpu;
    case 'gc': return gc.share;
    case 'loopDelay': return loop.delay.p99;
    case 'loopUtilization': return loop.utilization;
    case 'poolUtilization': return buffers.utilization;
    case 'poolHitRatio': return buffers.hitRatio;
  }
}

function adviceOn(name: AlertName, { memory, buffers }: RuntimeMetrics): string {
  switch (name) {
    case 'memory':
      if (buffers.bytes * 2 > memory.rss) {
        return `buffers hold ${buffers.bytes} bytes of it: lower buffer.bufferPoolSize or readBufferCapacity, or buffer.backpressureThreshold, and release messages that are done with`;
      }
      return memory.heapUsed * 2 > memory.rss
        ? "most of it is JavaScript's heap: read values by at() and raw results instead of whole payloads, lower processor.queueCapacity, and look for what keeps objects"
        : "lower processor.queueCapacity, or take getProductionConfig({ preset: 'streaming' })";
    case 'cpu':
    case 'loopUtilization':
      return 'move handlers that compute to threads with processor.workerModule; read values by at() instead of whole payloads';
    case 'gc':
      return 'make fewer objects: read values by at(), send JSON that is ready by rawJson(), ask for results with raw: true; or give the young generation more room with --max-semi-space-size';
    case 'loopDelay':
      return 'something runs for long without a break: move handlers that compute to threads with processor.workerModule, and lower buffer.readBufferCapacity, so that one read brings fewer messages';
    case 'poolUtilization':
      return 'raise buffer.bufferPoolSize (AIRS_MCP_BUFFER_POOL_SIZE), lower processor.workerCount, or release messages sooner';
    case 'poolHitRatio':
      return buffers.oneOffs > 0
        ? 'messages are longer than pooled buffers: raise buffer.readBufferCapacity (AIRS_MCP_READ_BUFFER_CAPACITY), or read fewer raw payloads, whose memory is not used again'
        : 'buffers are lent for long or never come back: raise buffer.bufferPoolSize (AIRS_MCP_BUFFER_POOL_SIZE), and release messages that are done with';
  }
}
