import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonRpcPeer } from '../../src/peer/peer.js';
import { type ConnectOptions, connectStdio } from '../../src/peer/serve.js';
import { ChildProcessTransport } from '../../src/transport/child.js';
import { requireDist } from './dist.js';
import { Deferred, buffersOf, outcomes, request, rest, result, until } from './support.js';

const SERVER = fileURLToPath(new URL('../fixtures/peer/server.mjs', import.meta.url));
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function connect(args: string[] = [], options: ConnectOptions = {}): Promise<JsonRpcPeer> {
  const env = { AIRS_MCP_BACKEND: process.env['AIRS_MCP_BACKEND'] ?? '' };
  return connectStdio(process.execPath, [SERVER, ...args], { ...options, transport: { stderr: 'ignore', env, ...options.transport } });
}

function childOf({ transport }: JsonRpcPeer): ChildProcessTransport {
  if (transport instanceof ChildProcessTransport) return transport;
  throw new Error('connectStdio makes a child process');
}

function closedBy(peer: JsonRpcPeer): Promise<void> {
  const closed = new Deferred();
  peer.onclose = closed.resolve;
  return closed.promise;
}

beforeAll(requireDist);

describe('a server in a process of its own', () => {
  it('answers, calls back, reports progress, is cancelled, and is gone after the close', async () => {
    const peer = await connect([], { handlers: { up: ({ params }) => ({ up: params }) } });
    expect(await Promise.all(range(500).map((i) => peer.request('echo', [i])))).toEqual(range(500).map((i) => [i]));
    expect(await peer.request('back', { a: 1 })).toEqual({ up: { a: 1 } });
    const seen: unknown[] = [];
    expect(await peer.request('steps', { to: 3 }, { onProgress: (value) => seen.push((value as { progress: number }).progress) })).toBe('done');
    expect(seen).toEqual([1, 2, 3]);
    await expect(peer.request('never', {}, { timeout: 20 })).rejects.toMatchObject({ code: 'AIRS_MCP_REQUEST_TIMEOUT' });
    const large = 'é'.repeat(600_000);
    expect(await peer.request('echo', [large])).toEqual([large]);
    const { pid } = childOf(peer);
    await peer.close();
    expect(() => process.kill(pid as number, 0)).toThrow();
    expect(childOf(peer).stderrTail).toBe('closed\n');
    expect(buffersOf(peer).metrics()).toMatchObject({ lent: 0, heldBytes: 0 });
  });

  it('that is killed rejects all calls in flight with its last words', async () => {
    const peer = await connect();
    const errors: Error[] = [];
    peer.onerror = (error) => errors.push(error);
    const closed = closedBy(peer);
    const { rejected } = await outcomes([peer.request('never'), peer.request('never', {}, { raw: true }), ...peer.batch([{ method: 'never' }]), peer.request('die')]);
    expect(rejected).toHaveLength(4);
    for (const error of rejected) {
      expect(error).toMatchObject({ code: 'AIRS_MCP_CHILD_EXITED', message: expect.stringContaining('SIGKILL; its last words: disk on fire') as string });
    }
    await expect(peer.request('echo')).rejects.toMatchObject({ code: 'AIRS_MCP_CHILD_EXITED' });
    await closed;
    expect(errors).toMatchObject([{ code: 'AIRS_MCP_CHILD_EXITED' }]);
    expect(peer.correlation.statistics()).toMatchObject({ pendingCount: 0, failed: 4 });
  });

  it('that is killed in the middle of its answer fails that call', async () => {
    const peer = await connect();
    const closed = closedBy(peer);
    const { rejected } = await outcomes([peer.request('halfAndDie'), peer.request('never')]);
    expect(rejected.map(({ code }) => code)).toEqual([expect.stringMatching(/TRUNCATED|CHILD_EXITED/), 'AIRS_MCP_CHILD_EXITED']);
    await closed;
  });

  it('that is killed while we write to it fails what was written, what was not, and what is called later', async () => {
    const peer = await connect(['deaf']);
    const closed = closedBy(peer);
    const big = 'x'.repeat(1_000_000);
    const calls = [...range(10).map(() => peer.request('echo', [big])), ...peer.batch([{ method: 'echo', params: [big] }])];
    await until(() => peer.transport.queued > 0);
    await rest();
    expect(peer.transport.queued).toBeGreaterThan(5_000_000);
    process.kill(childOf(peer).pid as number, 'SIGKILL');
    const { rejected } = await outcomes(calls);
    expect(rejected.map(({ code }) => code)).toEqual(Array(11).fill('AIRS_MCP_CHILD_EXITED'));
    await expect(peer.request('echo')).rejects.toMatchObject({ code: 'AIRS_MCP_CHILD_EXITED' });
    await closed;
    expect(peer.correlation.statistics()).toMatchObject({ pendingCount: 0, failed: 11 });
    expect(buffersOf(peer).metrics()).toMatchObject({ lent: 0, heldBytes: 0 });
  });

  it('that ends without a failure still says how, to whoever waits', async () => {
    const peer = await connect();
    const closed = closedBy(peer);
    await expect(peer.request('exit')).rejects.toMatchObject({
      code: 'AIRS_MCP_CHILD_EXITED', message: expect.stringContaining('code 0; its last words: nothing left to do') as string,
    });
    await closed;
  });

  it('that closes itself inside a handler answers first', async () => {
    const peer = await connect();
    const closed = closedBy(peer);
    expect(await peer.request('bye')).toBe('bye');
    await closed;
  });

  it('that never reads lets calls time out, and is closed', async () => {
    const peer = await connect(['deaf'], { transport: { closeTimeout: 50 } });
    const big = 'x'.repeat(1_000_000);
    const calls = outcomes([...range(10).map(() => peer.request('echo', [big], { timeout: 30 })), peer.request('echo', [big])]);
    await peer.close();
    const { rejected } = await calls;
    expect(rejected).toHaveLength(11);
  });

  it('that never reads fails its calls on time, though they wait to be written', async () => {
    const peer = await connect(['deaf'], { transport: { closeTimeout: 50 } });
    const big = 'x'.repeat(1_000_000);
    const { rejected } = await outcomes(range(10).map(() => peer.request('echo', [big], { timeout: 30 })));
    expect(rejected.map(({ code }) => code)).toEqual(Array(10).fill('AIRS_MCP_REQUEST_TIMEOUT'));
    await peer.close();
  });

  it('answers from threads, which are told of notifications as well', async () => {
    const peer = await connect(['threads']);
    expect(await peer.request('any', { a: 1 })).toEqual({ onThread: true, params: { a: 1 } });
    await expect(peer.request('fail')).rejects.toMatchObject({ remoteCode: -32099, message: 'no' });
    await peer.notify('news');
    await until(() => childOf(peer).stderrTail.includes('thread was told news'));
    await peer.close();
  });

  it('that does not exist fails the start', async () => {
    await expect(connectStdio('no-such-program-anywhere')).rejects.toMatchObject({ code: 'AIRS_MCP_SPAWN_FAILED' });
  });
});

describe('a server whose input ends', () => {
  /** What a server writes when all it is given is `input`, and how it exits. */
  async function served(input: object[], ...args: string[]): Promise<{ output: unknown[]; stderr: string; code: number | null }> {
    const child = spawn(process.execPath, [SERVER, ...args], { stdio: 'pipe' });
    const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.stdin.end(input.map((message) => `${JSON.stringify(message)}\n`).join(''));
    const [out, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { output: out.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown), stderr, code: await code };
  }

  it('finishes what is in flight, writes it out, and exits', async () => {
    const big = 'x'.repeat(300_000);
    const { output, stderr, code } = await served([request(1, 'later', [big]), request(2, 'echo', [2])]);
    expect(output).toEqual([result(2, [2]), result(1, [big])]);
    expect({ stderr, code }).toEqual({ stderr: 'closed\n', code: 0 });
  });

  it('aborts it, where that is asked for', async () => {
    const { output, code } = await served([request(1, 'never'), request(2, 'echo', [2])], 'serve', 'abort');
    expect(output).toMatchObject([result(2, [2]), { id: 1, error: { code: -32000 } }]);
    expect(code).toBe(0);
  });
});
