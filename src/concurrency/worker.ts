/** Runs in a thread of the pool: takes a request from shared memory, answers with JSON bytes that are moved, not cloned. */

import { Console } from 'node:console';
import { threadId, workerData } from 'node:worker_threads';
import { encodeText } from '../base/bytes.js';
import { RawJson, writeJson } from '../message/json.js';
import { JsonRpcMessage } from '../message/message.js';
import { describeFailure } from './failure.js';
import { FRAME, FRAME_OUTCOME, FRAME_STATE, frameBytes, frameHeader } from './frame.js';
import { importPiscina } from './piscina.js';
import { LazySignal } from './signal.js';
import type { ThreadData } from './threads.js';

/**
 * Answers one request, in a thread; as `RequestHandler` otherwise. `context.signal` aborts when the request is
 * cancelled or times out; `signal.aborted` tells even a loop that never awaits. A handler that goes on for a
 * second after that loses its thread.
 */
export type WorkerHandler = (request: JsonRpcMessage, context: { readonly signal: AbortSignal }) => unknown;

// The process's stdout is the protocol's, where a stray line would do harm.
globalThis.console = new Console(process.stderr, process.stderr);

const { move } = await importPiscina();

let loading: Promise<WorkerHandler> | undefined;

async function load(): Promise<WorkerHandler> {
  const { module } = workerData as ThreadData;
  const exports = (await import(module)) as { default?: unknown; handler?: unknown };
  const handler = [exports.default, exports.handler].find((candidate) => typeof candidate === 'function');
  if (handler === undefined) throw new TypeError('it exports neither a default function nor a function named handler');
  return handler as WorkerHandler;
}

/** @param frame the request; null only loads the module */
export default async function serve(frame: SharedArrayBuffer | null): Promise<unknown> {
  const handler = await (loading ??= load());
  if (frame === null) return null;
  const header = frameHeader(frame);
  Atomics.store(header, FRAME.THREAD, threadId);
  const signal = new LazySignal(header);
  const bytes = await run(handler, frame, header, signal);
  if (Atomics.exchange(header, FRAME.STATE, FRAME_STATE.FINISHED) === FRAME_STATE.CONDEMNED) {
    // The thread is about to be ended: another request taken now would end with it.
    Atomics.wait(header, FRAME.STATE, FRAME_STATE.FINISHED);
  }
  signal.close();
  return move(bytes);
}

async function run(handler: WorkerHandler, frame: SharedArrayBuffer, header: Int32Array, lazy: LazySignal): Promise<Uint8Array> {
  try {
    if (Atomics.load(header, FRAME.STATE) !== FRAME_STATE.OPEN) throw new Error('cancelled before it began');
    const request = JsonRpcMessage.fromBytes(frameBytes(frame));
    const context = {
      get signal(): AbortSignal {
        return lazy.signal;
      },
    };
    const bytes = encodeResult(await handler(request, context));
    header[FRAME.OUTCOME] = FRAME_OUTCOME.RESULT;
    return bytes;
  } catch (thrown) {
    header[FRAME.OUTCOME] = FRAME_OUTCOME.ERROR;
    return encodeFailure(thrown);
  }
}

/** Bytes that have their memory to themselves, so that it can be moved. */
function encodeResult(result: unknown): Uint8Array {
  return result instanceof RawJson ? new Uint8Array(result.bytes) : ownBytes(writeJson(result));
}

function encodeFailure(thrown: unknown): Uint8Array {
  const error = describeFailure(thrown);
  try {
    return ownBytes(writeJson(error));
  } catch {
    return ownBytes(writeJson({ code: error.code, message: error.message }));
  }
}

function ownBytes(text: string): Uint8Array {
  const bytes = encodeText(text);
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
