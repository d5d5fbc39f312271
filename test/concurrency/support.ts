import type { Clock } from '../../src/concurrency/clock.js';
import type { ProcessorConfig } from '../../src/concurrency/config.js';
import type { HandlerContext } from '../../src/concurrency/job.js';
import { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';
import type { RequestHandler } from '../../src/concurrency/runner.js';
import { JsonRpcMessage } from '../../src/message/message.js';

/** A clock that stands still until it is told to move. */
export class ManualClock implements Clock {
  time = 1_000;
  /** Timers set since the start. */
  armed = 0;
  private readonly timers = new Set<{ at: number; run: () => void }>();
  private deferred: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  after(delay: number, run: () => void): () => void {
    const timer = { at: this.time + delay, run };
    this.timers.add(timer);
    this.armed++;
    return () => void this.timers.delete(timer);
  }

  defer(run: () => void): void {
    this.deferred.push(run);
  }

  /** Timers that wait now. */
  get pending(): number {
    return this.timers.size;
  }

  advance(milliseconds: number): void {
    const until = this.time + milliseconds;
    for (;;) {
      const next = [...this.timers].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = until;
  }

  turn(): void {
    for (const run of this.deferred.splice(0)) run();
  }
}

/** A request as it arrives: bytes that can be released. */
export function arrive(id: number | string, method = 'work', params?: unknown): JsonRpcMessage {
  return JsonRpcMessage.fromBytes(JsonRpcMessage.request(id, method, params).toBytes());
}

/** Whether the message's memory was given back by all its users. */
export function isReleased(message: JsonRpcMessage): boolean {
  try {
    message.toBytes();
    return false;
  } catch {
    return true;
  }
}

interface Call {
  readonly id: unknown;
  readonly context: HandlerContext;
  resolve(value?: unknown): void;
  reject(error: Error): void;
}

/** A handler whose every call waits to be settled by the test. */
export class Gate {
  readonly calls: Call[] = [];
  active = 0;
  peak = 0;

  readonly handler: RequestHandler = (request, context) =>
    new Promise((resolve, reject) => {
      this.peak = Math.max(this.peak, ++this.active);
      const settle = (act: () => void): void => {
        this.active--;
        act();
      };
      this.calls.push({
        id: request.id,
        context,
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      });
    });

  get started(): unknown[] {
    return this.calls.map(({ id }) => id);
  }

  call(id: unknown): Call {
    const found = this.calls.find((call) => call.id === id);
    if (found === undefined) throw new Error(`the handler was not called for ${String(id)}`);
    return found;
  }
}

export interface Started {
  readonly processor: ConcurrentJsonRpcProcessor;
  readonly gate: Gate;
  readonly clock: ManualClock;
}

/** A started processor over a {@link Gate}, or over `handler`, on a clock that stands still. */
export async function started(config: Partial<ProcessorConfig> = {}, handler?: RequestHandler): Promise<Started> {
  const gate = new Gate();
  const clock = new ManualClock();
  const processor = new ConcurrentJsonRpcProcessor(config, handler ?? gate.handler, clock);
  await processor.start();
  return { processor, gate, clock };
}

/** Lets all promises that can settle do so. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export type Fate = { response: JsonRpcMessage } | { error: unknown } | 'pending';

/** What has become of a promise by now. */
export async function fateOf(promise: Promise<JsonRpcMessage>): Promise<Fate> {
  return Promise.race([
    promise.then((response): Fate => ({ response }), (error: unknown): Fate => ({ error })),
    settled().then((): Fate => 'pending'),
  ]);
}
