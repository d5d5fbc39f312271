import { DurationRecorder } from '../../base/durations.js';
import type { Row, Side } from './row.js';

/** Requests that are remembered until their answer, each way (count). The oldest are forgotten first. */
const MAX_OPEN = 10_000;
/** Longest id that is remembered (UTF-16 units). */
const MAX_ID = 256;
/** Methods that have figures of their own (count); further ones share theirs. */
const MAX_METHODS = 100;
const OTHERS = '(others)';

interface Open {
  readonly method: string;
  readonly at: number;
  cancelled: boolean;
}

/** A request that a message answers. */
export interface Answered {
  readonly method: string;
  /** ms */
  readonly duration: number;
}

interface MethodFigures {
  calls: number;
  answers: number;
  errors: number;
  readonly times: DurationRecorder;
}

/** Figures of one method, called by one side. Times are in ms, and 0 where nothing was answered. */
export interface MethodSummary {
  readonly caller: Side;
  readonly method: string;
  readonly calls: number;
  readonly answers: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface SideSummary {
  readonly messages: number;
  readonly notifications: number;
  readonly invalid: number;
  /** All that was sent, line ends and lines that were not looked at included. */
  readonly bytes: number;
  /** Of `bytes`, those not looked at. */
  readonly unseen: number;
}

export interface OpenRequest {
  readonly caller: Side;
  readonly method: string;
  readonly id: string;
  readonly cancelled: boolean;
}

export interface LedgerSummary {
  readonly client: SideSummary;
  readonly server: SideSummary;
  readonly methods: readonly MethodSummary[];
  /** Requests without an answer, oldest first; those that were cancelled need none. */
  readonly unanswered: readonly OpenRequest[];
  /** Requests that are not among `unanswered` because too many were open, or their id was too long. */
  readonly forgotten: number;
}

const noFigures = (): { -readonly [Key in keyof SideSummary]: SideSummary[Key] } => ({ messages: 0, notifications: 0, invalid: 0, bytes: 0, unseen: 0 });

/** Which request is whose, how long answers took, and what passed in all. Its memory is bounded. */
export class Ledger {
  private readonly sides = { client: noFigures(), server: noFigures() };
  private readonly open = { client: new Map<string, Open>(), server: new Map<string, Open>() };
  private readonly methods = new Map<string, MethodFigures>();
  private forgotten = 0;

  /** @param method undefined where the request was too long to be looked into */
  request(caller: Side, id: string | undefined, method: string, at: number): void {
    this.figures(caller, method).calls++;
    const open = this.open[caller];
    if (id === undefined || id.length > MAX_ID) {
      this.forgotten++;
      return;
    }
    open.set(id, { method, at, cancelled: false });
    if (open.size <= MAX_OPEN) return;
    const [oldest] = open.keys();
    open.delete(oldest as string); // there is one
    this.forgotten++;
  }

  /** @returns the request that is answered, where it is remembered */
  answer(from: Side, id: string | undefined, failed: boolean, at: number): Answered | undefined {
    const caller = from === 'client' ? 'server' : 'client';
    const open = id === undefined ? undefined : this.open[caller].get(id);
    if (open === undefined) return undefined;
    this.open[caller].delete(id as string);
    const figures = this.figures(caller, open.method);
    const duration = at - open.at;
    figures.times.record(duration);
    figures.answers++;
    if (failed) figures.errors++;
    return { method: open.method, duration };
  }

  /** A request whose caller waits no more. */
  cancel(caller: Side, id: string): void {
    const open = this.open[caller].get(id);
    if (open !== undefined) open.cancelled = true;
  }

  count({ from, kind }: Row): void {
    const side = this.sides[from];
    if (kind === 'invalid') side.invalid++;
    else side.messages++;
    if (kind === 'notification') side.notifications++;
  }

  bytes(from: Side, seen: number, unseen: number): void {
    this.sides[from].bytes += seen + unseen;
    this.sides[from].unseen += unseen;
  }

  summary(): LedgerSummary {
    const { client, server } = this.sides;
    return {
      client: { ...client },
      server: { ...server },
      methods: [...this.methods].map(([key, figures]) => summarise(key, figures)).sort((a, b) => b.calls - a.calls),
      unanswered: [...openOf('client', this.open.client), ...openOf('server', this.open.server)],
      forgotten: this.forgotten,
    };
  }

  private figures(caller: Side, method: string): MethodFigures {
    let key = `${caller} ${method}`;
    if (!this.methods.has(key) && this.methods.size >= MAX_METHODS) key = `${caller} ${OTHERS}`;
    let figures = this.methods.get(key);
    if (figures === undefined) {
      figures = { calls: 0, answers: 0, errors: 0, times: new DurationRecorder() };
      this.methods.set(key, figures);
    }
    return figures;
  }
}

function summarise(key: string, { calls, answers, errors, times }: MethodFigures): MethodSummary {
  const [caller] = key.split(' ', 1) as [Side];
  const method = key.slice(caller.length + 1);
  return { caller, method, calls, answers, errors, p50: times.percentile(50), p99: times.percentile(99), max: times.max };
}

function openOf(caller: Side, open: ReadonlyMap<string, Open>): OpenRequest[] {
  return [...open].map(([id, { method, cancelled }]) => ({ caller, method, id, cancelled }));
}
