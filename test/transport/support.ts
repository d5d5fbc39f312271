import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { WireMessage } from '../../src/base/wire.js';
import type { BufferManager } from '../../src/buffer/manager.js';
import { createFramer } from '../../src/message/framing.js';
import type { JsonRpcMessage } from '../../src/message/message.js';
import type { Transport } from '../../src/transport/contract.js';

type Done = (error?: Error | null) => void;

/**
 * A stream whose consumer is the test: each write waits for {@link finish}, unless it is `eager`. It passes for a
 * connection, to which memory is given without a copy.
 */
export class ManualSink extends Socket {
  /** What each write held when the consumer took it. */
  readonly taken: Buffer[] = [];
  /** The chunks themselves. */
  readonly chunks: Uint8Array[] = [];
  override readonly _writev = undefined as never;
  private current: { chunk: Uint8Array; done: Done } | null = null;

  constructor(private readonly eager = true, highWaterMark = 16) {
    super({ highWaterMark } as object);
  }

  override _final(done: Done): void {
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    done(error);
    process.nextTick(() => this.emit('close', error !== null));
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.chunks.push(chunk);
    this.current = { chunk, done };
    if (this.eager) this.finish();
  }

  /** Finishes the write that is under way; false where none is. */
  finish(error?: Error): boolean {
    const { current } = this;
    this.current = null;
    if (current === null) return false;
    if (error === undefined) this.taken.push(Buffer.from(current.chunk));
    current.done(error);
    return true;
  }

  /** Takes all there is, turn by turn. */
  async takeAll(): Promise<void> {
    while (this.finish()) await setImmediate();
  }

  get text(): string {
    return Buffer.concat(this.taken).toString();
  }
}

/** How a promise stands once all that is ready to run has run: `pending`, `fulfilled`, or the code of its error. */
export async function stateOf(promise: Promise<unknown>): Promise<string> {
  return Promise.race([
    promise.then(() => 'fulfilled', (error: unknown) => (error as { code?: string }).code ?? String(error)),
    setImmediate('pending').then((state) => setImmediate(state)),
  ]);
}

/** Rejections that nobody handled while `action` ran. */
export async function unhandledIn(action: () => unknown): Promise<unknown[]> {
  const seen: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  const note = (reason: unknown): void => void seen.push(reason);
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', note);
  try {
    await action();
    await setImmediate();
    await setImmediate();
  } finally {
    process.off('unhandledRejection', note);
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
  return seen;
}

/** Exceptions that nobody caught while `action` ran. */
export async function uncaughtIn(action: () => unknown): Promise<unknown[]> {
  const seen: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => seen.push(error));
  try {
    await action();
    await setImmediate();
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  return seen;
}

/** A message that arrived, its bytes in memory of `manager`. */
export function arrived(manager: BufferManager, message: WireMessage): JsonRpcMessage {
  const framer = createFramer(manager, {});
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let from = 0; from < bytes.length; ) from += framer.push(bytes, from);
  const received = framer.next();
  if (received === null) throw new Error('no message');
  framer.close();
  return received;
}

/** What a transport calls back with, in order. */
export interface Story {
  /** `message ID`, `error CODE`, `end`, `close`. */
  readonly events: string[];
  readonly errors: Error[];
  /** Resolves at `onclose`. */
  readonly closed: Promise<void>;
  /** Resolves when `count` messages have come. */
  messages(count: number): Promise<void>;
}

/** Listens to all but `onend`, which makes a transport wait; releases what arrives. */
export function follow(transport: Transport, watchEnd = false): Story {
  const events: string[] = [];
  const errors: Error[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let received = 0;
  transport.onmessage = (message) => {
    received++;
    events.push(`message ${message.kind === 'invalid' ? message.failure?.code : (message.idText ?? message.method)}`);
    message.release();
    for (const { count, resolve } of waiting) if (received >= count) resolve();
  };
  transport.onerror = (error) => {
    errors.push(error);
    events.push(`error ${(error as { code?: string }).code ?? error.message}`);
  };
  if (watchEnd) transport.onend = () => events.push('end');
  const closed = new Promise<void>((resolve) => {
    transport.onclose = () => {
      events.push('close');
      resolve();
    };
  });
  const messages = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (received >= count) resolve();
      else waiting.push({ count, resolve });
    });
  return { events, errors, closed, messages };
}

/** The ids of the messages in a story. */
export const idsIn = (story: Story): string[] => story.events.filter((event) => event.startsWith('message ')).map((event) => event.slice(8));

/** Asserts nothing itself: gives back the codes of what a list of promises rejected with, `fulfilled` otherwise. */
export async function outcomes(promises: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((outcome) => (outcome.status === 'fulfilled' ? 'fulfilled' : ((outcome.reason as { code?: string }).code ?? 'error')));
}
