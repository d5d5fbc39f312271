import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { BroadcastChannel, MessagePort, type Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ERROR_TABLE } from '../../src/base/errors.js';
import type * as Processor from '../../src/concurrency/processor.js';
import type { ProcessorConfig } from '../../src/concurrency/config.js';
import type * as Message from '../../src/message/message.js';
import { compiled } from './dist.js';
import { ManualClock } from './support.js';

const { ConcurrentJsonRpcProcessor } = await compiled<typeof Processor>('concurrency/processor.js');
const { JsonRpcMessage } = await compiled<typeof Message>('message/message.js');

const FIXTURES = join(import.meta.dirname, 'fixtures');
const open: Processor.ConcurrentJsonRpcProcessor[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((processor) => processor.shutdown({ drain: false })));
});

async function start(config: Partial<ProcessorConfig> = {}) {
  const clock = new ManualClock();
  const options = { workerModule: join(FIXTURES, 'handlers.mjs'), workerCount: 1, ...config };
  const processor = new ConcurrentJsonRpcProcessor(options, undefined, clock);
  open.push(processor);
  await processor.start();
  let id = 0;
  const call = (method: string, params?: unknown, options?: Processor.ProcessOptions) =>
    processor.processRequest(JsonRpcMessage.fromBytes(JsonRpcMessage.request(++id, method, params).toBytes()), options);
  const result = async (method: string, params?: unknown) => (await call(method, params)).result;
  return { processor, clock, call, result };
}

/** Resolves when a handler that won't return by itself has begun. Ask before the call. */
function begun(): Promise<void> {
  const channel = new BroadcastChannel('begun');
  return new Promise((resolve) => {
    channel.onmessage = () => {
      channel.close();
      resolve();
    };
  });
}

/** Waits for what another thread brings about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a handler in a thread', () => {
  it('reads the message as a handler on the loop does', async () => {
    const { result } = await start();
    expect(await result('view', { a: [0, 'é'], b: 1 })).toEqual(
      { id: 1, method: 'view', params: { a: [0, 'é'], b: 1 }, raw: '{"a":[0,"é"],"b":1}', at: 'é', thread: true });
  });

  it('answers with a value, raw JSON, nothing, or a promise', async () => {
    const { call, result } = await start();
    expect(await result('echo', { text: 'x'.repeat(5_000) })).toEqual({ text: 'x'.repeat(5_000) });
    expect(Buffer.from((await call('raw')).rawResult as Uint8Array).toString()).toBe('[1, 2 ]');
    expect((await call('nothing')).result).toBeNull();
    expect(await result('later')).toBe('later');
  });

  it('fails as one on the loop does', async () => {
    const { call, processor } = await start();
    expect((await call('coded')).error).toEqual({ code: -32042, message: 'coded', data: { a: 1 } });
    expect((await call('plain')).error).toEqual({ code: -32603, message: 'plain' });
    for (const method of ['bigint', 'cycle']) {
      expect((await call(method)).error).toEqual({ code: -32603, message: 'a value cannot be written as JSON' });
    }
    expect((await call('baddata')).error).toEqual({ code: 7, message: 'kept' });
    expect(processor.statistics()).toMatchObject({ failed: 5, totalProcessed: 5, activeWorkers: 0 });
  });

  it('may be a named export', async () => {
    const { result } = await start({ workerModule: pathToFileURL(join(FIXTURES, 'named.mjs')) });
    expect(await result('any')).toEqual(['named', 1]);
  });

  it('runs beside others, up to workerCount', async () => {
    const { result } = await start({ workerCount: 2 });
    const ids = new Set<unknown>();
    for (let round = 0; round < 200 && ids.size < 2; round++) {
      for (const id of await Promise.all([result('thread'), result('thread')])) ids.add(id);
    }
    expect(ids.size).toBe(2);
  });

  it('prints to stderr: stdout is the protocol\'s', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(FIXTURES, 'print.mjs')]);
    expect(stdout).toBe('{"jsonrpc":"2.0","id":1,"result":"printed"}');
    expect(stderr).toContain('a line on the console');
  });
});

describe('the bytes', () => {
  it('go to the thread in shared memory and come back moved: neither is cloned', async () => {
    const { call, result } = await start();
    await call('moved');
    const post = vi.spyOn(MessagePort.prototype, 'postMessage');
    try {
      const params = { text: 'y'.repeat(1 << 20) };
      expect(await result('echo', params)).toEqual(params);
      const tasks = post.mock.calls.map(([message]) => (message as { task?: unknown }).task).filter((task) => task !== undefined);
      expect(tasks).toHaveLength(1);
      expect(Object.prototype.toString.call(tasks[0])).toBe('[object SharedArrayBuffer]');
    } finally {
      post.mockRestore();
    }
    const moved = (await result('moved')) as number[];
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every((count) => count === 1)).toBe(true);
  });
});

describe('a cancel', () => {
  for (const [method, heard] of [['spin', 'spin'], ['throwIfAborted', 'threw'], ['wait', 'event']] as const) {
    it(`reaches a handler in its thread, which goes on to the next (${method})`, async () => {
      const { processor, call, result } = await start();
      const thread = await result('thread');
      const controller = new AbortController();
      const running = begun();
      const promise = call(method, undefined, { signal: controller.signal });
      await running;
      controller.abort();
      await expect(promise).rejects.toMatchObject({ code: 'AIRS_MCP_CANCELLED' });
      expect(processor.statistics()).toMatchObject({ activeWorkers: 0, abandoned: 1, cancelled: 1 });
      await until(() => processor.statistics().abandoned === 0);
      expect(await result('heard')).toBe(`${heard}: AIRS_MCP_CANCELLED`);
      expect(await result('thread')).toBe(thread);
    });
  }

  it('by a timeout reaches it as well', async () => {
    const { call, result, clock } = await start();
    const running = begun();
    const promise = call('spin', undefined, { timeout: 50 });
    await running;
    clock.advance(50);
    expect((await promise).error).toMatchObject({ code: -32001 });
    expect(await result('heard')).toBe('spin: AIRS_MCP_CANCELLED');
  });

  it('before a thread took the request keeps the handler from being called', async () => {
    const { call, result, clock } = await start();
    const running = begun();
    const first = call('spin', undefined, { timeout: 50 });
    await running;
    clock.advance(50);
    await first;
    // The slot is free and the thread still busy: this one waits in the pool.
    const controller = new AbortController();
    const second = call('deaf', undefined, { signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'AIRS_MCP_CANCELLED' });
    expect(await result('heard')).toBe('spin: AIRS_MCP_CANCELLED');
  });

  it('that a handler ignores costs it its thread, after a second; the next request has another', async () => {
    const { processor, call, result, clock } = await start();
    const thread = await result('thread');
    const running = begun();
    const deaf = call('deaf', undefined, { timeout: 10 });
    await running;
    clock.advance(10);
    expect((await deaf).error).toMatchObject({ code: -32001 });
    const next = call('thread');
    expect(processor.statistics()).toMatchObject({ abandoned: 1, activeWorkers: 1 });
    clock.advance(1_000);
    expect((await next).result).not.toBe(thread);
    expect(processor.statistics()).toMatchObject({ abandoned: 0, timedOut: 1, failed: 0 });
  });
});

describe('a thread that crashes', () => {
  for (const method of ['exit', 'uncaught']) {
    it(`is answered with an error and replaced (${method})`, async () => {
      const { processor, call, result } = await start();
      const thread = await result('thread');
      expect((await call(method)).error).toEqual({ code: -32603, message: 'the thread that ran the handler ended' });
      expect(await result('thread')).not.toBe(thread);
      expect(processor.statistics()).toMatchObject({ activeWorkers: 0, failed: 1, abandoned: 0 });
    });
  }

  it('again and again takes down nothing else', async () => {
    const { call, result } = await start({ workerCount: 2 });
    for (let round = 0; round < 5; round++) {
      const [crashed, fine] = await Promise.all([call('exit'), result('echo', [round])]);
      expect([crashed.error?.code, fine]).toEqual([ERROR_TABLE.AIRS_MCP_WORKER_CRASHED.rpc, [round]]);
    }
  });
});

describe('starting and stopping', () => {
  const make = (name: string) => new ConcurrentJsonRpcProcessor({ workerModule: join(FIXTURES, name), workerCount: 1 });
  const ask = (processor: Processor.ConcurrentJsonRpcProcessor) => processor.processRequest(JsonRpcMessage.request(1, 'x'));

  for (const name of ['broken.mjs', 'empty.mjs', 'missing.mjs']) {
    it(`refuses ${name} at start`, async () => {
      const processor = make(name);
      await expect(processor.start()).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_CONFIG' });
      await expect(ask(processor)).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
      await processor.shutdown();
    });
  }

  it('takes nothing until the module is loaded', async () => {
    const processor = make('named.mjs');
    const starting = processor.start();
    await expect(ask(processor)).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
    await starting;
    expect((await ask(processor)).result).toEqual(['named', 1]);
    await processor.shutdown();
  });

  it('ends the threads at shutdown, also those that compute on', async () => {
    const threads: Worker[] = [];
    const note = (thread: Worker): void => void threads.push(thread);
    process.on('worker', note);
    const { processor, call } = await start({ workerCount: 2 });
    process.off('worker', note);
    const running = begun();
    const cut = call('deaf');
    await running;
    const ended = processor.shutdown({ drain: false });
    expect((await cut).error).toMatchObject({ code: -32000 });
    await ended;
    expect(processor.statistics()).toMatchObject({ activeWorkers: 0 });
    // The id of a thread that has ended.
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });

  it('drains first when it is asked to', async () => {
    const { processor, call } = await start({ queueCapacity: 10 });
    const promises = [1, 2, 3].map((i) => call('echo', [i]));
    await processor.shutdown();
    expect((await Promise.all(promises)).map(({ result }) => result)).toEqual([[1], [2], [3]]);
  });

  it('leaves no thread behind when shut down while it starts', async () => {
    for (const wait of [0, 1, 3]) {
      const processor = make('named.mjs');
      const starting = processor.start();
      starting.catch(() => undefined);
      for (let i = 0; i < wait; i++) await new Promise((resolve) => setImmediate(resolve));
      await processor.shutdown();
      await expect(starting).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
    }
  });
});
