import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AirsMcpError } from '../../src/base/errors.js';
import {
  DEFAULT_INHERITED_ENV_VARS,
  type JSONRPCMessage,
  type StdioServerParameters,
  StdioClientTransport,
  getDefaultEnvironment,
} from '../../src/mcp/client-stdio.js';
import { Recorder, isAlive, nextTurn, scripted, until } from './support.js';

interface Bench extends Recorder {
  transport: StdioClientTransport;
}

/** A transport to a server whose source is `body`; see `scripted`. */
function make(body: string, options: Partial<StdioServerParameters> = {}): Bench {
  const transport = new StdioClientTransport({ ...scripted(body), stderr: 'ignore', closeTimeout: 300, ...options });
  onTestFinished(() => transport.close());
  return Object.assign(new Recorder(transport), { transport });
}

async function start(body: string, options?: Partial<StdioServerParameters>): Promise<Bench> {
  const bench = make(body, options);
  await bench.transport.start();
  return bench;
}

const ECHO = 'on = ({ id, method, params }) => id !== undefined && send({ jsonrpc: "2.0", id, result: { method, params } });';
const request = (id: number | string, method = 'work', params: object = {}): JSONRPCMessage => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { ...params },
});
const codes = (errors: readonly Error[]): (string | undefined)[] => errors.map((error) => (error as Partial<AirsMcpError>).code);

describe('life', () => {
  it('has a pid from the start to the close, and messages in both directions', async () => {
    const bench = make(ECHO);
    expect(bench.transport.pid).toBeNull();
    await bench.transport.start();
    const { pid } = bench.transport;
    expect(isAlive(pid)).toBe(true);
    await bench.transport.send(request('a', 'x', { t: 'é😀' }));
    await until(() => bench.messages.length === 1);
    expect(bench.messages).toEqual([{ jsonrpc: '2.0', id: 'a', result: { method: 'x', params: { t: 'é😀' } } }]);
    const closing = bench.transport.close();
    expect(bench.transport.pid).toBeNull();
    await closing;
    expect(isAlive(pid)).toBe(false);
    expect(bench.events).toEqual(['close']);
  });

  it('starts once, and again once it is closed', async () => {
    const bench = await start(ECHO);
    await expect(bench.transport.start()).rejects.toThrow(/already started/);
    await bench.transport.close();
    await bench.transport.close();
    await bench.transport.start();
    await bench.transport.send(request(1));
    await until(() => bench.messages.length === 1);
    await bench.transport.close();
    expect(bench.events).toEqual(['close', 'close']);
  });

  it('does nothing when it is closed before its start', async () => {
    const bench = make(ECHO);
    await bench.transport.close();
    expect(bench.events).toEqual([]);
    await expect(bench.transport.send(request(1))).rejects.toMatchObject({
      code: 'AIRS_MCP_NOT_STARTED',
      message: 'Not connected',
    });
  });

  it('rejects with the error of spawn, reports it, and closes', async () => {
    const bench = make('', { command: 'no-such-program-here' });
    await expect(bench.transport.start()).rejects.toMatchObject({ code: 'ENOENT', syscall: 'spawn no-such-program-here' });
    await bench.closed;
    expect(bench.events).toEqual(['error', 'close']);
  });

  it('closes a server that is deaf to all but SIGKILL, and what it started', async () => {
    const bench = await start(
      `
      process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); process.stdin.on('end', () => {});
      const child = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });
      send({ jsonrpc: '2.0', method: 'pids', params: { child: child.pid } });`,
      { closeTimeout: 20 },
    );
    await until(() => bench.messages.length === 1);
    const { child } = (bench.messages[0] as { params: { child: number } }).params;
    const { pid } = bench.transport;
    await bench.transport.close();
    await until(() => !isAlive(pid) && !isAlive(child));
    expect(bench.events).toEqual(['close']);
  });

  it('closes when the server exits, though a grandchild holds its pipes', async () => {
    const bench = await start(`
      const child = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });
      send({ jsonrpc: '2.0', method: 'pids', params: { child: child.pid } });
      on = () => process.exit(3);`);
    await until(() => bench.messages.length === 1);
    void bench.transport.send(request(1));
    await bench.closed;
    expect(codes(bench.errors)).toEqual(['AIRS_MCP_CHILD_EXITED']);
    const { child } = (bench.messages[0] as { params: { child: number } }).params;
    await until(() => !isAlive(child));
  });
});

describe('standard error', () => {
  it('is there before the start, with all that the server wrote', async () => {
    const bench = make('process.stderr.write("hello"); process.stdin.on("end", () => process.stderr.write(" bye"));', {
      stderr: 'pipe',
    });
    const { stderr } = bench.transport;
    let text = '';
    stderr?.on('data', (chunk: Buffer) => (text += String(chunk)));
    const ended = new Promise((resolve) => stderr?.on('end', resolve));
    await bench.transport.start();
    await until(() => text === 'hello');
    await bench.transport.close();
    await ended;
    expect(text).toBe('hello bye');
    expect(bench.transport.stderr).toBe(stderr);
  });

  it('waits for a late reader', async () => {
    const bench = await start('process.stderr.write("early", () => send({ jsonrpc: "2.0", method: "logged" }));', {
      stderr: 'pipe',
    });
    await until(() => bench.messages.length === 1);
    const late = bench.transport.stderr as PassThrough;
    await until(() => late.readableLength > 0);
    expect(String(late.read())).toBe('early');
  });

  it('is not there unless asked for', () => {
    expect(make(ECHO, { stderr: 'inherit' }).transport.stderr).toBeNull();
    expect(make(ECHO, { stderr: 'overlapped' }).transport.stderr).not.toBeNull();
  });

  it('never blocks a server, read or not', async () => {
    const bench = await start(
      'on = ({ id }) => process.stderr.write("e".repeat(400_000), () => send({ jsonrpc: "2.0", id, result: {} }));',
      { stderr: 'pipe' },
    );
    void bench.transport.send(request(1));
    await until(() => bench.messages.length === 1);
  });

  it('goes to a descriptor as it is, when given one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const fd = openSync(join(folder, 'log'), 'w');
    const bench = await start('process.stderr.write("to a file", () => process.exit(0));', { stderr: fd });
    await bench.closed;
    closeSync(fd);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('to a file');
  });
});

describe('a server that dies', () => {
  const FAILING = 'on = () => process.stderr.write("no database\\n", () => process.exit(7));';

  it('fails open calls with its exit code and last words, then closes', async () => {
    const bench = await start(FAILING);
    void bench.transport.send(request(1));
    void bench.transport.send(request('b'));
    await bench.closed;
    expect(bench.events).toEqual(['error', 'close']);
    expect(bench.errors[0]?.message).toMatch(/ended with code 7; its last words: no database/);
    const error = {
      code: -32000,
      message: expect.stringMatching(/^Connection closed: .*code 7.*no database/),
      data: { code: 'AIRS_MCP_CHILD_EXITED' },
    };
    expect(bench.messages).toEqual([
      { jsonrpc: '2.0', id: 1, error },
      { jsonrpc: '2.0', id: 'b', error },
    ]);
    await expect(bench.transport.send(request(2))).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
  });

  it('leaves open calls to the SDK with explainExit: false, and a version probe always', async () => {
    const bench = await start(FAILING, { explainExit: false });
    void bench.transport.send(request(1));
    await bench.closed;
    expect(bench.messages).toEqual([]);
    const probed = await start(FAILING);
    void probed.transport.send(request('probe', 'server/discover'));
    await probed.closed;
    expect(probed.messages).toEqual([]);
  });

  it('does not fail a call that was answered or cancelled', async () => {
    const bench = await start(
      'on = ({ id, method }) => method === "die" ? process.exit(1) : id === 1 && send({ jsonrpc: "2.0", id, result: {} });',
    );
    void bench.transport.send(request(1));
    void bench.transport.send(request(2));
    void bench.transport.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } });
    await until(() => bench.messages.length === 1);
    void bench.transport.send({ jsonrpc: '2.0', method: 'die' });
    await bench.closed;
    expect(bench.messages).toHaveLength(1);
  });

  it('settles sends that it never read', async () => {
    // Without the usual source: a program that has listened once may read on.
    const bench = await start('', { args: ['-e', 'setInterval(() => {}, 1e6)'] });
    const sends = Array.from({ length: 15 }, (_, id) => bench.transport.send(request(id, 'x', { pad: 'x'.repeat(100_000) })));
    await nextTurn();
    process.kill(bench.transport.pid as number, 'SIGKILL');
    const outcomes = await Promise.allSettled(sends);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    await bench.closed;
    expect(bench.events.at(-1)).toBe('close');
  });
});

describe('what a server should not write', () => {
  it('is skipped where it is no JSON', async () => {
    const bench = await start(`process.stdout.write("[INFO] up\\nplain text\\n"); ${ECHO}`);
    void bench.transport.send(request(1));
    await until(() => bench.messages.length === 1);
    expect(bench.errors).toEqual([]);
    expect(bench.transport.counts.noise).toBe(2);
  });

  it.each([
    ['before the result', '{"jsonrpc":"2.0","id":ID,"result":{"pad":"PAD"}}'],
    ['behind the result', '{"result":{"pad":"PAD"},"jsonrpc":"2.0","id":ID}'],
  ])('fails its own call where it is too long, with the id %s', async (_name, text) => {
    const bench = await start(
      `on = ({ id }) => {
        const pad = "x".repeat(id === 1 ? 20_000 : 20);
        process.stdout.write(${JSON.stringify(text)}.replace("ID", id).replace("PAD", pad) + "\\n");
      };`,
      { maxBufferSize: 10_000 },
    );
    for (const id of [1, 2]) void bench.transport.send(request(id));
    await until(() => bench.messages.length === 2);
    expect(bench.messages).toMatchObject([
      {
        id: 1,
        error: { code: -32600, message: expect.stringContaining('10000 bytes'), data: { code: 'AIRS_MCP_MESSAGE_TOO_LARGE' } },
      },
      { id: 2, result: { pad: 'x'.repeat(20) } },
    ]);
    expect(codes(bench.errors)).toEqual(['AIRS_MCP_MESSAGE_TOO_LARGE']);
    expect(bench.transport.counts.oversize).toBe(1);
  });

  it('ends the session where it is too long, with onOversize: close', async () => {
    const bench = await start('on = ({ id }) => send({ jsonrpc: "2.0", id, result: { pad: "x".repeat(20_000) } });', {
      maxBufferSize: 10_000,
      onOversize: 'close',
      explainExit: false,
    });
    void bench.transport.send(request(1));
    await bench.closed;
    expect(bench.events).toEqual(['error', 'close']);
    expect(bench.messages).toEqual([]);
  });

  it('is answered where it is a request that is too long', async () => {
    const bench = await start(
      `const ask = { jsonrpc: "2.0", id: 5, method: "ask", params: { pad: "x".repeat(20_000) } };
      on = ({ id, method, error }) => method === "go" ? send(ask)
        : send({ jsonrpc: "2.0", method: "got", params: { id, error } });`,
      { maxBufferSize: 10_000 },
    );
    void bench.transport.send({ jsonrpc: '2.0', method: 'go' });
    await until(() => bench.messages.length === 1);
    expect(bench.messages).toMatchObject([{ method: 'got', params: { id: 5, error: { code: -32600 } } }]);
  });
});

describe('the environment', () => {
  it('of a server is the safe list and what is given', async () => {
    process.env['AIRS_MCP_SECRET'] = 'x';
    onTestFinished(() => {
      delete process.env['AIRS_MCP_SECRET'];
    });
    const bench = await start('on = ({ id }) => send({ jsonrpc: "2.0", id, result: process.env });', { env: { EXTRA: '1' } });
    void bench.transport.send(request(1));
    await until(() => bench.messages.length === 1);
    const { result } = bench.messages[0] as { result: Record<string, string> };
    expect(result).toMatchObject({ EXTRA: '1', ...getDefaultEnvironment() });
    expect(result).not.toHaveProperty('AIRS_MCP_SECRET');
  });

  it('list is the one that is exported', () => {
    process.env['AIRS_MCP_ADDED'] = 'y';
    DEFAULT_INHERITED_ENV_VARS.push('AIRS_MCP_ADDED');
    onTestFinished(() => {
      DEFAULT_INHERITED_ENV_VARS.pop();
      delete process.env['AIRS_MCP_ADDED'];
    });
    expect(getDefaultEnvironment()).toMatchObject({ AIRS_MCP_ADDED: 'y', PATH: process.env['PATH'] });
  });
});

it('hands a working directory on', async () => {
  const bench = await start('on = ({ id }) => send({ jsonrpc: "2.0", id, result: { cwd: process.cwd() } });', { cwd: '/' });
  void bench.transport.send(request(1));
  await until(() => bench.messages.length === 1);
  expect(bench.messages).toMatchObject([{ result: { cwd: '/' } }]);
});
