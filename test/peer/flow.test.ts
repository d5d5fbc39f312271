import { afterEach, describe, expect, it, vi } from 'vitest';
import { REPLY_BACKLOG } from '../../src/base/limits.js';
import { limitOf } from '../support/limit.js';
import { Deferred, buffersOf, connected, facing, outcomes, request, rest, result, until } from './support.js';

afterEach(() => void vi.restoreAllMocks());

const soon = (value: unknown): Promise<unknown> => new Promise((resolve) => setImmediate(resolve, value));
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('when many requests wait, a peer', () => {
  it('stops reading at the threshold, goes on at half of it, and refuses none', async () => {
    const gate = new Deferred();
    const { near, far, close } = await connected(
      { m: async ({ params }) => { await gate.promise; return params; } },
      { processor: { workerCount: 2, queueCapacity: 10, backpressureThreshold: 0.5 } },
    );
    const [pause, resume] = [vi.spyOn(far.transport, 'pause'), vi.spyOn(far.transport, 'resume')];
    const calls = range(50).map((i) => near.request('m', [i]));
    await until(() => far.processor.underPressure);
    await rest();
    expect(far.processor.statistics()).toMatchObject({ activeWorkers: 2, queueDepth: 6 });
    expect([pause.mock.calls.length, resume.mock.calls.length]).toEqual([1, 0]);
    gate.resolve();
    expect(await Promise.all(calls)).toEqual(range(50).map((i) => [i]));
    expect(resume.mock.calls.length).toBe(pause.mock.calls.length);
    expect(far.processor.statistics()).toMatchObject({ totalProcessed: 50, rejected: 0, peakQueueDepth: 6 });
    await close();
  });

  it('never runs more handlers than it may, however reading goes on', async () => {
    let [active, most] = [0, 0];
    const { near, close } = await connected(
      { m: async () => { most = Math.max(most, ++active); await soon(0); active--; } },
      { processor: { workerCount: 3, queueCapacity: 4, backpressureThreshold: 0.25 } },
    );
    await Promise.all(range(300).map(() => near.request('m')));
    expect(most).toBe(3);
    await close();
  });

  it('runs pings and progress before the rest', async () => {
    const gate = new Deferred();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    const { near, far, close } = await connected(
      { hold: () => gate.promise, bulk: note('bulk'), ping: note('ping'), 'notifications/progress': note('progress') },
      { processor: { workerCount: 1 } },
    );
    const calls = ['hold', 'bulk', 'bulk', 'ping'].map((method) => near.request(method));
    await near.notify('notifications/progress', { progressToken: 'none', progress: 1 });
    await until(() => far.processor.statistics().queueDepth === 4);
    gate.resolve();
    await Promise.all(calls);
    expect(order).toEqual(['ping', 'progress', 'bulk', 'bulk']);
    await close();
  });

  it('refuses those that the queue has no room for, with an error that can be retried', async () => {
    const { peer, say, heard } = await facing({
      handlers: { m: () => soon('ok') }, processor: { workerCount: 1, queueCapacity: 2, backpressureThreshold: 1 },
    });
    say(...range(5).map((id) => request(id, 'm')));
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await heard());
    expect(answers).toMatchObject([
      { id: 3, error: { code: -32005, data: { code: 'AIRS_MCP_QUEUE_FULL', retryable: true } } },
      { id: 4, error: { code: -32005 } },
      { id: 0, result: 'ok' }, { id: 1, result: 'ok' }, { id: 2, result: 'ok' },
    ]);
    expect(peer.processor.statistics().rejected).toBe(2);
    await peer.close();
  });

  it('still reads the answers that its handlers wait for', async () => {
    const { near, far, close } = await connected(
      { m: async ({ params }): Promise<unknown> => far.request('up', params) },
      { processor: { workerCount: 2, queueCapacity: 8, backpressureThreshold: 0.25 } },
      { handlers: { up: ({ params }) => soon(params) } },
    );
    const { fulfilled, rejected } = await outcomes(range(100).map((i) => near.request('m', [i])));
    expect(fulfilled.length).toBeGreaterThan(0);
    expect(fulfilled.length + rejected.length).toBe(100);
    expect(new Set(rejected.map(({ data }) => data?.code))).toEqual(new Set(rejected.length > 0 ? ['AIRS_MCP_QUEUE_FULL'] : []));
    // Under no pressure any more: as before.
    expect(await near.request('m', ['again'])).toEqual(['again']);
    await close();
  });

  it('stops reading when its handlers have those answers', async () => {
    const gate = new Deferred();
    const { peer, say, heard } = await facing({
      handlers: { back: async () => { await peer.request('up'); await gate.promise; return 'back'; }, m: () => 'ok' },
      processor: { workerCount: 1, queueCapacity: 10, backpressureThreshold: 0.2 },
    });
    const pause = vi.spyOn(peer.transport, 'pause');
    say(request('back', 'back'), ...range(5).map((id) => request(id, 'm')));
    expect(await heard()).toMatchObject({ method: 'up' });
    await until(() => peer.processor.statistics().queueDepth === 5);
    say(result(1, null));
    await rest();
    expect(pause).not.toHaveBeenCalled();
    say(...range(20).map((id) => request(5 + id, 'm')));
    await until(() => pause.mock.calls.length === 1);
    await rest();
    expect(peer.processor.statistics()).toMatchObject({ queueDepth: 6, rejected: 0 });
    gate.resolve();
    for (const id of ['back', ...range(25)]) expect(await heard()).toMatchObject({ id });
    await peer.close();
  });

  it('takes the id of a request that it refused again', async () => {
    const gate = new Deferred();
    const { peer, say, heard } = await facing({ handlers: { m: () => gate.promise }, processor: { workerCount: 1, queueCapacity: 0 } });
    say(request(1, 'm'), request(2, 'm'));
    expect(await heard()).toMatchObject({ id: 2, error: { code: -32005 } });
    gate.resolve();
    expect(await heard()).toMatchObject({ id: 1, result: null });
    say(request(2, 'm'));
    expect(await heard()).toMatchObject({ id: 2, result: null });
    await peer.close();
  });

  it('and the other side, which calls as much, get all their answers', async () => {
    const processor = { workerCount: 2, queueCapacity: 8 };
    const handlers = { m: ({ params }: { params: unknown }): Promise<unknown> => soon(params) };
    const { near, far, close } = await connected(handlers, { processor }, { processor, handlers });
    const calls = range(500).flatMap((i) => [near.request('m', [i]), far.request('m', [i])]);
    expect(await Promise.all(calls)).toEqual(range(500).flatMap((i) => [[i], [i]]));
    await close();
  });
});

describe('when the other side does not read its answers, a peer', () => {
  const big = 'x'.repeat(20_000);

  it.each(['sync', 'async'])('stops reading requests, holds bounded memory, and goes on when it reads: %s handlers', async (kind) => {
    let ran = 0;
    const answer = (): string => (ran++, big);
    const { peer, say, output, input } = await facing({ handlers: { m: kind === 'sync' ? answer : async () => answer() } });
    output.open = false;
    const count = 5_000;
    for (const i of range(count)) say(request(i, 'm'));
    await until(() => ran > REPLY_BACKLOG / big.length);
    await rest();
    const { workerCount, slack } = { workerCount: 64, slack: 64 * 1024 };
    expect(peer.transport.queued).toBeLessThanOrEqual(REPLY_BACKLOG + (workerCount + 1) * (big.length + 50) + slack);
    expect(ran).toBeLessThan(count / 5);
    expect(input.readableLength).toBeGreaterThan(0);
    output.release();
    await until(() => output.lines.length === count);
    expect(new Set(output.lines.map((line) => (JSON.parse(line) as { id: number }).id)).size).toBe(count);
    expect(ran).toBe(count);
    await peer.close();
  }, limitOf(2));

  it('runs no more of the handlers that wait already, and forgets those that are cancelled meanwhile', async () => {
    let ran = 0;
    const gate = new Deferred();
    const { peer, say, output } = await facing({
      handlers: { m: () => (ran++, 'x'.repeat(REPLY_BACKLOG)), wait: () => gate.promise }, processor: { workerCount: 1, queueCapacity: 100 },
    });
    output.open = false;
    say(request('first', 'wait'), ...range(50).map((i) => request(i, 'm')), ...range(25).map((i) => ({
      jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 * i + 1 },
    })));
    await until(() => peer.processor.statistics().cancelled === 25);
    gate.resolve();
    await until(() => ran > 0);
    await rest();
    expect(ran).toBe(1);
    output.release();
    await until(() => output.lines.length === 26);
    expect(ran).toBe(25);
    await peer.close();
  });

  it('that is in the same state, they both go on: each reads for the sake of its own calls', async () => {
    const handlers = { m: (): unknown => soon('y'.repeat(200_000)) };
    const { near, far, close } = await connected(handlers, {}, { handlers });
    const calls = range(150).flatMap(() => [near.request('m'), far.request('m')]);
    const { fulfilled, rejected } = await outcomes(calls);
    expect(rejected).toEqual([]);
    expect(fulfilled).toHaveLength(300);
    await close();
  }, limitOf(2));

  it('still reads the answer to a call of its own, behind requests that wait', async () => {
    const { peer, say, output } = await facing({ handlers: { m: () => big } });
    output.open = false;
    const resume = vi.spyOn(peer.transport, 'resume');
    for (const i of range(500)) say(request(i, 'm'));
    await until(() => vi.mocked(resume).mock.calls.length === 0 && peer.transport.queued > REPLY_BACKLOG);
    await rest();
    const before = peer.processor.statistics().totalProcessed;
    const call = peer.request('up');
    say(result(1, 'down'));
    expect(await call).toBe('down');
    expect(resume).toHaveBeenCalledOnce();
    expect(peer.processor.statistics().totalProcessed).toBe(before);
    output.release();
    await until(() => output.lines.length === 501);
    await peer.close();
  });

  it('does not run the handlers of requests that are cancelled while they wait for that', async () => {
    const ran: unknown[] = [];
    const { peer, say, output } = await facing({ handlers: { m: ({ id }) => (ran.push(id), 'x'.repeat(REPLY_BACKLOG)) } });
    output.open = false;
    say(request(0, 'm'));
    await until(() => ran.length === 1);
    const call = peer.request('up'); // so that reading goes on
    say(...range(10).map((i) => request(i + 1, 'm')));
    await until(() => peer.processor.statistics().activeWorkers === 10);
    for (const requestId of [2, 4, 6, 8, 10]) say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
    await until(() => peer.processor.statistics().cancelled === 5);
    say(result(1, null));
    await call;
    output.release();
    await until(() => output.lines.length === 7);
    expect(ran).toEqual([0, 1, 3, 5, 7, 9]);
    await peer.close();
  });

  it('leaves no handler waiting when it is closed', async () => {
    const { peer, say, output } = await facing({ handlers: { m: () => 'x'.repeat(REPLY_BACKLOG) } }, { closeTimeout: 20 });
    output.open = false;
    say(request(0, 'm'));
    await until(() => peer.processor.statistics().totalProcessed === 1);
    const call = outcomes([peer.request('up')]); // so that reading goes on
    say(request(1, 'm'));
    await until(() => peer.processor.statistics().activeWorkers === 1);
    await peer.close({ drain: false });
    await call;
    await rest();
    expect(peer.processor.statistics()).toMatchObject({ activeWorkers: 0, abandoned: 0 });
  });

  it('closes all the same', async () => {
    const { peer, say, output, input } = await facing({ handlers: { m: () => big }, processor: { shutdownTimeout: 20 } }, { closeTimeout: 20 });
    output.open = false;
    for (const i of range(2_000)) say(request(i, 'm'));
    await until(() => input.readableLength > 0);
    const call = outcomes([peer.request('up')]);
    await peer.close();
    expect((await call).rejected).toHaveLength(1);
  });
});

describe('an answer that does not fit in the send queue', () => {
  it('is replaced by an error, so that its caller knows', async () => {
    const { near, close } = await connected({ big: () => 'x'.repeat(30_000), small: () => 'ok' }, {}, {}, { maxSendQueue: 20_000 });
    await expect(near.request('big')).rejects.toMatchObject({ code: 'AIRS_MCP_REMOTE', data: { code: 'AIRS_MCP_SEND_QUEUE_FULL', retryable: true } });
    expect(await near.request('small')).toBe('ok');
    const batch = near.batch([{ method: 'big' }, { method: 'small' }]);
    expect((await outcomes(batch)).rejected).toMatchObject([{ data: { code: 'AIRS_MCP_SEND_QUEUE_FULL' } }, { data: { code: 'AIRS_MCP_SEND_QUEUE_FULL' } }]);
    await close();
  });

  it('nor has room for an error, is answered when there is room; from then on reading pauses before the queue is full', async () => {
    const { peer, say, output } = await facing({ handlers: { m: () => 'x'.repeat(500) } }, { maxSendQueue: 40_000 });
    const count = 1_000;
    const wave = async (first: number): Promise<{ id: number; error?: object }[]> => {
      output.open = false;
      for (const i of range(count)) say(request(first + i, 'm', { pad: 'y'.repeat(1000) }));
      await rest();
      expect(peer.transport.queued).toBeLessThanOrEqual(40_000);
      output.release();
      await until(() => output.lines.length === count);
      return output.lines.splice(0).map((line) => JSON.parse(line) as { id: number; error?: object });
    };
    const [one, two] = [await wave(0), await wave(count)];
    expect(new Set([...one, ...two].map(({ id }) => id)).size).toBe(2 * count);
    expect(one.filter(({ error }) => error !== undefined).length).toBeGreaterThan(100);
    expect(two.filter(({ error }) => error !== undefined)).toEqual([]);
    await peer.close();
  });
});

describe('100,000 requests against a queue of 100', () => {
  it.each([
    ['are all answered where reading pauses', 0.8],
    ['are answered or refused where it does not, none lost', 1],
  ])('%s', async (_, backpressureThreshold) => {
    const count = 100_000;
    const { near, far, close } = await connected(
      { m: ({ id }) => soon(id) }, { processor: { workerCount: 16, queueCapacity: 100, backpressureThreshold } },
      { correlation: { maxPendingRequests: count, defaultTimeout: 600_000 } },
    );
    const { fulfilled, rejected } = await outcomes(range(count).map(() => near.request('m')));
    expect(fulfilled.length + rejected.length).toBe(count);
    expect(new Set(fulfilled).size).toBe(fulfilled.length);
    expect(rejected.every(({ data }) => data?.code === 'AIRS_MCP_QUEUE_FULL')).toBe(true);
    expect(rejected.length > 0).toBe(backpressureThreshold === 1);
    const statistics = far.processor.statistics();
    expect(statistics).toMatchObject({ totalProcessed: fulfilled.length, rejected: rejected.length, queueDepth: 0, activeWorkers: 0 });
    expect(statistics.peakQueueDepth).toBeLessThanOrEqual(100);
    // What waits or runs lies in the buffers that it arrived in: few, however many requests come.
    expect(buffersOf(far).metrics().read.peakLent).toBeLessThanOrEqual(4);
    expect(far.transport.queued).toBeLessThan(1_000);
    expect(near.correlation.statistics()).toMatchObject({ pendingCount: 0, late: 0, unknown: 0 });
    await close();
    expect(buffersOf(far).metrics()).toMatchObject({ lent: 0, lostToGc: 0, heldBytes: 0 });
  }, limitOf(4));
});
