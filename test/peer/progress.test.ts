import { afterEach, describe, expect, it, vi } from 'vitest';
import { rawJson } from '../../src/message/json.js';
import type { RequestContext } from '../../src/peer/context.js';
import { Deferred, connected, facing, fakeTime, notification, outcomes, request, rest, result, until } from './support.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe.each(['mcp', 'lsp'] as const)('progress in the form of %s', (protocol) => {
  const asked = (token: unknown): object => (protocol === 'mcp' ? { _meta: { progressToken: token } } : { workDoneToken: token });
  const progress = (token: unknown, value: number): object =>
    protocol === 'mcp'
      ? { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: token, progress: value } }
      : { jsonrpc: '2.0', method: '$/progress', params: { token, value } };
  const valueOf = (seen: unknown): unknown => (protocol === 'mcp' ? (seen as { progress: number }).progress : seen);

  it('goes both ways, in order, and before the result', async () => {
    const work = async (call: RequestContext): Promise<string> => {
      for (let i = 1; i <= 20; i++) await call.progress(i);
      return 'done';
    };
    const { near, far, close } = await connected({ work }, { protocol }, { protocol, handlers: { work } });
    const follow = async (peer: typeof near): Promise<unknown[]> => {
      const seen: unknown[] = [];
      seen.push(await peer.request('work', { a: 1 }, { onProgress: (value) => seen.push(valueOf(value)) }));
      return seen;
    };
    const expected = [...Array.from({ length: 20 }, (_, i) => i + 1), 'done'];
    expect(await Promise.all([follow(near), follow(far), follow(near)])).toEqual([expected, expected, expected]);
    await close();
  });

  it('that nobody waits for is sent before the response all the same', async () => {
    const { peer, say, heard } = await facing({
      protocol, handlers: { work: (call) => { void call.progress(1); void call.progress(2); return 'done'; } },
    });
    say(request('r', 'work', asked('tok')));
    expect([await heard(), await heard(), await heard()]).toMatchObject([progress('tok', 1), progress('tok', 2), { id: 'r', result: 'done' }]);
    await peer.close();
  });

  it.each([[undefined], [null], [true], [{}], [[1]]])('is not sent for the token %j', async (token) => {
    const { peer, say, heard, unheard } = await facing({ protocol, handlers: { work: async (call) => { await call.progress(1); return 'done'; } } });
    say(request(1, 'work', asked(token)), request(2, 'work'), request(3, 'work', [1]));
    expect([await heard(), await heard(), await heard()]).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3 }]);
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it.each([[0], [''], ['é"'], [7]])('is sent under the token %j', async (token) => {
    const { peer, say, heard } = await facing({ protocol, handlers: { work: async (call) => { await call.progress(1); return 'done'; } } });
    say(request(1, 'work', asked(token)));
    expect([await heard(), await heard()]).toMatchObject([progress(token, 1), { id: 1 }]);
    await peer.close();
  });

  it('is not sent after the response, nor for a notification', async () => {
    const kept: RequestContext[] = [];
    const { peer, say, heard, unheard } = await facing({
      protocol, handlers: { work: (call) => { kept.push(call); return 'done'; }, note: (call) => { kept.push(call); void call.progress(1); } },
    });
    // Ids and tokens of all kinds: their message is released when it is answered.
    say(request(1, 'work', asked(1)), request('text', 'work', asked('t')));
    say(`{"jsonrpc":"2.0","id":9223372036854775809,"method":"work","params":${JSON.stringify(asked(3))}}`, notification('note', asked(4)));
    for (let i = 0; i < 3; i++) expect(await heard()).toMatchObject({ result: 'done' });
    await until(() => kept.length === 4);
    for (const call of kept) await call.progress(5);
    await rest();
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('is sent for each of two requests whose ids differ only in how they are written', async () => {
    const gate = new Deferred();
    const calls: RequestContext[] = [];
    const { peer, say, heard } = await facing({ protocol, handlers: { work: (call) => { calls.push(call); return gate.promise; } } });
    for (const id of ['1', '1.0']) say(`{"jsonrpc":"2.0","id":${id},"method":"work","params":${JSON.stringify(asked(`t${id}`))}}`);
    await until(() => calls.length === 2);
    for (const [i, token] of ['t1', 't1.0'].entries()) {
      await calls[i]?.progress(i);
      expect(await heard()).toMatchObject(progress(token, i));
    }
    gate.resolve();
    await peer.close();
  });

  it('is not sent while an answer waits for its turn', async () => {
    const gate = new Deferred();
    const kept: RequestContext[] = [];
    const { peer, say, heard } = await facing({
      protocol, processor: { ordered: true }, handlers: { slow: () => gate.promise, quick: (call) => { kept.push(call); return 'quick'; } },
    });
    say(request(1, 'slow'), request('q', 'quick', asked('t')));
    await until(() => kept.length === 1);
    await kept[0]?.progress(1);
    gate.resolve();
    expect([await heard(), await heard()]).toMatchObject([{ id: 1 }, { id: 'q' }]);
    await peer.close();
  });

  it('is asked for by whoever listens or restarts the timeout by it, and by nobody else', async () => {
    const { peer, heard } = await facing({ protocol });
    const token = protocol === 'mcp' ? 'params._meta.progressToken' : 'params.workDoneToken';
    const params = { a: 1, _meta: { traceparent: 'x' } };
    const calls = [
      peer.request('listens', params, { onProgress: () => undefined }),
      peer.request('restarts', undefined, { resetTimeoutOnProgress: true }),
      peer.request('raw', rawJson(Buffer.from('{"a":1}')), { resetTimeoutOnProgress: true }),
      peer.request('neither', params, { timeout: 1000 }),
    ];
    const heardCalls = [await heard(), await heard(), await heard(), await heard()];
    for (const [i, call] of heardCalls.slice(0, 3).entries()) expect(call).toHaveProperty(token, i + 1);
    expect(heardCalls[0]).toMatchObject({ params });
    expect(heardCalls[2]).toMatchObject({ params: { a: 1 } });
    expect(heardCalls[3]).not.toHaveProperty(token);
    expect(params).toEqual({ a: 1, _meta: { traceparent: 'x' } });
    const settled = Promise.allSettled(calls);
    await peer.close();
    await settled;
  });

  it('restarts the timeout without a listener, and does not outlast the total', async () => {
    const { peer, say, heard } = await facing({ protocol });
    const clock = fakeTime();
    const patient = peer.request('work', {}, { timeout: 300, resetTimeoutOnProgress: true });
    const limited = peer.request('work', {}, { timeout: 300, maxTotalTimeout: 850, resetTimeoutOnProgress: true });
    const impatient = peer.request('work', {}, { timeout: 300, onProgress: () => undefined });
    const settled = outcomes([limited, impatient]);
    for (let i = 0; i < 3; i++) await heard();
    for (let i = 0; i < 4; i++) {
      await clock.pass(250);
      say(progress(1, i), progress(2, i), progress(3, i));
      await rest();
    }
    expect((await settled).rejected).toMatchObject([
      { code: 'AIRS_MCP_REQUEST_TIMEOUT', message: expect.stringContaining('850') as string },
      { code: 'AIRS_MCP_REQUEST_TIMEOUT', message: expect.stringContaining('300') as string },
    ]);
    say(result(1, 'at last'));
    expect(await patient).toBe('at last');
    await peer.close();
  });

  it('for settled and unknown requests is counted; a listener that throws is reported, and the call goes on', async () => {
    const { peer, say, errors } = await facing({ protocol });
    const call = peer.request('work', {}, { onProgress: () => { throw new Error('listener'); } });
    say(progress(1, 1), progress(77, 1), progress('1', 1), result(1, 'done'), progress(1, 2), notification('notifications/progress'), notification('$/progress', []));
    expect(await call).toBe('done');
    await until(() => peer.correlation.statistics().lateProgress === 1);
    expect(peer.correlation.statistics()).toMatchObject({ lateProgress: 1, unknownProgress: 2 });
    expect(errors).toMatchObject([{ message: 'listener' }]);
    await peer.close();
  });
});

describe('progress', () => {
  it('of MCP may carry a total and a message', async () => {
    const { near, close } = await connected({ work: async (call) => { await call.progress({ progress: 1, total: 2, message: 'half' }); } });
    const seen: unknown[] = [];
    await near.request('work', {}, { onProgress: (value) => seen.push(value) });
    expect(seen).toEqual([{ progress: 1, total: 2, message: 'half', progressToken: 1 }]);
    await close();
  });

  it('comes for each request of a batch', async () => {
    const { near, close } = await connected({ work: async (call) => { await call.progress(call.id); return call.id; } });
    const seen: unknown[] = [];
    const calls = near.batch([{ method: 'work' }, { method: 'work' }], { onProgress: (value) => seen.push((value as { progress: number }).progress) });
    expect(await Promise.all(calls)).toEqual([1, 2]);
    expect(seen).toEqual([1, 2]);
    await close();
  });
});
