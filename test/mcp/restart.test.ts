import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AirsMcpError } from '../../src/base/errors.js';
import { type RestartInfo, type RestartOptions, StdioClientTransport } from '../../src/mcp/client-stdio.js';
import { RestartPolicy } from '../../src/mcp/restart.js';
import { Recorder, nextTurn, scripted, until } from './support.js';

describe('the policy', () => {
  const at = (options: RestartOptions): { policy: RestartPolicy; clock: { now: number } } => {
    const clock = { now: 0 };
    return { policy: new RestartPolicy(options, () => clock.now), clock };
  };

  it('doubles the wait up to its limit, then gives up', () => {
    const { policy } = at({ maxRestarts: 5, initialDelay: 100, maxDelay: 500 });
    policy.started();
    expect(Array.from({ length: 6 }, () => policy.next())).toEqual([100, 200, 400, 500, 500, null]);
  });

  it('starts over once the server has lived long enough', () => {
    const { policy, clock } = at({ maxRestarts: 2, initialDelay: 100, healthyAfter: 1000 });
    policy.started();
    clock.now = 999;
    expect(policy.next()).toBe(100);
    policy.started();
    clock.now += 1000;
    expect(policy.next()).toBe(100);
  });

  it('does not take a long absence for a long life', () => {
    const { policy, clock } = at({ maxRestarts: 2, initialDelay: 100, healthyAfter: 1000 });
    policy.started();
    const waits = Array.from({ length: 3 }, () => {
      const wait = policy.next();
      clock.now += 1e6;
      return wait;
    });
    expect(waits).toEqual([100, 200, null]);
  });

  it('refuses what it cannot do', () => {
    expect(() => at({ maxRestarts: -1, initialDelay: 0.5 })).toThrow(/maxRestarts.*initialDelay/);
  });
});

/** Answers every request with its process id and all that this process was told; dies when told to. */
const SERVER = `
  const heard = [];
  on = (message) => {
    heard.push(message.method);
    if (message.method === 'die') return process.exit(message.params.code);
    if (message.method === 'ask') return send({ jsonrpc: '2.0', id: 'q', method: 'sampling/createMessage' });
    if (message.id === undefined || message.method === 'hang') return;
    const protocolVersion = process.env.VERSION_FILE && require('node:fs').existsSync(process.env.VERSION_FILE) ? 'other' : '2025-11-25';
    send({ jsonrpc: '2.0', id: message.id, result: { protocolVersion, pid: process.pid, heard: [...heard] } });
  };`;

interface Bench extends Recorder {
  transport: StdioClientTransport;
  restarts: RestartInfo[];
  send(id: number | string | undefined, method: string, params?: object): Promise<void>;
  result(id: number | string): Promise<{ pid: number; heard: string[] }>;
}

async function supervised(restart: RestartOptions = {}, body = SERVER, env: Record<string, string> = {}): Promise<Bench> {
  const options = { initialDelay: 1, healthyAfter: 60_000, ...restart };
  const transport = new StdioClientTransport({ ...scripted(body), stderr: 'ignore', closeTimeout: 300, restart: options, env });
  onTestFinished(() => transport.close());
  const recorder = new Recorder(transport);
  const restarts: RestartInfo[] = [];
  transport.onrestart = (info) => restarts.push(info);
  await transport.start();
  const find = (id: unknown): { id: unknown; result: { pid: number; heard: string[] } } | undefined =>
    (recorder.messages as { id: unknown; result: { pid: number; heard: string[] } }[]).find((message) => message.id === id);
  return Object.assign(recorder, {
    transport,
    restarts,
    send: (id: number | string | undefined, method: string, params: object = {}) =>
      transport.send({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params: { ...params } }),
    async result(id: number | string) {
      await until(() => find(id) !== undefined);
      return find(id)?.result as { pid: number; heard: string[] };
    },
  });
}

async function openSession(bench: Bench): Promise<void> {
  void bench.send(0, 'initialize');
  await bench.result(0);
  void bench.send(undefined, 'notifications/initialized');
}

describe('a supervised server', () => {
  it('is started again when it dies, and told again how the session was opened', async () => {
    const bench = await supervised();
    await openSession(bench);
    void bench.send(1, 'who');
    const before = await bench.result(1);
    void bench.send(2, 'hang');
    void bench.send(undefined, 'die', { code: 3 });
    await until(() => bench.errors.length === 1);
    await nextTurn();
    void bench.send(3, 'who');
    const after = await bench.result(3);
    expect(after.pid).not.toBe(before.pid);
    expect(bench.transport.pid).toBe(after.pid);
    expect(after.heard).toEqual(['initialize', 'notifications/initialized', 'who']);
    expect(bench.restarts).toMatchObject([{ attempt: 1, cause: { code: 'AIRS_MCP_CHILD_EXITED' } }]);
    expect(bench.messages).toContainEqual({ jsonrpc: '2.0', id: 2, error: expect.objectContaining({ code: -32000 }) });
    expect(bench.messages).toHaveLength(4);
    expect(bench.events).toEqual(['error']);
    await bench.transport.close();
    expect(bench.events).toEqual(['error', 'close']);
  });

  it('is started again after an exit with code 0 too', async () => {
    const bench = await supervised();
    await openSession(bench);
    void bench.send(undefined, 'die', { code: 0 });
    await until(() => bench.restarts.length === 1);
    void bench.send(1, 'who');
    await bench.result(1);
  });

  it('needs no handshake where the session had none', async () => {
    const bench = await supervised();
    void bench.send(1, 'who');
    await bench.result(1);
    void bench.send(undefined, 'die', { code: 1 });
    await until(() => bench.restarts.length === 1);
    void bench.send(2, 'who');
    expect((await bench.result(2)).heard).toEqual(['who']);
  });

  it('is not told answers to what its predecessor asked', async () => {
    const bench = await supervised();
    await openSession(bench);
    void bench.send(undefined, 'ask');
    await until(() => bench.messages.some((message) => 'method' in message));
    void bench.send(undefined, 'die', { code: 1 });
    await until(() => bench.restarts.length === 1);
    await bench.transport.send({ jsonrpc: '2.0', id: 'q', result: {} });
    void bench.send(1, 'who');
    expect((await bench.result(1)).heard).toEqual(['initialize', 'notifications/initialized', 'who']);
  });

  it('is given up when it dies before the session is open', async () => {
    const bench = await supervised({}, 'process.exit(1);');
    void bench.send(0, 'initialize').catch(() => undefined);
    await bench.closed;
    expect(bench.restarts).toEqual([]);
    expect(bench.events).toEqual(['error', 'close']);
  });

  it('is given up after maxRestarts deaths in a row', async () => {
    const bench = await supervised({ maxRestarts: 2 });
    await openSession(bench);
    for (let death = 1; death <= 3; death++) {
      void bench.send(undefined, 'die', { code: 1 });
      await until(() => bench.errors.length === death);
      await until(() => bench.restarts.length === death || death === 3);
    }
    await bench.closed;
    expect(bench.restarts.map(({ attempt }) => attempt)).toEqual([1, 2]);
    await expect(bench.send(9, 'who')).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
  });

  it('that speaks another version after its restart ends the session', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const bench = await supervised({}, SERVER, { VERSION_FILE: `${folder}/version` });
    await openSession(bench);
    writeFileSync(`${folder}/version`, '');
    void bench.send(undefined, 'die', { code: 1 });
    await until(() => bench.errors.length === 1);
    await nextTurn();
    const waiting = bench.send(5, 'who');
    await bench.closed;
    await expect(waiting).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    expect(bench.errors.map((error) => (error as Partial<AirsMcpError>).code)).toEqual(['AIRS_MCP_CHILD_EXITED', 'AIRS_MCP_TRANSPORT_FAILED']);
  });

  it('is not started again once the transport is closed', async () => {
    const bench = await supervised({ initialDelay: 60_000 });
    await openSession(bench);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      void bench.send(undefined, 'die', { code: 1 });
      await until(() => bench.errors.length === 1);
      await nextTurn();
      const waiting = bench.send(5, 'who');
      await expect(bench.transport.start()).rejects.toThrow(/already started/);
      await bench.transport.close();
      await expect(waiting).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
      expect([bench.events, vi.getTimerCount()]).toEqual([['error', 'close'], 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('holds a bounded number of messages meanwhile', async () => {
    const bench = await supervised({ initialDelay: 60_000 });
    await openSession(bench);
    void bench.send(undefined, 'die', { code: 1 });
    await until(() => bench.errors.length === 1);
    await nextTurn();
    for (let id = 0; id < 1000; id++) void bench.send(id, 'who');
    await expect(bench.send(1000, 'who')).rejects.toMatchObject({ code: 'AIRS_MCP_SEND_QUEUE_FULL' });
  });
});
