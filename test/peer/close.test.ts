import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import type { Handlers } from '../../src/peer/methods.js';
import { JsonRpcPeer } from '../../src/peer/peer.js';
import type { Transport } from '../../src/transport/contract.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { Deferred, type Pair, buffersOf, connected, facing, outcomes, request, rest, result, until } from './support.js';

/** Runs `work` while uncaught exceptions are gathered rather than fatal. */
async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const others = process.listeners('uncaughtException');
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note);
  try {
    await work();
    await rest();
  } finally {
    process.off('uncaughtException', note);
    for (const listener of others) process.on('uncaughtException', listener);
  }
  return uncaught;
}

/** Nothing is aborted because the time is up. */
const FOREVER = { shutdownTimeout: 1_000_000 };

describe('close', () => {
  it('lets accepted requests finish and sends their answers; later ones are refused', async () => {
    const gate = new Deferred();
    const begun: unknown[] = [];
    const { peer, say, heard, unheard } = await facing({
      handlers: { m: ({ id }) => (begun.push(id), gate.promise.then(() => 'done')) }, processor: { workerCount: 1 },
    });
    say(request(1, 'm'), request(2, 'm'));
    await until(() => begun.length === 1);
    let closed = false;
    const closing = peer.close().then(() => (closed = true));
    say(request(3, 'm'));
    expect(await heard()).toMatchObject({ id: 3, error: { code: -32000, data: { code: 'AIRS_MCP_SHUTDOWN' } } });
    await rest();
    expect(closed).toBe(false);
    gate.resolve();
    await closing;
    expect(unheard().map((line) => JSON.parse(line) as object)).toEqual([result(1, 'done'), result(2, 'done')]);
    expect(begun).toEqual([1, 2]);
  });

  it('lets handlers call the other side until they are done', async () => {
    const gate = new Deferred();
    const begun = new Deferred();
    const { near, far } = await connected(
      { m: async () => { begun.resolve(); await gate.promise; return far.request('up'); } }, {}, { handlers: { up: () => 'from above' } },
    );
    const call = near.request('m');
    await begun.promise;
    const closing = far.close();
    gate.resolve();
    expect(await call).toBe('from above');
    await closing;
    await near.close();
  });

  it('with drain: false aborts handlers, whose requests are answered with an error', async () => {
    const { peer, say, heard } = await facing({
      handlers: { m: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) },
      processor: { workerCount: 1 },
    });
    say(request(1, 'm'), request(2, 'm'));
    await until(() => peer.processor.statistics().queueDepth === 1);
    await peer.close({ drain: false });
    const answers = [await heard(), await heard()] as { id: number }[];
    expect(answers.sort((a, b) => a.id - b.id)).toMatchObject([{ id: 1, error: { code: -32000 } }, { id: 2, error: { code: -32000 } }]);
  });

  it('aborts what is left when the time is up', async () => {
    const { near, far } = await connected({ never: () => new Promise(() => undefined) }, { processor: { shutdownTimeout: 10 } });
    const call = outcomes([near.request('never')]);
    await until(() => far.processor.statistics().activeWorkers === 1);
    await far.close();
    expect((await call).rejected).toMatchObject([{ remoteCode: -32000 }]);
    await near.close();
  });

  it('settles our calls, those made while it drains too', async () => {
    const gate = new Deferred();
    const { peer, say, heard } = await facing({ handlers: { m: () => gate.promise } });
    const calls = [peer.request('a'), peer.request('b', {}, { timeout: 60_000 })];
    await heard();
    await heard();
    say(request(1, 'm'));
    await until(() => peer.processor.statistics().activeWorkers === 1);
    const closing = peer.close();
    calls.push(peer.request('c'), ...peer.batch([{ method: 'd' }]));
    const settled = outcomes(calls);
    gate.resolve();
    await closing;
    expect((await settled).rejected.map(({ code }) => code)).toEqual(Array(4).fill('AIRS_MCP_SHUTDOWN'));
    expect(peer.correlation.statistics().pendingCount).toBe(0);
  });

  it('twice is harmless, again without drain aborts, and onclose comes once, when all is settled', async () => {
    const { near, far } = await connected({ never: () => new Promise(() => undefined) });
    let closes = 0;
    let pending = -1;
    far.onclose = () => { closes++; pending = far.processor.statistics().activeWorkers; };
    const call = outcomes([near.request('never')]);
    await until(() => far.processor.statistics().activeWorkers === 1);
    const first = far.close();
    expect(far.close()).toBe(first);
    expect(far.close({ drain: false })).toBe(first);
    await first;
    await far.close();
    expect((await call).rejected).toMatchObject([{ remoteCode: -32000 }]);
    expect([closes, pending]).toEqual([1, 0]);
    await near.close();
    await rest();
    expect(closes).toBe(1);
  });

  it('refuses calls and notifications afterwards', async () => {
    const { near, close } = await connected({ m: () => 1 });
    expect(await near.request('m')).toBe(1);
    await close();
    await rest();
    await expect(near.request('m')).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
    await expect(near.request('m', {}, { raw: true })).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
    await expect(near.notify('m')).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await expect(near.start()).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
  });

  it.each<[string, (far: () => JsonRpcPeer, gate: Promise<void>) => Handlers[string]]>([
    ['returns at once', (far) => () => { void far().close(); return 'bye'; }],
    ['returns later', (far, gate) => async () => { void far().close(); await gate; return 'bye'; }],
    ['waits for it', (far) => async () => { await far().close(); return 'bye'; }],
    ['waits for it again and again', (far) => async () => { await far().close(); await far().close(); await far().close(); return 'bye'; }],
    ['aborts the others', (far) => async () => { await far().close({ drain: false }); return 'bye'; }],
    ['throws', (far) => async () => { await far().close(); throw Object.assign(new Error('bye'), { code: 5 }); }],
  ])('inside a handler that %s sends its answer as well', async (kind, make) => {
    const gate = new Deferred();
    const pair: Pair = await connected({
      bye: make(() => pair.far, gate.promise),
      slow: ({ signal }) => Promise.race([gate.promise.then(() => 'slow'), new Promise((_, reject) => signal.addEventListener('abort', reject))]),
    });
    const { near, far } = pair;
    const calls = [near.request('slow'), near.request('bye')];
    const settled = Promise.allSettled(calls);
    await rest();
    gate.resolve();
    const [slow, bye] = await settled;
    if (kind === 'throws') expect(bye).toMatchObject({ reason: { remoteCode: 5, message: 'bye' } });
    else expect(bye).toEqual({ status: 'fulfilled', value: 'bye' });
    if (kind === 'aborts the others') expect(slow).toMatchObject({ reason: { remoteCode: -32000 } });
    else expect(slow).toEqual({ status: 'fulfilled', value: 'slow' });
    await far.close();
    await near.close();
  });

  it('inside a handler that then never ends cuts it off when the time is up', async () => {
    const { near, far } = await connected({ bye: async () => { await far.close(); return new Promise(() => undefined); } }, { processor: { shutdownTimeout: 10 } });
    await expect(near.request('bye')).rejects.toMatchObject({ remoteCode: -32000 });
    await far.close();
    await near.close();
  });

  it('gives all memory back', async () => {
    const { near, far, close } = await connected({ echo: ({ params }) => params, fail: () => { throw new Error('no'); } }, {}, { handlers: { note: () => undefined } });
    const big = 'x'.repeat(100_000);
    const raws = await Promise.all(Array.from({ length: 5 }, (_, i) => near.request('echo', [i, big], { raw: true })));
    await Promise.allSettled([near.request('fail'), near.request('nothing'), near.request('echo', [big]), far.request('note', { big }), far.notify('note')]);
    for (const message of raws) message.release();
    await close();
    for (const peer of [near, far]) {
      expect(buffersOf(peer).metrics()).toMatchObject({ lent: 0, heldBytes: 0, lostToGc: 0, doubleReleases: 0, oneOffs: { lent: 0 } });
    }
  });
});

describe('a peer', () => {
  it('cannot start twice; the second time changes nothing', async () => {
    const { near, close } = await connected({ m: () => 1 });
    await expect(near.start()).rejects.toMatchObject({ code: 'AIRS_MCP_ALREADY_STARTED' });
    expect(await near.request('m')).toBe(1);
    await close();
  });

  it('may be closed before it starts, and while it does', async () => {
    const [left, right] = createMemoryTransportPair();
    const [before, during] = [new JsonRpcPeer(left), new JsonRpcPeer(right)];
    await before.close();
    await expect(before.start()).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
    const starting = outcomes([during.start()]);
    await during.close();
    expect((await starting).rejected).toHaveLength(1);
    await expect(during.request('m')).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
  });

  it('whose transport does not open is closed', async () => {
    const [left] = createMemoryTransportPair();
    await left.close();
    const peer = new JsonRpcPeer(left);
    await expect(peer.start()).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await expect(peer.request('m')).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
  });

  it('whose onclose throws has an uncaught exception, as from any event listener', async () => {
    const { peer } = await facing({});
    peer.onclose = () => {
      throw new Error('onclose');
    };
    expect(await uncaughtDuring(() => peer.close())).toMatchObject([{ message: 'onclose' }]);
  });
});

describe('the end of the input', () => {
  it('fails our calls at once, finishes theirs, and closes', async () => {
    const gate = new Deferred();
    const { peer, say, input, heard, text } = await facing({ handlers: { m: () => gate.promise.then(() => 'finished') } });
    const closed = new Deferred();
    peer.onclose = closed.resolve;
    const call = outcomes([peer.request('x')]);
    await text();
    say(request(1, 'm'));
    input.end();
    expect((await call).rejected).toMatchObject([{ code: 'AIRS_MCP_TRANSPORT_CLOSED' }]);
    await expect(peer.request('y')).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    expect((await outcomes(peer.batch([{ method: 'y' }, { method: 'n', notification: true }]))).rejected).toMatchObject([
      { code: 'AIRS_MCP_TRANSPORT_CLOSED' }, { code: 'AIRS_MCP_TRANSPORT_CLOSED' },
    ]);
    gate.resolve();
    expect(await heard()).toEqual(result(1, 'finished'));
    await closed.promise;
  });

  it('aborts theirs, where that is asked for', async () => {
    const { peer, say, input, heard } = await facing({ handlers: { m: () => new Promise(() => undefined) }, onEndOfInput: 'abort', processor: FOREVER });
    const closed = new Deferred();
    peer.onclose = closed.resolve;
    say(request(1, 'm'));
    input.end();
    expect(await heard()).toMatchObject({ id: 1, error: { code: -32000 } });
    await closed.promise;
  });

  it('aborts the handler that brings it about as well', async () => {
    const { peer, say, input, heard } = await facing({
      handlers: {
        async m({ signal }) {
          await rest();
          input.end();
          return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
        },
      },
      onEndOfInput: 'abort', processor: FOREVER,
    });
    say(request(1, 'm'));
    expect(await heard()).toMatchObject({ id: 1, error: { code: -32000 } });
    await peer.close();
  });

  it('fails a handler that then calls the other side, rather than leaving it to wait', async () => {
    const gate = new Deferred();
    const { peer, say, input, heard } = await facing({ handlers: { m: async () => { await gate.promise; return peer.request('up'); } } });
    const closed = new Deferred();
    peer.onclose = closed.resolve;
    say(request(1, 'm'));
    input.end();
    await rest();
    gate.resolve();
    expect(await heard()).toMatchObject({ id: 1, error: { message: 'the other side ended the connection' } });
    await closed.promise;
  });

  it('comes after the requests that wait while reading is paused', async () => {
    const { peer, say, input, output } = await facing({
      handlers: { m: ({ id }) => new Promise((resolve) => setImmediate(resolve, id)) }, processor: { workerCount: 1, queueCapacity: 4 },
    });
    const closed = new Deferred();
    peer.onclose = closed.resolve;
    say(...Array.from({ length: 200 }, (_, id) => request(id, 'm')));
    input.end();
    await closed.promise;
    expect(output.lines.map((line) => JSON.parse(line) as object)).toEqual(Array.from({ length: 200 }, (_, id) => result(id, id)));
  });
});

describe('a failure of the transport', () => {
  it('rejects all calls at once with its cause, aborts handlers, and is reported before onclose', async () => {
    const aborted = new Deferred<Error>();
    const { peer, say, output, heard } = await facing({
      handlers: { m: ({ signal }) => new Promise(() => signal.addEventListener('abort', () => aborted.resolve(signal.reason as Error))) },
    });
    const events: string[] = [];
    const closed = new Deferred();
    peer.onerror = (error) => events.push(`error ${(error as { code?: string }).code}`);
    peer.onclose = () => { events.push('close'); closed.resolve(); };
    const calls = outcomes([peer.request('a'), peer.request('b', {}, { raw: true }), ...peer.batch([{ method: 'c' }])]);
    for (let i = 0; i < 3; i++) await heard();
    say(request(1, 'm'));
    await until(() => peer.processor.statistics().activeWorkers === 1);
    output.destroy(new Error('cable cut'));
    expect((await calls).rejected).toMatchObject(Array(3).fill({ code: 'AIRS_MCP_TRANSPORT_FAILED', cause: { message: 'cable cut' } }));
    await expect(peer.request('d')).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_FAILED', cause: { message: 'cable cut' } });
    expect(await aborted.promise).toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
    await closed.promise;
    expect(events).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
  });

  it('aborts the handler that brings it about as well', async () => {
    const aborted = new Deferred();
    const closed = new Deferred();
    const { peer, say, output } = await facing({
      handlers: {
        async m({ signal }) {
          signal.addEventListener('abort', () => aborted.resolve());
          await rest();
          output.destroy(new Error('cut'));
          return aborted.promise;
        },
      },
      processor: FOREVER,
    });
    peer.onclose = closed.resolve;
    say(request(1, 'm'));
    await aborted.promise;
    await closed.promise;
    expect(peer.processor.statistics()).toMatchObject({ activeWorkers: 0, abandoned: 0 });
  });

  it('rejects all calls though the transport takes its time to close', async () => {
    const closing = new Deferred();
    const transport: Transport = {
      queued: 0, onmessage: undefined, onerror: undefined, onend: undefined, onclose: undefined,
      start: async () => undefined, send: async () => undefined, pause: () => undefined, resume: () => undefined, close: () => closing.promise,
    };
    const peer = new JsonRpcPeer(transport);
    await peer.start();
    const calls = outcomes([peer.request('a')]);
    transport.onerror?.(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', 'cut'));
    expect((await calls).rejected).toMatchObject([{ code: 'AIRS_MCP_TRANSPORT_FAILED' }]);
    await expect(peer.request('b')).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_FAILED' });
    closing.resolve();
    await peer.close();
  });

  it('of a transport that does not say why is a closed transport', async () => {
    const transport: Transport = {
      queued: 0, onmessage: undefined, onerror: undefined, onend: undefined, onclose: undefined,
      start: async () => undefined, send: async () => undefined, pause: () => undefined, resume: () => undefined, close: async () => undefined,
    };
    const peer = new JsonRpcPeer(transport);
    await peer.start();
    const calls = outcomes([peer.request('a')]);
    transport.onclose?.();
    expect((await calls).rejected).toMatchObject([{ code: 'AIRS_MCP_TRANSPORT_CLOSED' }]);
  });

  it('while it drains for a close ends that at once, and settles handlers that wait for the other side', async () => {
    const { peer, say, output, heard } = await facing({ handlers: { m: () => peer.request('up') } });
    say(request(1, 'm'));
    expect(await heard()).toMatchObject({ method: 'up' });
    const closing = peer.close();
    output.destroy(new Error('cable cut'));
    await closing;
    expect(peer.processor.statistics().activeWorkers).toBe(0);
    expect(peer.correlation.statistics()).toMatchObject({ pendingCount: 0, failed: 1 });
  });

  it('after noise is not mistaken for it', async () => {
    const [left, right] = createMemoryTransportPair();
    const peer = new JsonRpcPeer(left);
    await Promise.all([peer.start(), right.start()]);
    const noted = new Deferred<Error>();
    peer.onerror = noted.resolve;
    const call = outcomes([peer.request('m')]);
    await right.sendBytes(Buffer.from('starting up'));
    expect(await noted.promise).toMatchObject({ code: 'AIRS_MCP_PARSE_ERROR' });
    await right.send(JsonRpcMessage.notification('n'));
    await right.close();
    expect((await call).rejected).toMatchObject([{ code: 'AIRS_MCP_TRANSPORT_CLOSED' }]);
    await peer.close();
  });
});
