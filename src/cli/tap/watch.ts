import { Worker } from 'node:worker_threads';
import type { Side } from './row.js';
import type { Outcome } from './show.js';
import { type Told, type WorkerSetting, costOf } from './told.js';

/** Most that waits to be looked at; past it bytes pass unseen (bytes). */
const MAX_BACKLOG = 32 * 1024 * 1024;
/** How long the last of what passed may take to be shown, without getting less (ms). */
const LAST_WORDS = 2_000;

/** Where copies of bytes go to be looked at. */
export interface Port {
  postMessage(told: Told, transfer: readonly ArrayBuffer[]): void;
}

/** Hands copies of what passes to the thread that looks at it. Never waits; what is too much for the thread passes unseen. */
export class Watch {
  private readonly unseen = { client: 0, server: 0 };

  /** @param clock ms since the start */
  constructor(private readonly port: Port, private readonly backlog: Int32Array, private readonly clock: () => number) {}

  chunk(from: Side, chunk: Uint8Array): void {
    const cost = costOf(chunk);
    if (Atomics.load(this.backlog, 0) + cost > MAX_BACKLOG) {
      this.unseen[from] += chunk.length;
      return;
    }
    this.tellUnseen(from);
    Atomics.add(this.backlog, 0, cost);
    const bytes = new Uint8Array(chunk);
    this.port.postMessage({ type: 'bytes', from, bytes, at: this.clock() }, [bytes.buffer]);
  }

  end(outcome: Outcome): void {
    this.tellUnseen('client');
    this.tellUnseen('server');
    this.port.postMessage({ type: 'end', outcome }, []);
  }

  private tellUnseen(from: Side): void {
    const unseen = this.unseen[from];
    if (unseen === 0) return;
    this.unseen[from] = 0;
    this.port.postMessage({ type: 'gap', from, unseen, at: this.clock() }, []);
  }
}

/** A {@link Watch} with its thread. */
export class WatchThread extends Watch {
  private readonly waiting: Int32Array;
  private readonly ended: Promise<void>;

  constructor(setting: Omit<WorkerSetting, 'backlog'>, clock: () => number) {
    const waiting = new Int32Array(new SharedArrayBuffer(4));
    const workerData: WorkerSetting = { ...setting, backlog: waiting };
    const worker = new Worker(new URL('worker.js', import.meta.url), { workerData, stdin: false });
    super({ postMessage: (told, transfer) => worker.postMessage(told, transfer) }, waiting, clock);
    this.waiting = waiting;
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => resolve());
      // Forwarding goes on without it.
      worker.once('error', (error) => process.stderr.write(`airs-mcp tap: showing stopped: ${error.message}\n`));
    });
  }

  /** Waits until all was shown. False where nobody takes what is to be shown: then the thread can't be ended. */
  async shown(): Promise<boolean> {
    for (let before = Infinity; ;) {
      const ended = await Promise.race([this.ended.then(() => true), after(LAST_WORDS)]);
      if (ended) return true;
      const now = Atomics.load(this.waiting, 0);
      if (now >= before) return false;
      before = now;
    }
  }
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });
}
