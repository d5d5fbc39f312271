import { describe, expect, it } from 'vitest';
import { CorrelationManager } from '../../src/correlation/manager.js';
import { Random } from '../support/random.js';
import { answer, errorAnswer, FakeClock, settle } from './support.js';

const STEPS = 6_000;
const TIMEOUTS = [1, 7, 40, 300, 1_500, 60_000];

type Id = number | string;

/** What the model knows of one promise. */
interface Expected {
  readonly id: Id;
  outcome: string;
  seen: string[];
  due: number;
  lastDue: number;
  readonly timeout: number;
  readonly resets: boolean;
  readonly signal: AbortController | undefined;
}

/** A manager that does all by plain lists, in whole milliseconds. */
class Model {
  readonly all: Expected[] = [];
  readonly pending = new Map<string, Expected>();
  readonly counts = { registered: 0, completed: 0, failed: 0, timedOut: 0, cancelled: 0, refused: 0 };

  static key(id: Id): string {
    return JSON.stringify(id);
  }

  end(request: Expected, outcome: string, count: 'completed' | 'failed' | 'timedOut' | 'cancelled'): void {
    request.outcome = outcome;
    this.pending.delete(Model.key(request.id));
    this.counts[count]++;
  }

  expire(now: number): void {
    for (const request of this.pending.values()) {
      if (request.due <= now) this.end(request, 'AIRS_MCP_REQUEST_TIMEOUT', 'timedOut');
    }
  }
}

class Run {
  readonly clock = new FakeClock();
  readonly model = new Model();
  readonly random: Random;
  readonly manager: CorrelationManager;
  readonly abandoned: string[] = [];
  #next = 0;
  #signals: AbortController[] = [];

  constructor(seed: number, dear: boolean) {
    this.random = new Random(seed);
    this.clock.dear = dear;
    const onAbandoned = (id: Id): void => void this.abandoned.push(Model.key(id));
    this.manager = new CorrelationManager({ cleanupInterval: 1, maxPendingRequests: 400 }, { clock: this.clock, onAbandoned });
  }

  anyPending(): Expected | undefined {
    const requests = [...this.model.pending.values()];
    return requests[this.random.below(Math.max(requests.length, 1))];
  }

  register(): void {
    const { random, model, clock } = this;
    const reused = random.oneIn(10) ? this.anyPending()?.id : undefined;
    const id = reused ?? (random.oneIn(4) ? String(this.#next++ % 50) : this.#next++);
    const controller = random.oneIn(5) ? this.signal() : undefined;
    const timeout = random.pick(TIMEOUTS);
    const maxTotalTimeout = random.oneIn(5) ? random.pick(TIMEOUTS) : undefined;
    const lastDue = maxTotalTimeout === undefined ? Infinity : clock.now() + maxTotalTimeout;
    const resets = random.oneIn(2);
    const request: Expected = {
      id, outcome: 'pending', seen: [], due: Math.min(clock.now() + timeout, lastDue),
      lastDue, timeout, resets, signal: controller,
    };
    model.all.push(request);
    if (model.pending.has(Model.key(id))) this.refuse(request, 'AIRS_MCP_DUPLICATE_ID');
    else if (model.pending.size >= 400) this.refuse(request, 'AIRS_MCP_TOO_MANY_PENDING');
    else {
      model.pending.set(Model.key(id), request);
      model.counts.registered++;
    }
    const options = { timeout, maxTotalTimeout, resetTimeoutOnProgress: resets, signal: controller?.signal };
    this.manager.registerRequest({ id }, options).then(
      (value) => request.seen.push(JSON.stringify(value)),
      (error: unknown) => request.seen.push((error as { code: string }).code),
    );
  }

  refuse(request: Expected, outcome: string): void {
    request.outcome = outcome;
    this.model.counts.refused++;
  }

  signal(): AbortController {
    this.#signals = this.#signals.filter((controller) => !controller.signal.aborted);
    if (this.#signals.length < 5) this.#signals.push(new AbortController());
    return this.random.pick(this.#signals);
  }

  respond(): void {
    const request = this.anyPending();
    const id = request === undefined || this.random.oneIn(8) ? this.random.below(this.#next + 1) : request.id;
    const found = this.model.pending.get(Model.key(id));
    const fails = this.random.oneIn(4);
    const message = fails ? errorAnswer(Model.key(id), '{"code":1,"message":"m"}') : answer(Model.key(id), id);
    expect(this.manager.correlateResponse(message)).toBe(found !== undefined);
    if (found === undefined) return;
    if (fails) this.model.end(found, 'AIRS_MCP_REMOTE', 'failed');
    else this.model.end(found, Model.key(id), 'completed');
  }

  progress(): void {
    const request = this.anyPending();
    expect(this.manager.correlateProgress(request?.id ?? 'none', {})).toBe(request !== undefined);
    if (request?.resets === true) request.due = Math.min(this.clock.now() + request.timeout, request.lastDue);
  }

  cancel(): void {
    const request = this.anyPending();
    expect(this.manager.cancelRequest(request?.id ?? 'none')).toBe(request !== undefined);
    if (request !== undefined) this.model.end(request, 'AIRS_MCP_CANCELLED', 'cancelled');
  }

  abort(): void {
    const controller = this.anyPending()?.signal;
    if (controller === undefined) return;
    controller.abort();
    for (const request of this.model.pending.values()) {
      if (request.signal === controller) this.model.end(request, 'AIRS_MCP_CANCELLED', 'cancelled');
    }
  }

  wait(): void {
    this.clock.advance(this.random.oneIn(20) ? 2_000 : this.random.below(30));
    this.model.expire(this.clock.now());
  }

  /** Lets the clock jump forward, and as much time pass as the timer may still need to notice. */
  jump(): void {
    this.clock.jump(this.random.below(5_000));
    this.clock.advance(60_000);
    this.model.expire(this.clock.now());
  }

  async step(): Promise<void> {
    const action = this.random.below(100);
    if (action < 45) this.register();
    else if (action < 70) this.respond();
    else if (action < 78) this.progress();
    else if (action < 83) this.cancel();
    else if (action < 84) this.abort();
    else {
      // Time passes while no code runs.
      await settle();
      if (action < 99) this.wait();
      else if (this.random.oneIn(5)) this.jump();
      await settle();
    }
    expect(this.manager.statistics().pendingCount).toBe(this.model.pending.size);
    expect(this.clock.armed).toBeLessThanOrEqual(1);
    if (this.model.pending.size > 0) expect(this.clock.armed).toBe(1);
  }

  async finish(shutdown: boolean): Promise<void> {
    if (shutdown) {
      for (const request of this.model.pending.values()) this.model.end(request, 'AIRS_MCP_SHUTDOWN', 'cancelled');
      await this.manager.shutdown();
    } else {
      this.clock.advance(70_000);
      this.model.expire(this.clock.now());
    }
    await settle();
    expect(this.clock.armed).toBe(0);
    expect(this.manager.pendingIds()).toEqual([]);
    expect(this.manager.statistics()).toMatchObject(this.model.counts);
    const wrong = this.model.all.filter((request) => request.seen.length !== 1 || request.seen[0] !== request.outcome);
    expect(wrong).toEqual([]);
  }
}

describe('a manager under random operations', () => {
  it.each([1, 2, 3, 4, 5, 6])('settles each promise once, as a naive model says, seed %d', async (seed) => {
    const run = new Run(seed, seed % 2 === 0);
    for (let step = 0; step < STEPS; step++) await run.step();
    await run.finish(seed % 3 === 0);
    const { timedOut, cancelled } = run.model.counts;
    expect(Math.min(...Object.values(run.model.counts))).toBeGreaterThan(20);
    expect(run.abandoned.length).toBeLessThanOrEqual(timedOut + cancelled);
  });
});
