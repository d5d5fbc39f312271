/** What the tests of the peer share. */

import { PassThrough, Writable } from 'node:stream';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { vi } from 'vitest';
import type { BufferManager } from '../../src/buffer/manager.js';
import type { Handlers } from '../../src/peer/methods.js';
import { JsonRpcPeer, type PeerOptions } from '../../src/peer/peer.js';
import type { TransportOptions, ZeroCopyTransport } from '../../src/transport/contract.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { StdioTransport } from '../../src/transport/stdio.js';

/** Waits until `condition` holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** Lets what is under way in this process come to rest. */
export async function rest(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate();
}

/** Stops the clock, which then moves only by `pass`. Undo it by `vi.restoreAllMocks()` and `vi.useRealTimers()`. */
export function fakeTime(): { pass: (ms: number) => Promise<void> } {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  vi.spyOn(performance, 'now').mockImplementation(() => Date.now());
  return {
    async pass(ms) {
      await vi.advanceTimersByTimeAsync(ms);
    },
  };
}

/** A promise, and what settles it. */
export class Deferred<T = void> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

export interface Pair {
  near: JsonRpcPeer;
  far: JsonRpcPeer;
  /** Closes both. */
  close: () => Promise<void>;
}

/** Two peers connected in memory; `far` has the handlers. */
export async function connected(
  handlers: Handlers, far: PeerOptions = {}, near: PeerOptions = {}, transport: TransportOptions = {},
): Promise<Pair> {
  const [left, right] = createMemoryTransportPair(transport);
  const pair = { near: new JsonRpcPeer(left, near), far: new JsonRpcPeer(right, { ...far, handlers }) };
  await Promise.all([pair.near.start(), pair.far.start()]);
  return {
    ...pair,
    async close() {
      await Promise.all([pair.near.close(), pair.far.close()]);
    },
  };
}

export function buffersOf(peer: JsonRpcPeer): BufferManager {
  return (peer.transport as ZeroCopyTransport).buffers;
}

/** What a peer writes, line by line; reads only while it is `open`. */
class Output extends Writable {
  readonly lines: string[] = [];
  open = true;
  private rest = '';
  private stuck: (() => void) | null = null;
  private wake: (() => void) | null = null;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.rest += chunk.toString();
    const lines = this.rest.split('\n');
    this.rest = lines.pop() as string; // split gives at least one
    this.lines.push(...lines);
    this.wake?.();
    if (this.open) done();
    else this.stuck = done;
  }

  /** Reads on. */
  release(): void {
    this.open = true;
    const { stuck } = this;
    this.stuck = null;
    stuck?.();
  }

  async next(): Promise<string> {
    while (this.lines.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.lines.shift() as string;
  }
}

/** A peer over a pair of streams, of which the test holds the other ends. */
export interface Facing {
  peer: JsonRpcPeer;
  output: Output;
  input: PassThrough;
  /** Writes lines to the peer. */
  say: (...lines: (string | object)[]) => void;
  /** The next line from the peer, as it was written. */
  text: () => Promise<string>;
  /** The next line from the peer, parsed. */
  heard: () => Promise<unknown>;
  /** All lines that came and were not taken. */
  unheard: () => string[];
  errors: Error[];
}

export async function facing(options: PeerOptions, transport: TransportOptions = {}): Promise<Facing> {
  const input = new PassThrough();
  const output = new Output({ highWaterMark: 16 * 1024 });
  const peer = new JsonRpcPeer(new StdioTransport({ ...transport, input, output }), options);
  const errors: Error[] = [];
  peer.onerror = (error) => errors.push(error);
  await peer.start();
  return {
    peer, output, input, errors,
    say: (...lines) => void input.write(lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')),
    text: () => output.next(),
    heard: async () => JSON.parse(await output.next()) as unknown,
    unheard: () => output.lines,
  };
}

export const request = (id: number | string, method: string, params?: unknown): object => ({ jsonrpc: '2.0', id, method, params });
export const notification = (method: string, params?: unknown): object => ({ jsonrpc: '2.0', method, params });
export const result = (id: number | string, value: unknown): object => ({ jsonrpc: '2.0', id, result: value });

/** Counts how a promise settles. */
export function outcomes(calls: Promise<unknown>[]): Promise<{ fulfilled: unknown[]; rejected: { code: string; message: string; remoteCode?: number; data?: { code: string } }[] }> {
  return Promise.allSettled(calls).then((settled) => ({
    fulfilled: settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    rejected: settled.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])),
  }));
}
