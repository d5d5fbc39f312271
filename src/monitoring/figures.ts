/** What the statistics of parts are called outside: one table, for Prometheus and OpenTelemetry alike. */

import { type PartStatistics, type Watchable, WatchedParts } from './parts.js';

export type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly labels: Labels;
  of(statistics: PartStatistics): number;
}

export interface Figure {
  /** Words parted by `_`, without prefix, unit, and what says that it is a sum. */
  readonly name: string;
  readonly help: string;
  readonly unit: 'count' | 'bytes';
  /** Whether it only grows. */
  readonly counter: boolean;
  readonly series: readonly Series[];
}

type Of<Part> = (part: Part) => number;
type Correlation = PartStatistics['correlation'][number];
type Processor = PartStatistics['processor'][number];
type Buffers = PartStatistics['buffers'][number];

const sum = <Part>(parts: readonly Part[], of: Of<Part>): number => parts.reduce((total, part) => total + of(part), 0);
const calls = (of: Of<Correlation>, labels: Labels = {}): Series => ({ labels, of: ({ correlation }) => sum(correlation, of) });
const requests = (of: Of<Processor>, labels: Labels = {}): Series => ({ labels, of: ({ processor }) => sum(processor, of) });
const buffers = (of: Of<Buffers>, labels: Labels = {}): Series => ({ labels, of: (parts) => sum(parts.buffers, of) });
const pools = (of: Of<Buffers['read']>, labels: Labels = {}): Series[] =>
  (['read', 'write'] as const).map((pool) => buffers((part) => of(part[pool]), { pool, ...labels }));

const counter = (name: string, help: string, series: readonly Series[], unit: Figure['unit'] = 'count'): Figure => ({ name, help, unit, counter: true, series });
const gauge = (name: string, help: string, series: readonly Series[], unit: Figure['unit'] = 'count'): Figure => ({ name, help, unit, counter: false, series });

export const FIGURES: readonly Figure[] = [
  counter('calls', 'Calls made, by what became of them.', [
    calls(({ completed }) => completed, { outcome: 'completed' }),
    calls(({ failed }) => failed, { outcome: 'failed' }),
    calls(({ timedOut }) => timedOut, { outcome: 'timed_out' }),
    calls(({ cancelled }) => cancelled, { outcome: 'cancelled' }),
    calls(({ refused }) => refused, { outcome: 'refused' }),
  ]),
  gauge('calls_pending', 'Calls that wait for their answer.', [calls(({ pendingCount }) => pendingCount)]),
  counter('late_answers', 'Answers that came after their call had settled, and were dropped.', [calls(({ late }) => late)]),
  counter('requests', "Requests and notifications of the other side, by what became of them.", [
    requests(({ totalProcessed, failed, timedOut }) => totalProcessed - failed - timedOut, { outcome: 'completed' }),
    requests(({ failed }) => failed, { outcome: 'failed' }),
    requests(({ timedOut }) => timedOut, { outcome: 'timed_out' }),
    requests(({ cancelled }) => cancelled, { outcome: 'cancelled' }),
    requests(({ rejected }) => rejected, { outcome: 'rejected' }),
  ]),
  gauge('requests_active', 'Requests whose handlers run.', [requests(({ activeWorkers }) => activeWorkers)]),
  gauge('requests_queued', 'Requests that wait for a handler.', [requests(({ queueDepth }) => queueDepth)]),
  gauge('handlers_abandoned', 'Handlers that still run although their request is settled.', [requests(({ abandoned }) => abandoned)]),
  counter('messages_received', 'Messages received.', [buffers(({ transfers }) => transfers.messagesReceived)]),
  counter('messages_sent', 'Messages accepted for sending.', [buffers(({ transfers }) => transfers.messagesSent)]),
  counter('received', 'Bytes received.', [buffers(({ transfers }) => transfers.bytesReceived)], 'bytes'),
  counter('sent', 'Bytes handed to streams.', [buffers(({ transfers }) => transfers.bytesSent)], 'bytes'),
  counter('buffer_requests', 'Requests for buffers: hits were served with memory that was there.', [
    ...pools(({ hits }) => hits, { result: 'hit' }),
    ...pools(({ misses }) => misses, { result: 'miss' }),
  ]),
  counter('buffers_lost', 'Buffers that were collected without a release.', pools(({ lostToGc }) => lostToGc)),
  gauge('buffers_lent', 'Buffers lent.', pools(({ lent }) => lent)),
  gauge('buffers_limit', 'Buffers that may be lent at a time.', pools(({ size }) => size)),
  gauge('buffers_pooled', 'Memory of the pools.', pools(({ pooledBytes }) => pooledBytes), 'bytes'),
  gauge('buffers_cached', 'Memory kept for buffers larger than pooled ones.', [buffers(({ oneOffs }) => oneOffs.cachedBytes)], 'bytes'),
  gauge('held', 'Bytes that consumers hold.', [buffers(({ heldBytes }) => heldBytes)], 'bytes'),
  gauge('pressure', 'Managers of memory whose sources are asked to pause.', [buffers(({ underPressure }) => Number(underPressure))]),
  counter('pressure_periods', 'How often sources were asked to pause.', [buffers(({ pressureCount }) => pressureCount)]),
];

/**
 * The figures of what is watched, under the names that it is watched by. Parts under one name are added up, and what
 * those counted that are gone stays in the sums, so that these never fall.
 */
export class FigureReader {
  readonly #gone = new Map<string, Map<Series, number>>();
  readonly #parts = new WatchedParts((last) => this.#keep(last));

  /** As {@link WatchedParts.watch}. */
  watch(subject: Watchable, name: string): () => void {
    if (!this.#gone.has(name)) this.#gone.set(name, new Map());
    return this.#parts.watch(subject, name);
  }

  /** Each series of each figure, with `name` among its labels. */
  read(each: (figure: Figure, labels: Labels, value: number) => void): void {
    const live = new Map(this.#parts.statistics().map((statistics) => [statistics.name, statistics]));
    for (const [name, gone] of this.#gone) {
      const statistics = live.get(name);
      for (const figure of FIGURES) {
        for (const series of figure.series) {
          const value = (statistics === undefined ? 0 : series.of(statistics)) + (gone.get(series) ?? 0);
          each(figure, { name, ...series.labels }, value);
        }
      }
    }
  }

  close(): void {
    this.#parts.clear();
    this.#gone.clear();
  }

  #keep(last: PartStatistics): void {
    const gone = this.#gone.get(last.name);
    if (gone === undefined) return;
    for (const figure of FIGURES.filter((each) => each.counter)) {
      for (const series of figure.series) gone.set(series, (gone.get(series) ?? 0) + series.of(last));
    }
  }
}

/** Most names of methods that become labels (count): the other side may send any. */
const MOST_METHODS = 100;

/** Names of methods as labels, whose number is bounded: what comes past it is `other`. */
export class MethodLabels {
  readonly #known = new Set<string>();

  of(method: string): string {
    if (this.#known.has(method)) return method;
    if (this.#known.size >= MOST_METHODS || method.length > 100) return 'other';
    this.#known.add(method);
    return method;
  }
}
