import { AsyncLocalStorage } from 'node:async_hooks';
import type { JsonRpcMessage } from '../message/message.js';
import { type HandlerContext, type Job, JobContext } from './job.js';

/**
 * Answers one request: with a JSON value, `rawJson(bytes)`, or a promise of either. What it throws becomes the error
 * response: an integer `code` is kept with its `message` and `data`, all else is -32603 with its message.
 *
 * @param request good until the request is answered; retain it to keep it longer
 */
export type RequestHandler = (request: JsonRpcMessage, context: HandlerContext) => unknown;

/** Where handlers run. */
export interface Runner {
  /** Gets ready; rejects where it can't. */
  start(): Promise<void>;
  /** Runs a job's handler. What it gives or throws is the handler's. */
  run(job: Job): unknown;
  /** Ends what still runs. */
  stop(): Promise<void>;
}

/**
 * The job whose handler the current code belongs to, across its awaits.
 *
 * Without it a handler that submits to its own processor, or shuts it down, could wait for itself for ever. Before Node 24 it
 * costs about 15 ns per request and 85 ns per promise that the process makes; since then nothing per promise, but about 300 ns
 * per request, for which Node.js makes a Map. One for several requests would give stray work of one the place of another.
 */
const running = new AsyncLocalStorage<Job>();

export function currentJob(): Job | undefined {
  return running.getStore();
}

/** Handlers on the event loop. */
export class LoopRunner implements Runner {
  constructor(private readonly handler: RequestHandler) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  run(job: Job): unknown {
    return running.run(job, this.handler, job.message, new JobContext(job));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
