import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { answer, failureOf, follow, settle, setUp } from './support.js';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('a signal', () => {
  it('cancels the request when it aborts, with its reason as cause', async () => {
    const { manager, abandoned } = setUp();
    const controller = new AbortController();
    const promise = manager.registerRequest({ id: 1 }, { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    expect(manager.isPending(1)).toBe(false);
    expect(await failureOf(promise)).toMatchObject({ code: 'AIRS_MCP_CANCELLED', cause: reason });
    expect(abandoned).toEqual([[1, 'AIRS_MCP_CANCELLED']]);
    expect(listenersOf(controller.signal)).toBe(0);
    expect(manager.statistics()).toMatchObject({ cancelled: 1 });
  });

  it('that has aborted already cancels at once, before anything is sent', async () => {
    const { manager, clock, abandoned } = setUp();
    const signal = AbortSignal.abort('early');
    const promise = manager.registerRequest({ id: 1 }, { signal });
    expect([manager.isPending(1), clock.armed, listenersOf(signal)]).toEqual([false, 0, 0]);
    expect(await failureOf(promise)).toMatchObject({ code: 'AIRS_MCP_CANCELLED', cause: 'early' });
    expect(abandoned).toEqual([]);
    expect(manager.statistics()).toMatchObject({ registered: 1, cancelled: 1, refused: 0 });
  });

  it('that aborts after the answer changes nothing', async () => {
    const { manager, abandoned } = setUp();
    const controller = new AbortController();
    const fate = follow(manager.registerRequest({ id: 1 }, { signal: controller.signal }));
    manager.correlateResponse(answer(1));
    expect(listenersOf(controller.signal)).toBe(0);
    controller.abort();
    await settle();
    expect(fate).toMatchObject({ said: '"ok"', times: 1 });
    expect(abandoned).toEqual([]);
  });

  it('is let go of however the request settles', () => {
    const { manager, clock } = setUp();
    const { signal } = new AbortController();
    const ways: (() => unknown)[] = [
      () => manager.correlateResponse(answer(1)),
      () => manager.cancelRequest(1),
      () => manager.failRequest(1, new Error()),
      () => clock.advance(100),
      () => manager.failAll(new Error()),
      () => manager.shutdown(),
    ];
    for (const way of ways) {
      manager.registerRequest({ id: 1 }, { signal, timeout: 100 }).catch(() => undefined);
      expect(listenersOf(signal)).toBe(1);
      void way();
      expect([manager.isPending(1), listenersOf(signal)]).toEqual([false, 0]);
    }
  });

  it('is not listened to for a request that is refused', () => {
    const { manager } = setUp({ maxPendingRequests: 1 });
    const { signal } = new AbortController();
    void manager.registerRequest({ id: 1 });
    for (const options of [{ signal }, { signal, timeout: -1 }]) {
      manager.registerRequest({ id: 2 }, options).catch(() => undefined);
    }
    manager.correlateResponse(answer(1));
    manager.registerRequest({ id: 2 }, { signal, timeout: -1 }).catch(() => undefined);
    expect(listenersOf(signal)).toBe(0);
  });

  it('may serve thousands of requests with one listener and without a warning', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', onWarning);
    const { manager } = setUp();
    const controller = new AbortController();
    const { signal } = controller;
    const fates = Array.from({ length: 5_000 }, (_, id) => follow(manager.registerRequest({ id }, { signal })));
    expect(listenersOf(signal)).toBe(1);
    for (let id = 0; id < 2_500; id++) manager.correlateResponse(answer(id));
    expect(listenersOf(signal)).toBe(1);
    controller.abort();
    expect(listenersOf(signal)).toBe(0);
    await settle();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    expect(fates.slice(0, 2_500).every((fate) => fate.said === '"ok"' && fate.times === 1)).toBe(true);
    expect(fates.slice(2_500).every((fate) => fate.said === 'AIRS_MCP_CANCELLED' && fate.times === 1)).toBe(true);
    expect(manager.statistics()).toMatchObject({ completed: 2_500, cancelled: 2_500, pendingCount: 0 });
  });

  it('of one request does not touch those of another', async () => {
    const { manager } = setUp();
    const [first, second] = [new AbortController(), new AbortController()];
    const fates = [first, second].map(({ signal }, id) => follow(manager.registerRequest({ id }, { signal })));
    first.abort();
    await settle();
    expect(fates.map((fate) => fate.said)).toEqual(['AIRS_MCP_CANCELLED', 'pending']);
  });

  it('is not held once its requests have settled', async () => {
    const { manager } = setUp();
    const held = ((): WeakRef<AbortSignal> => {
      const { signal } = new AbortController();
      void manager.registerRequest({ id: 1 }, { signal });
      manager.correlateResponse(answer(1));
      return new WeakRef(signal);
    })();
    for (let turn = 0; turn < 100 && held.deref() !== undefined; turn++) {
      await settle();
      globalThis.gc?.();
    }
    expect(held.deref()).toBeUndefined();
    expect(manager.pendingIds()).toEqual([]);
  });
});
