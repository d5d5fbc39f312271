import { describe, expect, it } from 'vitest';
import type { Handlers } from '../../src/peer/methods.js';
import { Deferred, buffersOf, connected, facing, notification, outcomes, request, rest, result, until } from './support.js';

/** The methods of JSON-RPC 2.0 section 7. */
const EXAMPLES: Handlers = {
  subtract: ({ params }) => {
    const [minuend, subtrahend] = Array.isArray(params)
      ? (params as number[])
      : [(params as { minuend: number }).minuend, (params as { subtrahend: number }).subtrahend];
    return (minuend as number) - (subtrahend as number);
  },
  sum: ({ params }) => (params as number[]).reduce((a, b) => a + b, 0),
  get_data: () => ['hello', 5],
  update: () => undefined,
  notify_hello: () => undefined,
  notify_sum: () => undefined,
};

const error = (id: unknown, code: number): object => ({ jsonrpc: '2.0', id, error: { code } });

/** Section 7 of the specification: what is sent, and what comes back. */
const SPECIFICATION: [string, string, object | object[] | undefined][] = [
  ['positional params', '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', result(1, 19)],
  ['positional params the other way', '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}', result(2, -19)],
  ['named params', '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}', result(3, 19)],
  ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ['a notification without a handler', '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  ['a method that does not exist', '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', error('1', -32601)],
  ['invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', error(null, -32700)],
  ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', error(null, -32600)],
  ['a batch of invalid JSON', '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]', error(null, -32700)],
  ['an empty array', '[]', error(null, -32600)],
  ['an invalid batch that is not empty', '[1]', [error(null, -32600)]],
  ['an invalid batch', '[1,2,3]', [error(null, -32600), error(null, -32600), error(null, -32600)]],
  [
    'a batch',
    `[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}]`,
    [result('1', 7), result('2', 19), error(null, -32600), error('5', -32601), result('9', ['hello', 5])],
  ],
  ['a batch of notifications', '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]', undefined],
];

/** In MCP a frame that shows no id may be a log line, and is not answered. */
const IGNORED_IN_MCP = ['invalid JSON', 'an invalid request', 'a batch of invalid JSON', 'an empty array'];

const byId = (a: object, b: object): number => JSON.stringify(a).localeCompare(JSON.stringify(b));

describe.each(['mcp', 'lsp'] as const)('the examples of JSON-RPC 2.0 section 7, with the protocol %s', (protocol) => {
  it.each(SPECIFICATION)('%s', async (name, line, expected) => {
    const { peer, say, heard, unheard } = await facing({ protocol, handlers: { ...EXAMPLES, fence: () => 'fence' } });
    say(line.replaceAll('\n', ' '), request('fence', 'fence'));
    if (expected !== undefined && !(protocol === 'mcp' && IGNORED_IN_MCP.includes(name))) {
      const answer = await heard();
      if (Array.isArray(expected)) expect((answer as object[]).sort(byId)).toMatchObject([...expected].sort(byId));
      else expect(answer).toMatchObject(expected);
    }
    expect(await heard()).toEqual(result('fence', 'fence'));
    await rest();
    expect(unheard()).toEqual([]);
    await peer.close();
  });
});

describe('a batch of the other side', () => {
  it('is answered when its last member is, with an error for each id that is taken', async () => {
    const gate = new Deferred();
    const { peer, say, heard, unheard } = await facing({ handlers: { slow: () => gate.promise.then(() => 'slow'), quick: () => 'quick' } });
    say([request(1, 'slow'), request(2, 'quick'), request(1, 'quick'), notification('quick')], request(3, 'quick'));
    expect(await heard()).toEqual(result(3, 'quick'));
    await rest();
    expect(unheard()).toEqual([]);
    gate.resolve();
    expect(await heard()).toMatchObject([result(2, 'quick'), error(1, -32600), result(1, 'slow')]);
    await peer.close();
  });

  it('leaves out the member that is cancelled, and is not answered if that was all', async () => {
    const { peer, say, heard, unheard } = await facing({ handlers: { slow: () => new Promise(() => undefined), quick: () => 'quick' } });
    const cancel = (requestId: number): object => notification('notifications/cancelled', { requestId });
    say([request(1, 'slow'), request(2, 'quick')], [request(3, 'slow')], cancel(3), [cancel(1)]);
    expect(await heard()).toEqual([result(2, 'quick')]);
    await rest();
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('may hold answers to us beside calls', async () => {
    const { peer, say, heard } = await facing({ handlers: { m: () => 'theirs' } });
    const calls = [peer.request('a'), peer.request('b')];
    await heard();
    await heard();
    say([result(2, 'second'), request(1, 'm'), { jsonrpc: '2.0', id: 1, result: 1, error: {} }, result(1, 'first')]);
    expect(await heard()).toEqual([result(1, 'theirs')]);
    await expect(calls[0]).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_REQUEST' });
    expect(await calls[1]).toBe('second');
    await peer.close();
  });

  it.each([511, 512, 513, 5_000])('of %i members is answered whole', async (size) => {
    const { peer, say, heard } = await facing({ handlers: { m: async ({ id }) => id } });
    say(Array.from({ length: size }, (_, id) => request(id, 'm')), request('next', 'm'));
    const answer = (await heard()) as { id: number; result: number }[];
    expect(answer).toHaveLength(size);
    expect(new Set(answer.map((member) => member.id)).size).toBe(size);
    expect(answer.every((member) => member.result === member.id)).toBe(true);
    expect(await heard()).toMatchObject({ id: 'next' });
    await peer.close();
  });

  it('that is too large is refused as one', async () => {
    const { peer, say, heard } = await facing({ handlers: { m: ({ id }) => id } });
    say(`[${Array.from({ length: 10_001 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"m"}`).join(',')}]`, request('next', 'm'));
    expect(await heard()).toMatchObject({ id: null, error: { code: -32600, data: { code: 'AIRS_MCP_BATCH_TOO_LARGE' } } });
    expect(await heard()).toMatchObject({ id: 'next' });
    await peer.close();
  });
});

describe('a batch of ours', () => {
  it('goes out in one frame; each call settles by itself', async () => {
    const { peer, say, heard, unheard } = await facing({});
    const [first, second, sent] = peer.batch([{ method: 'a', params: [1] }, { method: 'b' }, { method: 'n', params: { x: 1 }, notification: true }]);
    await sent;
    expect(await heard()).toEqual([request(1, 'a', [1]), request(2, 'b'), notification('n', { x: 1 })]);
    say([{ jsonrpc: '2.0', id: 2, error: { code: -1, message: 'no' } }, result(1, 'yes')]);
    expect(await first).toBe('yes');
    await expect(second).rejects.toMatchObject({ remoteCode: -1 });
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('of mixed outcomes and a thousand members gives each its own', async () => {
    const { near, close } = await connected({ m: ({ params }) => { const [n] = params as [number]; if (n % 3 === 0) throw new Error(`no ${n}`); return n; } });
    const calls = near.batch(Array.from({ length: 1000 }, (_, n) => ({ method: n % 5 === 4 ? 'nothing' : 'm', params: [n] })));
    const settled = await Promise.allSettled(calls);
    for (const [n, outcome] of settled.entries()) {
      if (n % 5 === 4) expect(outcome).toMatchObject({ reason: { remoteCode: -32601 } });
      else if (n % 3 === 0) expect(outcome).toMatchObject({ reason: { message: `no ${n}` } });
      else expect(outcome).toEqual({ status: 'fulfilled', value: n });
    }
    await close();
    expect(buffersOf(near).metrics()).toMatchObject({ lent: 0, heldBytes: 0 });
  });

  it('that is empty, or of which nothing may be sent, sends nothing', async () => {
    const { peer, unheard } = await facing({});
    expect(peer.batch([])).toEqual([]);
    const calls = outcomes(peer.batch([{ method: 'a' }, { method: 'b' }], { signal: AbortSignal.abort() }));
    expect((await calls).rejected).toMatchObject([{ code: 'AIRS_MCP_CANCELLED' }, { code: 'AIRS_MCP_CANCELLED' }]);
    await rest();
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('with something that cannot be a call throws, and leaves nothing pending', async () => {
    const { peer, unheard } = await facing({});
    expect(() => peer.batch([{ method: 'a' }, { method: 'b', params: 5 }])).toThrow(expect.objectContaining({ code: 'AIRS_MCP_INVALID_ARGUMENT' }));
    expect(peer.correlation.statistics()).toMatchObject({ registered: 0, pendingCount: 0 });
    await rest();
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('with something that is no JSON rejects all its calls', async () => {
    const { peer, unheard } = await facing({});
    const { rejected } = await outcomes(peer.batch([{ method: 'a' }, { method: 'b', params: [1n] }, { method: 'c', notification: true }]));
    expect(rejected.map(({ code }) => code)).toEqual(Array(3).fill('AIRS_MCP_NOT_SERIALISABLE'));
    await rest();
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('has members that can be cancelled one by one', async () => {
    const { peer, heard, say } = await facing({});
    const [first, second] = peer.batch([{ method: 'a' }, { method: 'b' }]);
    await heard();
    peer.correlation.cancelRequest(1);
    await expect(first).rejects.toMatchObject({ code: 'AIRS_MCP_CANCELLED' });
    expect(await heard()).toMatchObject(notification('notifications/cancelled', { requestId: 1 }));
    say([result(2, 'b')]);
    expect(await second).toBe('b');
    await peer.close();
  });

  it('after the close rejects each request', async () => {
    const { peer } = await facing({});
    await peer.close();
    const { rejected } = await outcomes(peer.batch([{ method: 'a' }, { method: 'n', notification: true }]));
    expect(rejected.map(({ code }) => code)).toEqual(['AIRS_MCP_SHUTDOWN', 'AIRS_MCP_TRANSPORT_CLOSED']);
  });
});

describe('a batch under pressure', () => {
  it('larger than the queue waits for its members, and all are answered', async () => {
    const { peer, say, heard } = await facing({
      handlers: { m: ({ id }) => new Promise((resolve) => setImmediate(resolve, id)) }, processor: { workerCount: 2, queueCapacity: 10 },
    });
    say(Array.from({ length: 100 }, (_, id) => request(id, 'm')));
    const answer = (await heard()) as { error?: object }[];
    expect(answer).toHaveLength(100);
    expect(answer.some((member) => member.error !== undefined)).toBe(false);
    await until(() => !peer.processor.underPressure);
    await peer.close();
  });
});
