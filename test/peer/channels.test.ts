import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CallEvent, type SettledEvent, subscribe } from '../../src/base/channels.js';
import { rawJson } from '../../src/message/json.js';
import type { Instrumentation } from '../../src/peer/instrumentation.js';
import { published } from '../support/channels.js';
import { Deferred, type Pair, connected, facing, outcomes, request, rest, until } from './support.js';

let pair: Pair;
afterEach(async () => {
  await pair?.close();
});

const call = ({ id, method }: CallEvent) => `${method} ${String(id)}`;
const outcome = ({ method, failure }: SettledEvent) => `${method} ${failure === undefined ? 'ok' : (failure.code ?? failure.rpcCode)}`;

const HANDLERS = {
  add: ({ params }: { params: unknown }) => (params as number[])[0]! + (params as number[])[1]!,
  fail: () => {
    throw Object.assign(new Error('no'), { code: -32050 });
  },
  never: () => new Promise(() => undefined),
  note: () => undefined,
  'bad note': () => Promise.reject(new Error('not noted')),
};

describe('the channels of calls', () => {
  it('tell of each call on both sides, with how it ended and how long it took', async () => {
    pair = await connected(HANDLERS);
    const [started, settled] = [published('airs-mcp:call:started', call), published('airs-mcp:call:settled')];
    const [received, answered] = [published('airs-mcp:request:received', call), published('airs-mcp:request:settled')];
    expect(await pair.near.request('add', [1, 2])).toBe(3);
    await expect(pair.near.request('fail')).rejects.toMatchObject({ remoteCode: -32050 });
    await pair.near.notify('note');
    await until(() => answered.length === 3);
    expect(started).toEqual(['add 1', 'fail 2', 'note undefined']);
    expect(received).toEqual(started);
    expect(settled.map(outcome)).toEqual(['add ok', 'fail AIRS_MCP_REMOTE', 'note ok']);
    expect(answered.map(outcome)).toEqual(['add ok', 'fail -32050', 'note ok']);
    expect([settled[1]?.peer === pair.near, answered[1]?.peer === pair.far]).toEqual([true, true]);
    expect([settled[1]?.failure, answered[1]?.failure]).toMatchObject([{ rpcCode: -32050, message: 'no' }, { message: 'no' }]);
    for (const { duration } of [...settled, ...answered]) expect(duration).toBeGreaterThanOrEqual(0);
  });

  it('tell of calls that are given up, refused, or lost', async () => {
    pair = await connected(HANDLERS, { processor: { workerCount: 1, queueCapacity: 0 } }, { correlation: { maxPendingRequests: 2 } });
    const settled = published('airs-mcp:call:settled', outcome);
    const answered = published('airs-mcp:request:settled', outcome);
    const controller = new AbortController();
    const calls = outcomes([
      pair.near.request('never', undefined, { signal: controller.signal }),
      pair.near.request('add', [1, 2]),
      pair.near.request('add', [1, 2]),
    ]);
    await until(() => answered.length === 1);
    controller.abort();
    await calls;
    await until(() => answered.length === 2);
    expect(settled.sort()).toEqual(['add AIRS_MCP_REMOTE', 'add AIRS_MCP_TOO_MANY_PENDING', 'never AIRS_MCP_CANCELLED']);
    expect(answered).toEqual(['add AIRS_MCP_QUEUE_FULL', 'never AIRS_MCP_CANCELLED']);
  });

  it('tell of a notification whose handler fails, now or later, and of one that is dropped', async () => {
    pair = await connected(HANDLERS, { processor: { workerCount: 1, queueCapacity: 0 } });
    pair.far.onerror = () => undefined;
    const answered = published('airs-mcp:request:settled', outcome);
    await pair.near.notify('bad note');
    await until(() => answered.length === 1);
    const stuck = pair.near.request('never');
    await pair.near.notify('note');
    await until(() => answered.length === 2);
    expect(answered).toEqual(['bad note undefined', 'note AIRS_MCP_QUEUE_FULL']);
    await Promise.all([pair.far.close({ drain: false }), stuck.catch(() => undefined)]);
  });

  it('tell of each member of a batch', async () => {
    pair = await connected(HANDLERS);
    const [started, settled] = [published('airs-mcp:call:started', call), published('airs-mcp:call:settled', outcome)];
    const calls = pair.near.batch([{ method: 'add', params: [1, 1] }, { method: 'note', notification: true }, { method: 'fail' }]);
    expect((await outcomes(calls)).fulfilled).toEqual([2, undefined]);
    expect(started).toEqual(['add 1', 'note undefined', 'fail 2']);
    expect(settled.sort()).toEqual(['add ok', 'fail AIRS_MCP_REMOTE', 'note ok']);
    expect(() => pair.near.batch([{ method: 'add' }, { method: 'add', params: 5 as never }])).toThrow(/params/);
    expect(settled.slice(3)).toEqual(['add AIRS_MCP_INVALID_ARGUMENT', 'add AIRS_MCP_INVALID_ARGUMENT']);
  });

  it('leave a rejection that nobody handles unhandled, and a failed notification ignorable', async () => {
    pair = await connected({});
    published('airs-mcp:call:settled');
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    void pair.near.request('nothing');
    await until(() => unhandled.mock.calls.length > 0);
    await pair.near.close();
    void pair.near.notify('late');
    await rest();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).toHaveBeenCalledOnce();
  });

  it('stay silent once nobody subscribes, under the names that node:diagnostics_channel has', async () => {
    pair = await connected(HANDLERS);
    const events: unknown[] = [];
    const unsubscribe = subscribe('airs-mcp:call:started', (event) => events.push(event));
    expect(channel('airs-mcp:call:started').hasSubscribers).toBe(true);
    await pair.near.request('add', [1, 2]);
    unsubscribe();
    expect(channel('airs-mcp:call:started').hasSubscribers).toBe(false);
    await pair.near.request('add', [1, 2]);
    expect(events).toHaveLength(1);
  });

  it('tell when the other side leaves its answers unread', async () => {
    const events: string[] = [];
    const { say, output, peer } = await facing({ handlers: { big: () => 'x'.repeat(1024 * 1024) } });
    const stop = [
      subscribe('airs-mcp:pressure:began', ({ of }) => events.push(`began ${of}`)),
      subscribe('airs-mcp:pressure:ended', ({ of }) => events.push(`ended ${of}`)),
    ];
    output.open = false;
    say(...Array.from({ length: 8 }, (_, i) => request(i, 'big')));
    await until(() => events.length === 1);
    output.release();
    await until(() => output.lines.length === 8);
    await peer.close();
    for (const each of stop) each();
    expect(events).toEqual(['began answers', 'ended answers']);
  });
});

describe('instrumentation', () => {
  const tracing = (meta?: Record<string, string>) => {
    const log: string[] = [];
    const instrumentation: Instrumentation = {
      call: ({ kind, id, method }) => {
        log.push(`call ${kind} ${method} ${String(id)}`);
        return { meta, settled: (failure, value) => void log.push(`settled ${method} ${failure?.code ?? JSON.stringify(value)}`) };
      },
      request: ({ method, message }) => {
        log.push(`request ${method} ${JSON.stringify(message.params)}`);
        return {
          run: (handler) => {
            log.push(`run ${method}`);
            return handler();
          },
          settled: (failure, response) => void log.push(`answered ${method} ${failure?.rpcCode ?? JSON.stringify(response?.result)}`),
        };
      },
    };
    return { log, instrumentation };
  };

  it('surrounds calls and handlers', async () => {
    const [near, far] = [tracing(), tracing()];
    pair = await connected(HANDLERS, { instrumentation: far.instrumentation }, { instrumentation: near.instrumentation });
    await pair.near.request('add', [1, 2]);
    await pair.near.request('fail').catch(() => undefined);
    await pair.near.notify('note', { a: 1 });
    await until(() => far.log.length === 9);
    expect(near.log).toEqual([
      'call request add 1', 'settled add 3', 'call request fail 2', 'settled fail AIRS_MCP_REMOTE',
      'call notification note undefined', 'settled note undefined',
    ]);
    expect(far.log).toEqual([
      'request add [1,2]', 'run add', 'answered add 3', 'request fail undefined', 'run fail', 'answered fail -32050',
      'request note {"a":1}', 'run note', 'answered note undefined',
    ]);
  });

  it.each([
    ['no params', undefined, '{"_meta":{"traceparent":"t"}}'],
    ['an object', { a: 1 }, '{"a":1,"_meta":{"traceparent":"t"}}'],
    ['an object with _meta', { _meta: { x: 1 } }, '{"_meta":{"traceparent":"t","x":1}}'],
    ["the caller's own", { _meta: { traceparent: 'mine' } }, '{"_meta":{"traceparent":"mine"}}'],
    ['an array', [1], '[1]'],
    ['_meta that is no object', { _meta: null }, '{"_meta":null}'],
    ['an object that writes itself', { toJSON: () => ({ own: 1 }) }, '{"own":1}'],
    ['JSON text', rawJson(Buffer.from(' {"n":12345678901234567890} ')), '{"_meta":{"traceparent":"t"},"n":12345678901234567890}'],
    ['JSON text with _meta', rawJson(Buffer.from('{"a":1,"_meta":{"x":1}}')), '{"a":1,"_meta":{"traceparent":"t","x":1}}'],
    ['JSON text with empty _meta', rawJson(Buffer.from('{"_meta":{ }}')), '{"_meta":{"traceparent":"t" }}'],
    ['JSON text with another _meta', rawJson(Buffer.from('{"_meta":7}')), '{"_meta":7}'],
    ['an empty object as JSON text', rawJson(Buffer.from('{}')), '{"_meta":{"traceparent":"t"}}'],
    ['an array as JSON text', rawJson(Buffer.from('[]')), '[]'],
  ])('gives a trace to the other side in params that are %s', async (_name, params, sent) => {
    const { output, peer } = await facing({ instrumentation: tracing({ traceparent: 't' }).instrumentation });
    const answer = peer.request('x', params);
    answer.catch(() => undefined);
    const text = await output.next();
    expect(text.replace(/^.*"params":\s*/, '').replace(/\s*\}$/, '')).toBe(sent);
    await peer.close();
  });

  it('adds a progress token beside it, and nothing in LSP', async () => {
    const { heard, peer } = await facing({ instrumentation: tracing({ traceparent: 't' }).instrumentation });
    void peer.request('x', undefined, { onProgress: () => undefined }).catch(() => undefined);
    expect(await heard()).toMatchObject({ params: { _meta: { traceparent: 't', progressToken: 1 } } });
    await peer.close();
    const lsp = await facing({ protocol: 'lsp', instrumentation: tracing({ traceparent: 't' }).instrumentation });
    void lsp.peer.request('x', { a: 1 }).catch(() => undefined);
    expect(await lsp.heard()).toMatchObject({ params: { a: 1 } });
    await lsp.peer.close();
  });

  it('that throws is reported, and stops nothing', async () => {
    const broken = (): never => {
      throw new Error('broken instrument');
    };
    const errors: string[] = [];
    pair = await connected(HANDLERS, { instrumentation: { call: broken, request: () => ({ run: (handler) => handler(), settled: broken }) } }, {
      instrumentation: { call: broken, request: broken },
    });
    for (const peer of [pair.near, pair.far]) peer.onerror = (error) => errors.push(error.message);
    expect(await pair.near.request('add', [3, 4])).toBe(7);
    expect(errors).toEqual(['broken instrument', 'broken instrument']);
  });

  it('may follow some calls only', async () => {
    pair = await connected(HANDLERS, { instrumentation: { request: () => undefined } }, { instrumentation: {} });
    expect(await pair.near.request('add', [3, 4])).toBe(7);
  });

  it('does not run a handler that was cancelled before it began', async () => {
    const { log, instrumentation } = tracing();
    const gate = new Deferred();
    pair = await connected({ wait: () => gate.promise }, { instrumentation, processor: { workerCount: 1 } });
    const first = pair.near.request('wait');
    const controller = new AbortController();
    const second = pair.near.request('wait', { second: true }, { signal: controller.signal });
    await until(() => log.length === 3);
    controller.abort();
    await outcomes([second]);
    await until(() => log.length === 4);
    gate.resolve();
    await first;
    expect(log).toEqual(['request wait undefined', 'run wait', 'request wait {"second":true}', 'answered wait undefined', 'answered wait null']);
  });

  it('must be an object', async () => {
    await expect(facing({ instrumentation: 5 as never })).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_CONFIG' });
  });
});
