import { asBuffer } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import { THREAD_CANCEL_GRACE } from '../base/limits.js';
import type { WireErrorObject } from '../base/wire.js';
import { parseText, rawJson } from '../message/json.js';
import type { Clock } from './clock.js';
import { FRAME, FRAME_OUTCOME, FRAME_STATE, frameHeader, writeFrame } from './frame.js';
import type { Job } from './job.js';
import { type Pool, importPiscina } from './piscina.js';
import type { Runner } from './runner.js';

/** What a thread is told at its start. */
export interface ThreadData {
  /** URL of the user's module. */
  module: string;
}

/**
 * Handlers on a pool of threads.
 *
 * The pool never has more tasks than threads, but for requests that were given up while their handler goes on: that
 * handler is told to stop, and if it hasn't after a grace its thread is ended and replaced.
 */
export class ThreadRunner implements Runner {
  private pool: Pool | null = null;
  private stopped = false;

  constructor(
    private readonly module: string,
    private readonly threads: number,
    private readonly clock: Clock,
  ) {}

  async start(): Promise<void> {
    const { Piscina } = await importPiscina();
    if (this.stopped) return;
    const workerData: ThreadData = { module: this.module };
    const pool = new Piscina({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: this.threads,
      maxThreads: this.threads,
      idleTimeout: Infinity,
      recordTiming: false,
      // Waiting in Atomics.wait would be quicker to wake, and stop all else that a handler keeps going: its sockets, its timers.
      atomics: 'disabled',
      workerData,
    });
    this.pool = pool;
    // A thread that ends between requests is replaced: there is no one to tell.
    pool.on('error', () => undefined);
    try {
      await pool.run(null);
    } catch (cause) {
      await pool.destroy();
      throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', `workerModule cannot be used: ${(cause as Error).message}`, { cause });
    }
  }

  async run(job: Job): Promise<unknown> {
    const pool = this.pool as Pool; // started before it is given jobs
    const frame = writeFrame(job.message.encode());
    const header = frameHeader(frame);
    let pardon: (() => void) | null = null;
    job.onabort = () => {
      Atomics.compareExchange(header, FRAME.STATE, FRAME_STATE.OPEN, FRAME_STATE.CANCELLED);
      Atomics.notify(header, FRAME.STATE);
      pardon = this.clock.after(THREAD_CANCEL_GRACE, () => this.condemn(header), false);
    };
    let bytes: Uint8Array;
    try {
      bytes = (await pool.run(frame)) as Uint8Array;
    } catch (cause) {
      throw new AirsMcpError('AIRS_MCP_WORKER_CRASHED', undefined, { cause });
    } finally {
      job.onabort = null;
      (pardon as (() => void) | null)?.();
    }
    if (header[FRAME.OUTCOME] === FRAME_OUTCOME.RESULT) return rawJson(bytes);
    throw thrownFrom(bytes);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.pool?.destroy();
    this.pool = null;
  }

  /** Ends the thread that goes on with a cancelled request; the pool makes another. */
  private condemn(header: Int32Array): void {
    const id = Atomics.load(header, FRAME.THREAD);
    // One that no thread has taken yet is skipped when its turn comes.
    if (id === 0) return;
    const found = Atomics.compareExchange(header, FRAME.STATE, FRAME_STATE.CANCELLED, FRAME_STATE.CONDEMNED);
    if (found !== FRAME_STATE.CANCELLED) return;
    void this.pool?.threads.find((thread) => thread.threadId === id)?.terminate();
  }
}

/** The thread's error object, as something to throw. */
function thrownFrom(bytes: Uint8Array): Error {
  const { code, message, data } = parseText(asBuffer(bytes), 0, bytes.length) as WireErrorObject;
  return Object.assign(new Error(message), { code, data });
}
