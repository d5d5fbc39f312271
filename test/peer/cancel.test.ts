import { describe, expect, it } from 'vitest';
import { Deferred, connected, facing, notification, outcomes, request, rest, result, until } from './support.js';

/** A handler that notes that it began, and ends when its signal aborts. */
function waiting(): { handler: (call: { signal: AbortSignal }) => Promise<unknown>; begun: Promise<void>; reason: Promise<Error> } {
  const begun = new Deferred();
  const reason = new Deferred<Error>();
  const handler = ({ signal }: { signal: AbortSignal }): Promise<unknown> => {
    begun.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reason.resolve(signal.reason as Error);
        reject(signal.reason as Error);
      });
    });
  };
  return { handler, begun: begun.promise, reason: reason.promise };
}

const FORMS = [
  { protocol: 'mcp', cancels: (id: unknown) => ({ method: 'notifications/cancelled', params: { requestId: id } }) },
  { protocol: 'lsp', cancels: (id: unknown) => ({ method: '$/cancelRequest', params: { id } }) },
] as const;

describe.each(FORMS)('in the form of $protocol, a call of ours', ({ protocol, cancels }) => {
  it('that times out is cancelled on the other side', async () => {
    const { peer, heard } = await facing({ protocol });
    const call = peer.request('slow', undefined, { timeout: 10 });
    await expect(call).rejects.toMatchObject({ code: 'AIRS_MCP_REQUEST_TIMEOUT', retryable: true });
    expect(await heard()).toMatchObject({ id: 1 });
    expect(await heard()).toMatchObject(cancels(1));
    await peer.close();
  });

  it('is cancelled on the other side when its signal aborts, and when it is cancelled by its id', async () => {
    const { peer, heard } = await facing({ protocol });
    const controller = new AbortController();
    const calls = outcomes([peer.request('a', {}, { signal: controller.signal }), peer.request('b')]);
    controller.abort();
    expect(peer.correlation.cancelRequest(2)).toBe(true);
    expect((await calls).rejected).toMatchObject([{ code: 'AIRS_MCP_CANCELLED' }, { code: 'AIRS_MCP_CANCELLED' }]);
    expect([await heard(), await heard(), await heard(), await heard()]).toMatchObject([{ id: 1 }, { id: 2 }, cancels(1), cancels(2)]);
    await peer.close();
  });

  it('whose signal has aborted before is not sent', async () => {
    const { peer, unheard } = await facing({ protocol });
    await expect(peer.request('a', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'AIRS_MCP_CANCELLED' });
    await rest();
    expect(unheard()).toEqual([]);
    await peer.close();
  });

  it('is never cancelled on the other side if it is initialize', async () => {
    const { peer, unheard } = await facing({ protocol });
    const controller = new AbortController();
    const calls = outcomes([
      peer.request('initialize', {}, { timeout: 10 }),
      peer.request('initialize', {}, { signal: controller.signal }),
      ...peer.batch([{ method: 'initialize' }, { method: 'other' }], { timeout: 10 }),
    ]);
    controller.abort();
    expect((await calls).rejected).toHaveLength(4);
    await rest();
    expect(unheard().map((line) => JSON.parse(line) as object)).toMatchObject([
      { id: 1 }, { id: 2 }, [{ id: 3 }, { id: 4 }], cancels(4),
    ]);
    await peer.close();
  });

  it('that was answered is not cancelled any more', async () => {
    const { peer, say, unheard } = await facing({ protocol });
    const controller = new AbortController();
    const call = peer.request('a', {}, { signal: controller.signal, timeout: 60_000 });
    say(result(1, 'done'));
    await call;
    controller.abort();
    expect(peer.correlation.cancelRequest(1)).toBe(false);
    await rest();
    expect(unheard()).toHaveLength(1);
    await peer.close();
  });
});

describe.each(FORMS)('in the form of $protocol, a request of the other side', ({ protocol, cancels }) => {
  const cancel = (id: unknown): object => ({ jsonrpc: '2.0', ...cancels(id) });
  const answered = (id: unknown): object[] => (protocol === 'mcp' ? [] : [{ id, error: { code: -32800 } }]);

  it('that is cancelled aborts its handler, and is answered as the form demands', async () => {
    const { handler, begun, reason } = waiting();
    const { peer, say, unheard } = await facing({ protocol, handlers: { slow: handler } });
    say(request('a', 'slow'));
    await begun;
    say(cancel('a'));
    expect(await reason).toMatchObject({ code: 'AIRS_MCP_CANCELLED' });
    await rest();
    expect(unheard().map((line) => JSON.parse(line) as object)).toMatchObject(answered('a'));
    expect(peer.processor.statistics()).toMatchObject({ cancelled: 1, activeWorkers: 0 });
    await peer.close();
  });

  it('that is cancelled while it waits never runs', async () => {
    const { handler, begun } = waiting();
    const ran: unknown[] = [];
    const { peer, say, unheard } = await facing({
      protocol, handlers: { slow: handler, next: ({ id }) => ran.push(id) }, processor: { workerCount: 1 },
    });
    say(request('a', 'slow'), request('é\\"', 'next'));
    await begun;
    say(cancel('é\\"'), cancel('a'));
    await until(() => peer.processor.statistics().cancelled === 2);
    await rest();
    expect(ran).toEqual([]);
    expect(unheard().map((line) => JSON.parse(line) as object)).toMatchObject([...answered('é\\"'), ...answered('a')]);
    await peer.close();
  });

  it('is not disturbed by a cancel of another id, of the other type, or of none', async () => {
    const gate = new Deferred();
    const begun: unknown[] = [];
    const slow = ({ id }: { id: unknown }): unknown => (begun.push(id), gate.promise.then(() => 'done'));
    const { peer, say, heard } = await facing({ protocol, handlers: { slow } });
    say(request(1, 'slow'), request('2', 'slow'));
    await until(() => begun.length === 2);
    say(cancel('1'), cancel(2), cancel(3), cancel(null), cancel({}), cancel(Infinity), cancel(1.5), notification('notifications/cancelled'), notification('$/cancelRequest', [1]));
    await rest();
    gate.resolve();
    expect([await heard(), await heard()]).toMatchObject([{ id: 1, result: 'done' }, { id: '2', result: 'done' }]);
    expect(peer.processor.statistics().cancelled).toBe(0);
    await peer.close();
  });

  it('is not cancelled if it is initialize', async () => {
    const gate = new Deferred();
    const { peer, say, heard } = await facing({ protocol, handlers: { initialize: () => gate.promise.then(() => 'ready') } });
    say(request(1, 'initialize'), cancel(1));
    await rest();
    gate.resolve();
    expect(await heard()).toMatchObject({ id: 1, result: 'ready' });
    await peer.close();
  });

  it('may be cancelled by an id that was written in another way', async () => {
    const { handler } = waiting();
    const { peer, say } = await facing({ protocol, handlers: { slow: handler } });
    const text = JSON.stringify(cancel('ID'));
    say(request('caf\u00e9', 'slow'), text.replace('"ID"', '"caf\\u00e9"'));
    say('{"jsonrpc":"2.0","id":9223372036854775809,"method":"slow"}', text.replace('"ID"', '9223372036854775809'));
    say('{"jsonrpc":"2.0","id":5.0,"method":"slow"}', text.replace('"ID"', '5'));
    await until(() => peer.processor.statistics().cancelled === 3);
    expect(peer.processor.statistics().activeWorkers).toBe(0);
    await peer.close();
  });

  it('that is done and waits for its turn to be answered is not cancelled any more', async () => {
    const gate = new Deferred();
    const { peer, say, heard, errors } = await facing({ protocol, processor: { ordered: true }, handlers: { slow: () => gate.promise, quick: () => 'quick' } });
    say(request('s', 'slow'), request('q', 'quick'), cancel('q'));
    await until(() => peer.processor.statistics().heldResponses === 1);
    await rest();
    gate.resolve();
    expect([await heard(), await heard()]).toMatchObject([{ id: 's' }, { id: 'q', result: 'quick' }]);
    expect(errors).toEqual([]);
    await peer.close();
  });

  it('is left alone by a cancel that could mean another as well', async () => {
    const { handler } = waiting();
    const { peer, say } = await facing({ protocol, handlers: { slow: handler } });
    say('{"jsonrpc":"2.0","id":9223372036854775808,"method":"slow"}', '{"jsonrpc":"2.0","id":9223372036854775809,"method":"slow"}');
    say(JSON.stringify(cancel('ID')).replace('"ID"', '9223372036854775808'));
    await rest();
    expect(peer.processor.statistics()).toMatchObject({ cancelled: 0, activeWorkers: 2 });
    await peer.close({ drain: false });
  });
});

describe('cancelled requests', () => {
  it('may be used again by their ids at once, though their handlers go on; what those say is not sent', async () => {
    const gates = [new Deferred<string>(), new Deferred<string>()];
    const calls: { progress: (value: unknown) => Promise<void> }[] = [];
    const { peer, say, heard, unheard } = await facing({
      handlers: { slow: (call) => { calls.push(call); return gates[calls.length - 1]?.promise; } },
    });
    const params = { _meta: { progressToken: 't' } };
    say(request(1, 'slow', params), notification('notifications/cancelled', { requestId: 1 }), request(1, 'slow', params));
    await until(() => calls.length === 2);
    await calls[0]?.progress(1);
    gates[0]?.resolve('first');
    await rest();
    expect(unheard()).toEqual([]);
    gates[1]?.resolve('second');
    expect(await heard()).toMatchObject({ id: 1, result: 'second' });
    await peer.close();
  });

  it('of ours, 10,000 at once: each rejects once, the other side hears of each, and runs none any more', async () => {
    const count = 10_000;
    const { near, far, close } = await connected(
      { slow: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))) },
      { processor: { workerCount: 100, queueCapacity: count, backpressureThreshold: 1 } },
    );
    const controller = new AbortController();
    const calls = Array.from({ length: count }, () => near.request('slow', {}, { signal: controller.signal }));
    await until(() => far.processor.statistics().queueDepth === count - 100);
    controller.abort('enough');
    const { rejected } = await outcomes(calls);
    expect(rejected).toHaveLength(count);
    expect(new Set(rejected.map(({ code }) => code))).toEqual(new Set(['AIRS_MCP_CANCELLED']));
    await until(() => far.processor.statistics().cancelled === count);
    expect(far.processor.statistics()).toMatchObject({ activeWorkers: 0, queueDepth: 0, totalProcessed: 0 });
    expect(near.correlation.statistics()).toMatchObject({ pendingCount: 0, cancelled: count, late: 0, unknown: 0 });
    await close();
  });
});
