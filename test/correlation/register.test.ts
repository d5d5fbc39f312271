import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import type { RequestOptions } from '../../src/correlation/options.js';
import { answer, arriving, codeOf, failureOf, follow, settle, setUp } from './support.js';

/** What a caller without types may pass. */
const loosely = (options: unknown) => options as RequestOptions;

describe('registering', () => {
  it('refuses an id that is in flight, and leaves the first alone', async () => {
    const { manager } = setUp();
    for (const id of [1, '1', 2 ** 60]) {
      const first = follow(manager.registerRequest({ id }));
      expect(await codeOf(manager.registerRequest({ id }))).toBe('AIRS_MCP_DUPLICATE_ID');
      expect(await codeOf(manager.registerRequest({ id }, { timeout: 5 }))).toBe('AIRS_MCP_DUPLICATE_ID');
      manager.correlateResponse(answer(JSON.stringify(id)));
      await settle();
      expect(first.said).toBe('"ok"');
    }
    expect(manager.statistics()).toMatchObject({ registered: 3, refused: 6, completed: 3, failed: 0 });
  });

  it('takes an id again once it has settled', async () => {
    const { manager } = setUp();
    void manager.registerRequest({ id: 1 });
    manager.correlateResponse(answer(1));
    const again = manager.registerRequest({ id: 1 });
    expect(manager.correlateResponse(answer(1, 'again'))).toBe(true);
    expect(await again).toBe('again');
  });

  it('refuses one more than maxPendingRequests until one settles', async () => {
    const { manager } = setUp({ maxPendingRequests: 3 });
    for (const id of [1, 2, 3]) void manager.registerRequest({ id });
    expect(await codeOf(manager.registerRequest({ id: 4 }))).toBe('AIRS_MCP_TOO_MANY_PENDING');
    expect(await codeOf(manager.registerRequest({ id: 4 }, { raw: true }))).toBe('AIRS_MCP_TOO_MANY_PENDING');
    expect(manager.isPending(4)).toBe(false);
    manager.correlateResponse(answer(2));
    void manager.registerRequest({ id: 4 });
    expect(manager.isPending(4)).toBe(true);
    expect(manager.statistics()).toMatchObject({ pendingCount: 3, refused: 2 });
  });

  it('refuses what has no id to be answered by', async () => {
    const { manager } = setUp();
    const notification = arriving('{"jsonrpc":"2.0","method":"m"}');
    for (const wrong of [{}, { id: null }, { id: NaN }, { id: true }, { id: {} }, null, undefined, 7, notification]) {
      expect(await codeOf(manager.registerRequest(wrong as { id: number }))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
    expect(manager.statistics()).toMatchObject({ pendingCount: 0, refused: 9 });
  });

  it.each(['timeout', 'maxTotalTimeout'])('refuses a wrong %s', async (option) => {
    const { manager } = setUp();
    for (const wrong of [0, -1, 0.5, NaN, Infinity, 2 ** 31]) {
      expect(await codeOf(manager.registerRequest({ id: 1 }, { [option]: wrong }))).toBe('AIRS_MCP_OUT_OF_RANGE');
    }
    for (const wrong of ['5', null, {}, true]) {
      expect(await codeOf(manager.registerRequest({ id: 1 }, { [option]: wrong }))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
    const right = [1, 1.5, 2 ** 31 - 1, undefined];
    for (const [id, value] of right.entries()) void manager.registerRequest({ id }, { [option]: value });
    expect(manager.statistics()).toMatchObject({ pendingCount: 4 });
  });

  it.each([
    ['signal', [{}, null, 'x', new EventTarget()]],
    ['onProgress', [{}, null, 'x']],
    ['resetTimeoutOnProgress', [1, null, 'true']],
    ['raw', [1, null, 'true']],
  ])('refuses a wrong %s', async (option, values) => {
    const { manager } = setUp();
    for (const wrong of values) {
      const error = await failureOf(manager.registerRequest({ id: 1 }, loosely({ [option]: wrong })));
      expect(error.code).toBe('AIRS_MCP_INVALID_ARGUMENT');
      expect(error.message).toContain(option);
    }
    expect(manager.isPending(1)).toBe(false);
  });
});

describe('cancelling', () => {
  it('rejects with the reason as cause, and says so', async () => {
    const { manager, abandoned } = setUp();
    const promise = manager.registerRequest({ id: 'a' });
    const reason = new Error('changed my mind');
    expect(manager.cancelRequest('a', reason)).toBe(true);
    expect(manager.cancelRequest('a', reason)).toBe(false);
    expect(await failureOf(promise)).toMatchObject({ code: 'AIRS_MCP_CANCELLED', cause: reason });
    expect(abandoned).toEqual([['a', 'AIRS_MCP_CANCELLED']]);
    expect(manager.statistics()).toMatchObject({ cancelled: 1, pendingCount: 0 });
  });

  it('without a reason has no cause', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    manager.cancelRequest({ id: 1 });
    expect(Object.hasOwn(await failureOf(promise), 'cause')).toBe(false);
  });

  it('of what is not pending does nothing', () => {
    const { manager, abandoned } = setUp();
    for (const id of [1, '1', null, NaN]) expect(manager.cancelRequest(id)).toBe(false);
    expect(abandoned).toEqual([]);
    expect(manager.statistics()).toMatchObject({ cancelled: 0 });
  });

  it('makes the answer late', () => {
    const { manager } = setUp();
    manager.registerRequest({ id: 1 }).catch(() => undefined);
    manager.cancelRequest(1);
    expect(manager.correlateResponse(answer(1))).toBe(false);
    expect(manager.statistics()).toMatchObject({ late: 1, unknown: 0 });
  });

  it('of 10,000 at once settles each once and leaves no timer', async () => {
    const { manager, clock, abandoned } = setUp();
    const fates = Array.from({ length: 10_000 }, (_, id) => follow(manager.registerRequest({ id }, { timeout: 1 + (id % 977) })));
    expect(clock.armed).toBe(1);
    for (let id = 0; id < 10_000; id++) expect(manager.cancelRequest(id)).toBe(true);
    await settle();
    expect(fates.every((fate) => fate.said === 'AIRS_MCP_CANCELLED' && fate.times === 1)).toBe(true);
    expect(abandoned).toHaveLength(10_000);
    expect(clock.armed).toBe(0);
    clock.advance(5_000);
    expect(manager.statistics()).toMatchObject({ cancelled: 10_000, timedOut: 0, pendingCount: 0 });
  });
});

describe('a failure of ours', () => {
  it('fails the one request that could not be sent', async () => {
    const { manager, abandoned } = setUp();
    const [first, second] = [1, 2].map((id) => follow(manager.registerRequest({ id })));
    expect(manager.failRequest(1, new AirsMcpError('AIRS_MCP_NOT_SERIALISABLE'))).toBe(true);
    expect(manager.failRequest(1, new Error())).toBe(false);
    await settle();
    expect([first?.said, second?.said]).toEqual(['AIRS_MCP_NOT_SERIALISABLE', 'pending']);
    expect(abandoned).toEqual([]);
    expect(manager.statistics()).toMatchObject({ failed: 1, pendingCount: 1 });
  });

  it('of the transport fails all, and new requests are taken on', async () => {
    const { manager, clock, abandoned } = setUp();
    const fates = [1, 'b', 1e300].map((id) => follow(manager.registerRequest({ id }, { maxTotalTimeout: 50 })));
    manager.failAll(new AirsMcpError('AIRS_MCP_CHILD_EXITED'));
    expect(clock.armed).toBe(0);
    await settle();
    expect(fates.map((fate) => fate.said)).toEqual(Array(3).fill('AIRS_MCP_CHILD_EXITED'));
    expect(abandoned).toEqual([]);
    const next = manager.registerRequest({ id: 1 });
    manager.correlateResponse(answer(1));
    expect(await next).toBe('ok');
    expect(manager.statistics()).toMatchObject({ failed: 3, completed: 1 });
  });
});

describe('shutdown', () => {
  it('settles all that is pending, refuses what comes, and leaves no timer', async () => {
    const { manager, clock, abandoned } = setUp();
    const { signal } = new AbortController();
    const fates = Array.from({ length: 100 }, (_, id) => follow(manager.registerRequest({ id }, id % 2 === 0 ? { signal } : {})));
    const done = manager.shutdown();
    expect(clock.armed).toBe(0);
    await done;
    await settle();
    expect(fates.every((fate) => fate.said === 'AIRS_MCP_SHUTDOWN' && fate.times === 1)).toBe(true);
    expect(abandoned).toEqual([]);
    expect(await codeOf(manager.registerRequest({ id: 1 }))).toBe('AIRS_MCP_SHUTDOWN');
    expect(manager.correlateResponse(answer(7))).toBe(false);
    expect(manager.statistics()).toMatchObject({ pendingCount: 0, cancelled: 100, late: 1, refused: 1 });
  });

  it('is harmless twice, and with nothing pending', async () => {
    const { manager } = setUp();
    await manager.shutdown();
    await manager.shutdown();
    expect(manager.statistics()).toMatchObject({ cancelled: 0 });
  });
});
