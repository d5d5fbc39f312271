import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AirsMcpError } from '../../src/base/errors.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { rawJson } from '../../src/message/json.js';
import type { Handlers } from '../../src/peer/methods.js';
import { JsonRpcPeer, type PeerOptions } from '../../src/peer/peer.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { Deferred, buffersOf, connected, facing, fakeTime, notification, request, rest, result, until } from './support.js';

/** What JavaScript may throw, and TypeScript's linter would not. */
const asError = (value: unknown): Error => value as Error;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a call', () => {
  it.each<[string, Handlers[string], unknown]>([
    ['a value', () => ({ a: [1, null] }), { a: [1, null] }],
    ['a promise', async () => 'later', 'later'],
    ['nothing', () => undefined, null],
    ['null', () => null, null],
    ['false', () => false, false],
    ['JSON text', () => rawJson(Buffer.from('{"n":[1]}')), { n: [1] }],
    ['a promise of JSON text', async () => rawJson(Buffer.from('7')), 7],
    ['a thenable of its own', () => ({ then: (done: (value: unknown) => void) => done('thenable') }), 'thenable'],
    ['an object that writes itself', () => new Date(0), '1970-01-01T00:00:00.000Z'],
  ])('gives what its handler gives: %s', async (_, handler, expected) => {
    const { near, close } = await connected({ m: handler });
    expect(await near.request('m')).toEqual(expected);
    await close();
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each<[string, Handlers[string], object]>([
    ['an error', () => { throw new Error('no'); }, { remoteCode: -32603, message: 'no' }],
    ['a rejection', async () => { throw new Error('later'); }, { remoteCode: -32603, message: 'later' }],
    ['a code, a message and data', () => { throw Object.assign(new Error('mine'), { code: -32042, data: { why: [1] } }); },
      { remoteCode: -32042, message: 'mine', data: { why: [1] } }],
    ["a code of Node's, which is text", () => { throw Object.assign(new Error('gone'), { code: 'ENOENT' }); }, { remoteCode: -32603, message: 'gone' }],
    ['a string', () => { throw asError('text'); }, { remoteCode: -32603, message: 'text' }],
    ['nothing', () => { throw asError(undefined); }, { remoteCode: -32603 }],
    ['a BigInt for a result', () => 1n, { remoteCode: -32603 }],
    ['a cycle for a result', async () => cycle, { remoteCode: -32603 }],
    ['data that is no JSON', () => { throw Object.assign(new Error('mine'), { code: 5, data: 1n }); }, { remoteCode: 5, message: 'mine', data: undefined }],
  ])('rejects with what its handler threw: %s', async (_, handler, expected) => {
    const { near, far, close } = await connected({ m: handler, well: () => 'still here' });
    await expect(near.request('m')).rejects.toMatchObject({ code: 'AIRS_MCP_REMOTE', ...expected });
    expect(await near.request('well')).toBe('still here');
    expect(far.processor.statistics()).toMatchObject({ failed: 1, activeWorkers: 0 });
    await close();
  });

  it("passes the other side's number on when its handler fails by a call of its own", async () => {
    const { near, far, close } = await connected({ m: () => far.request('deeper') });
    await expect(near.request('m')).rejects.toMatchObject({ remoteCode: -32601 });
    await close();
  });

  it('of an unknown method is refused, whatever objects inherit', async () => {
    const { near, close } = await connected({});
    for (const method of ['nothing', '__proto__', 'toString', '']) {
      await expect(near.request(method)).rejects.toMatchObject({ remoteCode: -32601, message: `no such method: ${method}` });
    }
    await close();
  });

  it('of an unknown method goes to the fallback, where there is one', async () => {
    const { near, close } = await connected({ known: () => 'known' }, { fallback: ({ method, params }) => [method, params] });
    expect(await near.request('known')).toBe('known');
    expect(await near.request('other', { a: 1 })).toEqual(['other', { a: 1 }]);
    await close();
  });

  it('shows its handler the message: id, method, params parsed or not, and single values', async () => {
    const { near, close } = await connected({
      m: (call) => [call.id, call.method, call.params, Buffer.from(call.rawParams ?? []).toString(), call.at('/params/a/1'), call.message.kind],
    });
    expect(await near.request('m', { a: [1, 'x'] })).toEqual([1, 'm', { a: [1, 'x'] }, '{"a":[1,"x"]}', 'x', 'request']);
    await close();
  });

  it('without params sends none, and its handler sees undefined', async () => {
    const { peer, text, say } = await facing({ handlers: { m: ({ params, rawParams }) => [params === undefined, rawParams === undefined] } });
    void peer.request('m').catch(() => undefined);
    expect(await text()).toBe('{"jsonrpc":"2.0","id":1,"method":"m"}');
    say(request(1, 'm'));
    expect(JSON.parse(await text())).toMatchObject({ result: [true, true] });
    await peer.close();
  });

  it('gives the message itself with raw, for the caller to release', async () => {
    const { near, close } = await connected({ m: () => rawJson(Buffer.from('{"n":1e400,"n":[2]}')) });
    const message = await near.request('m', undefined, { raw: true });
    expect(message).toBeInstanceOf(JsonRpcMessage);
    expect(Buffer.from(message.rawResult ?? []).toString()).toBe('{"n":1e400,"n":[2]}');
    expect(message.at('/result/n/0')).toBe(2);
    message.release();
    await close();
  });

  it('takes params that are JSON text, byte for byte', async () => {
    const { near, close } = await connected({ m: ({ rawParams }) => Buffer.from(rawParams ?? []).toString() });
    expect(await near.request('m', rawJson(Buffer.from('[1.0, 9007199254740993]')))).toBe('[1.0, 9007199254740993]');
    await close();
  });

  it.each<[string, (peer: JsonRpcPeer) => Promise<unknown>, string]>([
    ['params that are no object', (peer) => peer.request('m', 5), 'AIRS_MCP_INVALID_ARGUMENT'],
    ['params that are no JSON', (peer) => peer.request('m', { n: 1n }), 'AIRS_MCP_NOT_SERIALISABLE'],
    ['a method that is no string', (peer) => peer.request(5 as unknown as string), 'AIRS_MCP_INVALID_ARGUMENT'],
    ['a timeout of zero', (peer) => peer.request('m', {}, { timeout: 0 }), 'AIRS_MCP_OUT_OF_RANGE'],
    ['progress for params in an array', (peer) => peer.request('m', [1], { onProgress: () => undefined }), 'AIRS_MCP_INVALID_ARGUMENT'],
    ['progress for params of JSON text in an array', (peer) => peer.request('m', rawJson(Buffer.from('[]')), { resetTimeoutOnProgress: true }),
      'AIRS_MCP_INVALID_ARGUMENT'],
    ['a notification with params that are no object', (peer) => peer.notify('m', 'text'), 'AIRS_MCP_INVALID_ARGUMENT'],
    ['a notification with params that are no JSON', (peer) => peer.notify('m', { n: 1n }), 'AIRS_MCP_NOT_SERIALISABLE'],
  ])('is refused by a rejection, and nothing is sent: %s', async (_, call, code) => {
    const { near, far, close } = await connected({ m: () => 'ok' });
    await expect(call(near)).rejects.toMatchObject({ code });
    await rest();
    expect(far.processor.statistics().totalProcessed).toBe(0);
    expect(near.correlation.statistics().pendingCount).toBe(0);
    expect(await near.request('m')).toBe('ok');
    await close();
  });

  it('times out when its time is up though the transport waits for room to write it', async () => {
    const clock = fakeTime();
    const { peer, output } = await facing({ correlation: { cleanupInterval: 1 } });
    output.open = false;
    const fates: string[] = [];
    for (const timeout of [100, 200]) {
      peer.request('m', ['x'.repeat(100_000)], { timeout }).catch((error: unknown) => fates.push((error as AirsMcpError).code));
    }
    await clock.pass(99);
    expect(fates).toEqual([]);
    await clock.pass(1);
    expect(fates).toEqual(['AIRS_MCP_REQUEST_TIMEOUT']);
    await clock.pass(100);
    expect(fates).toHaveLength(2);
    expect(peer.transport.queued).toBeGreaterThan(100_000);
    output.release();
    await peer.close();
  });

  it('past maxPendingRequests is refused at once', async () => {
    const { near, close } = await connected({ m: () => new Promise(setImmediate) }, {}, { correlation: { maxPendingRequests: 2 } });
    const calls = [near.request('m'), near.request('m')];
    await expect(near.request('m')).rejects.toMatchObject({ code: 'AIRS_MCP_TOO_MANY_PENDING' });
    await Promise.all(calls);
    expect(await near.request('m')).toBe(null);
    await close();
  });

  it('before the start is refused', async () => {
    const [left] = createMemoryTransportPair();
    const peer = new JsonRpcPeer(left);
    await expect(peer.request('m')).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
    await expect(peer.notify('m')).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
    await peer.close();
  });

  it('goes both ways at once, and answers come in any order', async () => {
    const order: number[] = [];
    const gates = [new Deferred<number>(), new Deferred<number>(), new Deferred<number>()];
    const handler: Handlers[string] = ({ params }) => gates[(params as number[])[0] as number]?.promise;
    const { near, far, close } = await connected({ m: handler }, {}, { handlers: { m: handler } });
    const calls = [0, 1, 2].flatMap((i) => [near.request('m', [i]), far.request('m', [i])]);
    calls.forEach((call, i) => void call.then(() => order.push(i)));
    for (const i of [2, 0, 1]) {
      gates[i]?.resolve(i);
      await Promise.all([calls[2 * i], calls[2 * i + 1]]);
    }
    expect(await Promise.all(calls)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(order.map((i) => Math.floor(i / 2))).toEqual([2, 2, 0, 0, 1, 1]);
    await close();
  });

  it('may lead to calls back and forth, as deep as they go', async () => {
    const { near, far, close } = await connected(
      { down: async ({ params }): Promise<unknown> => ((params as [number])[0] === 0 ? 'bottom' : far.request('up', params)) },
      {},
      { handlers: { up: async ({ params }): Promise<unknown> => near.request('down', [(params as [number])[0] - 1]) } },
    );
    expect(await near.request('down', [50])).toBe('bottom');
    await close();
  });
});

describe('a notification', () => {
  it('reaches its handler, and is not answered', async () => {
    const seen: unknown[] = [];
    const { peer, say, unheard } = await facing({ handlers: { note: ({ id, params }) => seen.push([id, params]) } });
    say(notification('note', { a: 1 }), notification('unknown'), { jsonrpc: '2.0', method: 'note' });
    await until(() => seen.length === 2);
    await rest();
    expect(seen).toEqual([[undefined, { a: 1 }], [undefined, undefined]]);
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('of an unknown method goes to the fallback; cancelling and progress do not, unless they have handlers', async () => {
    const seen: string[] = [];
    const { peer, say } = await facing({ fallback: ({ method }) => seen.push(method), handlers: { 'notifications/progress': () => seen.push('mine') } });
    say(notification('other'), notification('notifications/cancelled', { requestId: 1 }), notification('notifications/progress', { progressToken: 1 }));
    await until(() => seen.length >= 2);
    await rest();
    expect(seen).toEqual(['other', 'mine']);
    await peer.close();
  });

  it.each<[string, Handlers[string]]>([
    ['throws', () => { throw new Error('bad note'); }],
    ['rejects', async () => { throw new Error('bad note'); }],
    ['throws what is no error', () => { throw asError('bad note'); }],
  ])('whose handler %s is reported, and not answered', async (_, handler) => {
    const { peer, say, heard, errors } = await facing({ handlers: { note: handler, m: () => 1 } });
    say(notification('note'), request(1, 'm'));
    expect(await heard()).toMatchObject({ id: 1 });
    await until(() => errors.length > 0);
    expect(errors[0]?.message).toContain('bad note');
    await peer.close();
  });

  it('past the queue is dropped and reported', async () => {
    const { peer, say, errors } = await facing({
      handlers: { note: () => new Promise(() => undefined) }, processor: { workerCount: 1, queueCapacity: 1, backpressureThreshold: 1 },
    });
    say(notification('note'), notification('note'), notification('note'));
    await until(() => errors.length > 0);
    expect(errors).toMatchObject([{ code: 'AIRS_MCP_QUEUE_FULL' }]);
    await peer.close({ drain: false });
  });

  it('goes out in order with requests', async () => {
    const { peer, text } = await facing({});
    void peer.notify('a');
    void peer.request('b').catch(() => undefined);
    await peer.notify('c', [1]);
    expect([await text(), await text(), await text()].map((line) => (JSON.parse(line) as { method: string }).method)).toEqual(['a', 'b', 'c']);
    await peer.close();
  });
});

describe('the options of a peer', () => {
  it.each<[string, object, string]>([
    ['handlers', { handlers: 5 }, 'handlers'],
    ['a handler', { handlers: { m: 'text' } }, 'handler of m'],
    ['fallback', { fallback: {} }, 'fallback'],
    ['protocol', { protocol: 'xmlrpc' }, 'protocol'],
    ['onEndOfInput', { onEndOfInput: 'explode' }, 'onEndOfInput'],
    ['correlation', { correlation: { defaultTimeout: -1 } }, 'defaultTimeout'],
    ['processor', { processor: { workerCount: 0 } }, 'workerCount'],
  ])('are checked: %s', (_, options, named) => {
    const [left] = createMemoryTransportPair();
    expect(() => new JsonRpcPeer(left, options as PeerOptions)).toThrow(
      expect.objectContaining({ code: 'AIRS_MCP_INVALID_CONFIG', message: expect.stringContaining(named) as string }),
    );
  });

  it('may hold undefined for a handler, which is none', async () => {
    const { peer, say, heard } = await facing({ handlers: { m: undefined } });
    say(notification('m'), request(1, 'm'));
    expect(await heard()).toMatchObject({ error: { code: -32601 } });
    await peer.close();
  });
});

describe('an answer', () => {
  it('that is late, second, unknown, or to "1" rather than 1 is counted, and settles nothing', async () => {
    const { peer, say, text } = await facing({});
    const first = peer.request('a');
    const second = peer.request('b', {}, { timeout: 60_000 });
    await text();
    say(result('1', 'wrong type'), result(77, 'nobody'), { jsonrpc: '2.0', id: null, error: { code: 1, message: 'm' } }, result(1, 'right'), result(1, 'again'));
    expect(await first).toBe('right');
    peer.correlation.cancelRequest(2);
    await expect(second).rejects.toMatchObject({ code: 'AIRS_MCP_CANCELLED' });
    say(result(2, 'late'));
    await until(() => peer.correlation.statistics().late === 2);
    expect(peer.correlation.statistics()).toMatchObject({ completed: 1, cancelled: 1, late: 2, unknown: 3, pendingCount: 0 });
    await peer.close();
    expect(buffersOf(peer).metrics()).toMatchObject({ lent: 0, lostToGc: 0 });
  });

  it('settles its own call, in any order', async () => {
    const { peer, say } = await facing({});
    const calls = Array.from({ length: 100 }, (_, i) => peer.request('m', [i]));
    const order = calls.map((_, i) => ((i * 37) % 100) + 1);
    say(...order.map((id) => result(id, `answer ${id}`)));
    expect(await Promise.all(calls)).toEqual(calls.map((_, i) => `answer ${i + 1}`));
    await peer.close();
  });

  it('that is half a message, followed by the end, fails the call', async () => {
    const { peer, input, errors } = await facing({});
    const call = peer.request('m');
    const failed = expect(call).rejects.toMatchObject({ code: expect.stringMatching(/TRUNCATED|TRANSPORT_CLOSED/) as string });
    input.end('{"jsonrpc":"2.0","id":1,"resu');
    await failed;
    expect(errors).toMatchObject([{ code: 'AIRS_MCP_MESSAGE_TRUNCATED' }]);
    await peer.close();
  });

  it('with an error that breaks the rules is an error all the same', async () => {
    const { peer, say } = await facing({});
    const calls = [peer.request('a'), peer.request('b')];
    say({ jsonrpc: '2.0', id: 1, error: {} }, { jsonrpc: '2.0', id: 2, error: { code: 'x', message: 'text' } });
    await expect(calls[0]).rejects.toMatchObject({ code: 'AIRS_MCP_REMOTE', remoteCode: -32603 });
    await expect(calls[1]).rejects.toMatchObject({ code: 'AIRS_MCP_REMOTE', message: 'text' });
    await peer.close();
  });
});
