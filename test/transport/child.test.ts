import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { JsonRpcMessage } from '../../src/message/message.js';
import { type ChildProcessOptions, ChildProcessTransport } from '../../src/transport/child.js';
import { DEFAULT_INHERITED_ENV_VARS, getDefaultEnvironment } from '../../src/transport/environment.js';
import { StreamingTransport } from '../../src/transport/streaming.js';
import { type Compiled, compile } from './compiled.js';
import { follow, idsIn, outcomes, stateOf } from './support.js';

const onWindows = process.platform === 'win32';
const script = fileURLToPath(new URL('../fixtures/transport/child.mjs', import.meta.url));

type Options = Partial<ChildProcessOptions>;

const child = (mode: string, options: Options = {}, ...rest: string[]): ChildProcessTransport =>
  new ChildProcessTransport({ command: process.execPath, args: [script, mode, ...rest], stderr: 'ignore', ...options });

/** Whether a process runs; one that ended and was not reaped does not. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

const gone = (pid: number): Promise<void> => vi.waitFor(() => expect(alive(pid)).toBe(false), { timeout: 5_000 });

/** Starts a child and waits for the first message that matches. */
async function startAndHear(transport: ChildProcessTransport, method: string): Promise<JsonRpcMessage> {
  const heard = new Promise<JsonRpcMessage>((resolve) => {
    const before = transport.onmessage;
    transport.onmessage = (message) => {
      if (message.method === method) resolve(message.retain());
      before?.(message);
    };
  });
  await transport.start();
  return heard;
}

const ask = (transport: ChildProcessTransport, id: number, params: unknown = []): Promise<void> =>
  transport.send(JsonRpcMessage.request(id, 'echo', params));

describe('a child process', () => {
  it('gets and gives messages in order, small and large', async () => {
    const transport = child('echo');
    const story = follow(transport);
    await transport.start();
    for (let id = 0; id < 50; id++) void ask(transport, id, ['ü'.repeat(id % 10 === 0 ? 300_000 : id)]);
    await story.messages(50);
    expect(idsIn(story)).toEqual(Array.from({ length: 50 }, (_, id) => String(id)));
    await transport.close();
    expect(story.events.at(-1)).toBe('close');
  });

  it('is read straight into pooled memory where the platform can, and copied once otherwise', async () => {
    const transport = child('echo');
    const story = follow(transport);
    await transport.start();
    for (let id = 1; id <= 3; id++) {
      await ask(transport, id);
      await story.messages(id);
    }
    expect(transport.buffers.metrics().transfers).toMatchObject({ zeroCopyReceives: onWindows ? 0 : 3, copiedReceives: onWindows ? 3 : 0 });
    await transport.close();
  });

  it('may write a byte at a time', async () => {
    const transport = child('trickle');
    const story = follow(transport);
    await transport.start();
    await ask(transport, 1, ['€😀']);
    await ask(transport, 2);
    await story.messages(2);
    expect(idsIn(story)).toEqual(['1', '2']);
    await transport.close();
  });

  it('may write noise and invalid UTF-8 between its messages', async () => {
    const transport = child('noise');
    const story = follow(transport);
    await transport.start();
    await ask(transport, 1);
    await ask(transport, 2);
    await story.messages(7);
    const noise = 'AIRS_MCP_PARSE_ERROR';
    expect(idsIn(story)).toEqual([noise, noise, '1', 'AIRS_MCP_INVALID_UTF8', noise, '2', 'AIRS_MCP_INVALID_UTF8']);
    await transport.close();
  });

  it('has a pid between its start and its end', async () => {
    const transport = child('echo');
    expect(transport.pid).toBeNull();
    await transport.start();
    const pid = transport.pid as number;
    expect(alive(pid)).toBe(true);
    await transport.close();
    expect(transport.pid).toBeNull();
    expect(alive(pid)).toBe(false);
  });

  it('can be signalled', async () => {
    const transport = child('echo');
    const story = follow(transport);
    transport.signal('SIGTERM'); // not there yet: nothing happens
    await transport.start();
    transport.signal('SIGTERM');
    await story.closed;
    expect(story.errors).toMatchObject([{ code: 'AIRS_MCP_CHILD_EXITED', message: expect.stringContaining('SIGTERM') as unknown }]);
    transport.signal('SIGTERM'); // not there any more
  });
});

describe('what a child is started with', () => {
  it('is the safe part of the environment and what is given, a working directory, and its arguments', async () => {
    process.env['AIRS_TEST_SECRET'] = 'secret';
    const transport = child('facts', { cwd: tmpdir(), env: { AIRS_TEST_GIVEN: 'given', HOME: '/elsewhere' } }, 'one two', '"quoted"');
    const { env, cwd, args } = (await startAndHear(transport, 'facts')).params as { env: Record<string, string>; cwd: string; args: string[] };
    delete process.env['AIRS_TEST_SECRET'];
    expect(env).toMatchObject({ PATH: process.env['PATH'], AIRS_TEST_GIVEN: 'given', HOME: '/elsewhere' });
    expect(env).not.toHaveProperty('AIRS_TEST_SECRET');
    // macOS adds one of its own.
    const names = Object.keys(env).filter((name) => name !== '__CF_USER_TEXT_ENCODING');
    expect(names.every((name) => [...DEFAULT_INHERITED_ENV_VARS, 'AIRS_TEST_GIVEN'].includes(name))).toBe(true);
    expect(realpathSync(cwd)).toBe(realpathSync(tmpdir()));
    expect(args).toEqual(['one two', '"quoted"']);
    await transport.close();
  });

  it('leaves out shell functions', () => {
    const before = process.env['TERM'];
    process.env['TERM'] = '() { :; }';
    expect(getDefaultEnvironment()).not.toHaveProperty('TERM');
    if (before === undefined) delete process.env['TERM'];
    else process.env['TERM'] = before;
  });
});

describe('a start that fails', () => {
  it.each<[string, Options]>([
    ['no such program', { command: 'no-such-program-anywhere' }],
    ['no such folder', { cwd: '/no/such/folder' }],
    ['an argument that no program can have', { args: ['\0'] }],
    ['a folder for a program', { command: tmpdir() }],
  ])('says why: %s', async (_, options) => {
    const transport = child('echo', options);
    const story = follow(transport);
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_SPAWN_FAILED', cause: expect.anything() as unknown });
    expect(transport.pid).toBeNull();
    expect(story.events).toEqual([]);
    await transport.close();
  });

  it.each<[string, Options, string]>([
    ['an empty command', { command: '' }, 'AIRS_MCP_INVALID_ARGUMENT'],
    ['a negative tail', { stderrTailSize: -1 }, 'AIRS_MCP_INVALID_CONFIG'],
    ['an endless wait', { closeTimeout: Infinity }, 'AIRS_MCP_INVALID_CONFIG'],
  ])('is refused at once for %s', (_, options, code) => {
    expect(() => child('echo', options)).toThrow(expect.objectContaining({ code }));
  });
});

describe('closing a child', () => {
  it('lets it end by itself, and takes its last words', async () => {
    const transport = child('last-words');
    const story = follow(transport);
    await startAndHear(transport, 'ready');
    await transport.close();
    expect(story.events).toEqual(['message ready', 'message last', 'close']);
  });

  it.skipIf(onWindows)('kills one that ignores the end of its input and SIGTERM', async () => {
    const transport = child('stubborn', { closeTimeout: 50 });
    const story = follow(transport);
    await transport.start();
    await ask(transport, 1);
    await story.messages(1);
    const pid = transport.pid as number;
    await transport.close();
    expect(alive(pid)).toBe(false);
    expect(story.events).toEqual(['message 1', 'close']);
  });

  it.skipIf(onWindows)('ends its descendants, too, and does not wait for the pipes that they hold', async () => {
    const transport = child('holder', { closeTimeout: 50 });
    const story = follow(transport);
    const [holder] = (await startAndHear(transport, 'holder')).params as [number];
    expect(alive(holder)).toBe(true);
    await transport.close();
    expect(story.events.at(-1)).toBe('close');
    await gone(holder);
  });

  it('while it starts ends it', async () => {
    const transport = child('stubborn', { closeTimeout: 50 });
    const story = follow(transport);
    const started = expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await transport.close();
    await started;
    expect(story.events).toEqual(['close']);
    expect(transport.pid).toBeNull();
  });

  it('settles all that a child which never reads was sent', async () => {
    const transport = child('deaf', { closeTimeout: 50 });
    await startAndHear(transport, 'ready');
    const sends = Array.from({ length: 15 }, (_, id) => ask(transport, id, ['x'.repeat(1 << 20)]));
    expect(await stateOf(Promise.race(sends))).toBe('pending');
    await transport.close();
    expect(await outcomes(sends)).toEqual(Array(15).fill('AIRS_MCP_TRANSPORT_CLOSED'));
  });

  it.skipIf(onWindows)('keeps from a child that reads late what was refused', async () => {
    const transport = child('late', { closeTimeout: 1_000 });
    await startAndHear(transport, 'ready');
    const pid = transport.pid as number;
    const read = new Promise<number>((resolve) => {
      transport.onmessage = (message) => {
        resolve((message.params as [number])[0]);
        message.release();
      };
    });
    const sends = Array.from({ length: 15 }, (_, id) => ask(transport, id, ['x'.repeat(1 << 20)]));
    const closed = transport.close();
    expect(await outcomes(sends)).toEqual(Array(15).fill('AIRS_MCP_TRANSPORT_CLOSED'));
    process.kill(pid, 'SIGUSR2');
    expect(await read).toBeLessThan(2 << 20);
    await closed;
  });
});

describe('a child that ends by itself', () => {
  it('is reported with its code and its last words, and then closed', async () => {
    const transport = child('die');
    const story = follow(transport);
    await transport.start();
    await story.closed;
    expect(story.events).toEqual(['error AIRS_MCP_CHILD_EXITED', 'close']);
    expect(story.errors[0]?.message).toBe('the server ended with code 3; its last words: cannot open the database: é');
    await expect(transport.send(JsonRpcMessage.notification('n'))).rejects.toMatchObject({ code: 'AIRS_MCP_CHILD_EXITED' });
  });

  it('is quoted in part where it said much', async () => {
    const transport = child('die-at-length');
    const story = follow(transport);
    await transport.start();
    await story.closed;
    expect(story.errors[0]?.message.length).toBeLessThan(3_000);
    expect(story.errors[0]?.message).toMatch(/the last words$/);
    expect(transport.stderrTail).toHaveLength(30_000 + ' the last words\n'.length);
  });

  it('is quoted to the end, also where that comes after the end of its output', async () => {
    for (let i = 0; i < 10; i++) {
      const transport = child('die-after-output');
      const story = follow(transport);
      await transport.start();
      await story.closed;
      expect(story.errors[0]?.message).toMatch(/the last words$/);
    }
  });

  it('is quoted only when its standard error has ended', async () => {
    const transport = child('die');
    const story = follow(transport);
    let said = '';
    let markDone: (() => void) | undefined;
    const done = new Promise<void>((resolve) => (markDone = resolve));
    Object.assign(transport, { errors: { done, attach: (source: Readable) => source.resume(), tail: () => said, close: () => undefined } });
    await transport.start();
    await vi.waitFor(() => expect(transport.pid).toBeNull(), { interval: 1, timeout: 20_000 });
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    said = 'late words';
    markDone?.();
    await story.closed;
    expect(story.errors[0]?.message).toMatch(/: late words$/);
  });

  it('is reported after what it said, though the listener takes its time over each message', async () => {
    const transport = child('echo');
    const story = follow(transport);
    const listen = transport.onmessage;
    transport.onmessage = (message) => {
      transport.pause();
      listen?.(message);
    };
    await transport.start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (let id = 0; id < 4; id++) void ask(transport, id);
      void transport.send(JsonRpcMessage.notification('exit', [3]));
      while (transport.pid !== null) await setImmediate();
      for (let id = 0; id < 4; id++) {
        await story.messages(id + 1);
        // With the last message nothing is left to wait for.
        if (id < 3) await vi.advanceTimersByTimeAsync(60_000);
        expect(story.events.at(-1)).toBe(`message ${id}`);
        transport.resume();
      }
    } finally {
      vi.useRealTimers();
    }
    await story.closed;
    expect(story.events.slice(-3)).toEqual(['message 3', 'error AIRS_MCP_CHILD_EXITED', 'close']);
  });

  it('is reported as that, though sends to it were under way', async () => {
    for (let i = 0; i < 5; i++) {
      const transport = child('die');
      const story = follow(transport);
      await transport.start();
      const sends = Array.from({ length: 5 }, (_, id) => ask(transport, id, ['x'.repeat(1 << 20)]));
      await story.closed;
      expect(story.events).toEqual(['error AIRS_MCP_CHILD_EXITED', 'close']);
      expect(new Set(await outcomes(sends))).toEqual(new Set(['AIRS_MCP_CHILD_EXITED']));
    }
  });

  it('without a failure is closed without one', async () => {
    const transport = child('echo');
    const story = follow(transport);
    await transport.start();
    void transport.send(JsonRpcMessage.notification('exit', [0]));
    await story.closed;
    expect(story.events).toEqual(['close']);
  });

  it.skipIf(onWindows)('by a signal is reported with it; requests in flight are told by the close', async () => {
    const transport = child('echo');
    const story = follow(transport);
    await transport.start();
    await ask(transport, 1);
    await story.messages(1);
    await transport.send(JsonRpcMessage.notification('kill', ['SIGKILL']));
    await story.closed;
    expect(story.events).toEqual(['message 1', 'error AIRS_MCP_CHILD_EXITED', 'close']);
    expect(story.errors[0]?.message).toBe('the server ended by SIGKILL');
  });

  it.skipIf(onWindows)('by a signal in the middle of a write settles what is unsent', async () => {
    const transport = child('deaf');
    const story = follow(transport);
    await startAndHear(transport, 'ready');
    const sends = Array.from({ length: 15 }, (_, id) => ask(transport, id, ['x'.repeat(1 << 20)]));
    await stateOf(Promise.race(sends));
    process.kill(transport.pid as number, 'SIGKILL');
    await story.closed;
    expect(await outcomes(sends)).toEqual(Array(15).fill('AIRS_MCP_CHILD_EXITED'));
    expect(story.events).toEqual(['message ready', 'error AIRS_MCP_CHILD_EXITED', 'close']);
  });

  it.skipIf(onWindows)('takes its descendants along, though they hold its pipes', async () => {
    const transport = child('holder');
    const story = follow(transport);
    const [holder] = (await startAndHear(transport, 'holder')).params as [number];
    await transport.send(JsonRpcMessage.notification('exit', [1]));
    await story.closed;
    expect(story.events).toEqual(['message holder', 'error AIRS_MCP_CHILD_EXITED', 'close']);
    await gone(holder);
  });

  it.skipIf(onWindows)('is closed also where a descendant that left its group holds its pipes', async () => {
    const transport = child('escaped-holder');
    const story = follow(transport);
    const [holder] = (await startAndHear(transport, 'holder')).params as [number];
    await transport.send(JsonRpcMessage.notification('exit', [0]));
    await story.closed;
    expect(alive(holder)).toBe(true);
    process.kill(holder, 'SIGKILL');
    await gone(holder);
  });

  it.each([[0, []], [1, ['AIRS_MCP_CHILD_EXITED']]])('with code %d is heard to the end first, also by a slow consumer', async (code, errors) => {
    const transport = child('burst', {}, '400', String(code));
    const streaming = new StreamingTransport(transport, { queueCapacity: 10 });
    const seen: string[] = [];
    streaming.onerror = (error) => seen.push((error as { code?: string }).code ?? error.message);
    await streaming.start();
    await vi.waitFor(() => expect(transport.pid).toBeNull(), { timeout: 10_000 });
    let next = 0;
    for await (const message of streaming) {
      expect(message.id).toBe(next++);
      message.release();
      // Lets the child's end and the waits that it starts go by.
      if (next % 100 === 0) await setImmediate();
    }
    expect(next).toBe(400);
    expect(seen).toEqual(errors);
  });
});

describe('a child that breaks one of its pipes', () => {
  it.skipIf(onWindows)('the one that it reads: sending fails, and it is ended', async () => {
    const transport = child('no-stdin', { closeTimeout: 50 });
    const story = follow(transport);
    await startAndHear(transport, 'ready');
    const sent = ask(transport, 1, ['x'.repeat(1 << 20)]);
    await story.closed;
    expect(story.events).toEqual(['message ready', 'error AIRS_MCP_TRANSPORT_FAILED', 'close']);
    expect(await stateOf(sent)).toBe('AIRS_MCP_TRANSPORT_FAILED');
  });

  it.skipIf(onWindows)('the one that it writes: that is the end of the input', async () => {
    const transport = child('no-stdout', { closeTimeout: 50 });
    const story = follow(transport);
    const ended = new Promise<void>((resolve) => {
      transport.onend = () => resolve();
    });
    await transport.start();
    await ended;
    expect(transport.pid).not.toBeNull();
    transport.onend = undefined;
    await transport.close();
    expect(story.events).toEqual(['message ready', 'close']);
  });
});

describe('standard error of a child', () => {
  it('is drained though nobody reads it, and its end is kept, whole characters only', async () => {
    const transport = child('stderr-flood');
    const story = follow(transport);
    await transport.start();
    await ask(transport, 1);
    await story.messages(1);
    await transport.close();
    const whole = Array.from({ length: 8_000 }, (_, i) => `${String(i).padStart(8, '0')}${'€'.repeat(17)}\n`).join('');
    const tail = Buffer.from(whole).subarray(-64 * 1024).toString().replace(/^\ufffd+/, '');
    expect(transport.stderrTail === tail).toBe(true);
  });

  it.each([['kept in full', 1 << 20, 480_000], ['not kept', 0, 0]])('is %s where it should be', async (_, stderrTailSize, length) => {
    const transport = child('stderr-flood', { stderrTailSize });
    const story = follow(transport);
    await transport.start();
    await ask(transport, 1);
    await story.messages(1);
    await transport.close();
    expect(Buffer.byteLength(transport.stderrTail)).toBe(length);
  });

  it('can be read as a stream that is there before the start', async () => {
    const transport = child('die', { stderr: 'pipe' });
    const chunks: Buffer[] = [];
    transport.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(transport.stderr as NodeJS.EventEmitter, 'end');
    follow(transport);
    await transport.start();
    await ended;
    expect(Buffer.concat(chunks).toString()).toBe('cannot open the database: é\n');
  });

  it('as a stream that nobody reads holds nothing up', async () => {
    const transport = child('stderr-flood', { stderr: 'pipe' });
    const story = follow(transport);
    await transport.start();
    await ask(transport, 1);
    await story.messages(1);
    expect(transport.stderr?.readableLength).toBeLessThan(1 << 20);
    await transport.close();
  });

  it('is no stream otherwise', () => {
    expect(child('echo').stderr).toBeNull();
  });
});

describe('a process that ends', () => {
  let compiled: Compiled;
  beforeAll(() => {
    compiled = compile();
  });
  afterAll(() => compiled.remove());

  const parentScript = fileURLToPath(new URL('../fixtures/transport/parent.mjs', import.meta.url));

  async function startParent(how: string) {
    const parent = spawn(process.execPath, [parentScript, compiled.url('transport/child'), script, how], { stdio: ['ignore', 'pipe', 'ignore'] });
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
    const pid = Number((await lines.next()).value);
    const exited = parent.exitCode === null ? once(parent, 'exit') : Promise.resolve([parent.exitCode, parent.signalCode]);
    return { parent, lines, pid, exited: exited as Promise<[number | null, string | null]> };
  }

  it.skipIf(onWindows).each([['exit', 0], ['throw', 1]])('by %s takes its children along', async (how, code) => {
    const { pid, exited } = await startParent(how);
    expect((await exited)[0]).toBe(code);
    await gone(pid);
  });

  it.skipIf(onWindows).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s takes its children along, and dies of it', async (signal) => {
    const { parent, pid, exited } = await startParent('wait');
    parent.kill(signal);
    expect(await exited).toEqual([null, signal]);
    await gone(pid);
  });

  it.skipIf(onWindows)('as it decides at a signal is left to do so', async () => {
    const { parent, lines, pid, exited } = await startParent('handled');
    expect((await lines.next()).value).toBe('listening');
    parent.kill('SIGTERM');
    expect((await lines.next()).value).toBe('still served');
    expect(await exited).toEqual([0, null]);
    await gone(pid);
  });
});
