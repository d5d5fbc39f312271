import { setMaxListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { RequestHandler } from '../../src/concurrency/runner.js';
import { arrive, fateOf, isReleased, settled, started } from './support.js';

const coded = (code: string) => expect.objectContaining({ code });
const TIMED_OUT = { code: -32001, message: 'the request was not answered in time' };

describe('a timeout', () => {
  it('answers with an error exactly when the time is up, and frees the slot of a handler that ignores it', async () => {
    const { processor, gate, clock } = await started({ workerCount: 1, requestTimeout: 100 });
    const promise = processor.processRequest(arrive('slow'));
    const next = processor.processRequest(arrive('next'), { timeout: 1_000 });
    clock.advance(99);
    expect(await fateOf(promise)).toBe('pending');
    clock.advance(1);
    expect((await promise).error).toEqual(TIMED_OUT);
    expect(gate.started).toEqual(['slow', 'next']);
    expect(processor.statistics()).toMatchObject({ timedOut: 1, totalProcessed: 1, failed: 0, abandoned: 1, activeWorkers: 1 });
    gate.call('slow').resolve('too late');
    await settled();
    expect(processor.statistics()).toMatchObject({ abandoned: 0, activeWorkers: 1, totalProcessed: 1 });
    gate.call('next').resolve();
    expect((await next).kind).toBe('response');
  });

  it('reaches the handler as an aborted signal with a coded reason', async () => {
    const { processor, gate, clock } = await started({ requestTimeout: 100 });
    void processor.processRequest(arrive(1));
    const { signal } = gate.call(1).context;
    expect(signal.aborted).toBe(false);
    clock.advance(100);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toEqual(coded('AIRS_MCP_REQUEST_TIMEOUT'));
    expect(gate.call(1).context.signal).toBe(signal);
  });

  it('counts from the submission: a request that waited all its time never starts', async () => {
    const { processor, gate, clock } = await started({ workerCount: 1, queueCapacity: 1, requestTimeout: 0 });
    void processor.processRequest(arrive('running'));
    const promises = ['queued', 'waits for room'].map((id) => processor.processRequest(arrive(id), { timeout: 50 }));
    clock.advance(50);
    for (const promise of promises) expect((await promise).error).toEqual(TIMED_OUT);
    gate.call('running').resolve();
    await settled();
    expect(gate.started).toEqual(['running']);
    expect(processor.statistics()).toMatchObject({ timedOut: 2, queueDepth: 0, waitingForRoom: 0, abandoned: 0 });
  });

  it('goes on counting when a queued request starts', async () => {
    const { processor, gate, clock } = await started({ workerCount: 1, requestTimeout: 100 });
    void processor.processRequest(arrive('first'), { timeout: 0 });
    const promise = processor.processRequest(arrive('second'));
    clock.advance(60);
    gate.call('first').resolve();
    await settled();
    expect(gate.started).toEqual(['first', 'second']);
    clock.advance(40);
    expect((await promise).error).toEqual(TIMED_OUT);
  });

  it('of 0 never comes, and one option replaces the default', async () => {
    const { processor, clock } = await started({ requestTimeout: 100 });
    const never = processor.processRequest(arrive(1), { timeout: 0 });
    const later = processor.processRequest(arrive(2), { timeout: 200 });
    clock.advance(199);
    expect([await fateOf(never), await fateOf(later)]).toEqual(['pending', 'pending']);
    clock.advance(1);
    expect((await later).error).toEqual(TIMED_OUT);
    clock.advance(1e9);
    expect(await fateOf(never)).toBe('pending');
  });

  it('costs no timer for a handler that answers at once, and one for all that do not', async () => {
    const handler: RequestHandler = (request) => (request.id === 0 ? 1 : new Promise(() => undefined));
    const { processor, clock } = await started({ requestTimeout: 100 }, handler);
    for (let i = 0; i < 10; i++) await processor.processRequest(arrive(0));
    expect(clock.armed).toBe(0);
    for (let i = 1; i <= 10; i++) void processor.processRequest(arrive(i));
    expect([clock.armed, clock.pending]).toEqual([1, 1]);
  });
});

describe('a cancel', () => {
  for (const stage of ['running', 'queued', 'waiting for room'] as const) {
    it(`of a request that is ${stage} rejects with AIRS_MCP_CANCELLED and frees what it held`, async () => {
      const { processor, gate } = await started({ workerCount: 1, queueCapacity: 1 });
      const before = stage === 'running' ? 0 : stage === 'queued' ? 1 : 2;
      const others = Array.from({ length: before }, (_, i) => processor.processRequest(arrive(`before ${i}`)));
      const controller = new AbortController();
      const request = arrive('target');
      const promise = processor.processRequest(request, { signal: controller.signal });
      request.release();
      expect(isReleased(request)).toBe(false);
      controller.abort('changed my mind');
      await expect(promise).rejects.toMatchObject({ code: 'AIRS_MCP_CANCELLED', cause: 'changed my mind' });
      expect(isReleased(request)).toBe(true);
      const abandoned = stage === 'running' ? 1 : 0;
      expect(processor.statistics()).toMatchObject({ cancelled: 1, totalProcessed: 0, abandoned });
      for (let i = 0; i < before; i++) {
        gate.call(`before ${i}`).resolve();
        await others[i];
      }
      expect(processor.statistics()).toMatchObject({ activeWorkers: 0, queueDepth: 0, waitingForRoom: 0 });
      expect(gate.started.includes('target')).toBe(stage === 'running');
    });
  }

  it('before the call starts nothing', async () => {
    const { processor, gate } = await started();
    const promise = processor.processRequest(arrive(1), { signal: AbortSignal.abort() });
    await expect(promise).rejects.toEqual(coded('AIRS_MCP_CANCELLED'));
    expect([gate.started, processor.statistics().cancelled]).toEqual([[], 1]);
  });

  it('reaches the handler, which may stop by it and is then not counted as abandoned', async () => {
    const obedient: RequestHandler = (_request, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const { processor } = await started({}, obedient);
    const controller = new AbortController();
    const promise = processor.processRequest(arrive(1), { signal: controller.signal });
    controller.abort();
    await expect(promise).rejects.toEqual(coded('AIRS_MCP_CANCELLED'));
    await settled();
    expect(processor.statistics()).toMatchObject({ abandoned: 0, failed: 0, cancelled: 1 });
  });

  it('after the answer does nothing, and leaves no listener on the signal', async () => {
    const { processor } = await started({}, () => 1);
    const controller = new AbortController();
    const added = vi.spyOn(controller.signal, 'addEventListener');
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    expect(await processor.processRequest(arrive(1), { signal: controller.signal })).toMatchObject({ result: 1 });
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
    controller.abort();
    expect(processor.statistics()).toMatchObject({ cancelled: 0, totalProcessed: 1 });
  });

  it('leaves no listener when there was no room', async () => {
    const { processor } = await started({ workerCount: 1, queueCapacity: 0 });
    void processor.processRequest(arrive(1));
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    expect(processor.tryProcessRequest(arrive(2), { signal: controller.signal })).toBeNull();
    expect(removed).toHaveBeenCalledTimes(1);
    controller.abort();
    expect(processor.statistics().cancelled).toBe(0);
  });

  it('from inside the handler that it concerns settles once', async () => {
    const controller = new AbortController();
    const { processor } = await started({}, () => {
      controller.abort();
      return 'unwanted';
    });
    await expect(processor.processRequest(arrive(1), { signal: controller.signal })).rejects.toEqual(coded('AIRS_MCP_CANCELLED'));
    const { activeWorkers, abandoned, totalProcessed } = processor.statistics();
    expect([activeWorkers, abandoned, totalProcessed]).toEqual([0, 0, 0]);
  });

  it('from inside a handler that then returns a promise counts it until it settles', async () => {
    const controller = new AbortController();
    let end = (): void => undefined;
    const { processor } = await started({}, () => {
      controller.abort();
      return new Promise<void>((resolve) => (end = resolve));
    });
    const promise = processor.processRequest(arrive(1), { signal: controller.signal });
    await expect(promise).rejects.toEqual(coded('AIRS_MCP_CANCELLED'));
    expect(processor.statistics()).toMatchObject({ activeWorkers: 0, abandoned: 1 });
    end();
    await settled();
    expect(processor.statistics().abandoned).toBe(0);
  });

  it('of 10,000 at once settles them all and keeps the slots', async () => {
    const { processor, gate } = await started({ workerCount: 10, queueCapacity: 5_000 });
    const controller = new AbortController();
    const { signal } = controller;
    setMaxListeners(0, signal);
    const promises = Array.from({ length: 10_000 }, (_, id) => processor.processRequest(arrive(id), { signal }));
    controller.abort();
    const fates = await Promise.allSettled(promises);
    expect(fates.filter(({ status }) => status === 'rejected')).toHaveLength(10_000);
    // Each that is cancelled makes room for the next in line, so some more began.
    expect(processor.statistics()).toMatchObject({ cancelled: 10_000, activeWorkers: 0, queueDepth: 0, waitingForRoom: 0 });
    expect(processor.statistics().abandoned).toBe(gate.calls.length);
    for (let id = 0; id < 11; id++) void processor.processRequest(arrive(`after ${id}`));
    expect(processor.statistics()).toMatchObject({ activeWorkers: 10, queueDepth: 1 });
  });
});

describe('the signal', () => {
  it('is made only for a handler that asks, already aborted where that came first', async () => {
    const { processor, gate } = await started();
    const controller = new AbortController();
    const promise = processor.processRequest(arrive(1), { signal: controller.signal });
    controller.abort();
    await expect(promise).rejects.toEqual(coded('AIRS_MCP_CANCELLED'));
    const { signal } = gate.call(1).context;
    expect([signal.aborted, signal.reason]).toEqual([true, coded('AIRS_MCP_CANCELLED')]);
  });

  it('costs nothing otherwise', async () => {
    const made = vi.spyOn(globalThis, 'AbortController');
    try {
      const { processor } = await started({}, async () => 1);
      for (let i = 0; i < 10; i++) await processor.processRequest(arrive(i));
      expect(made).not.toHaveBeenCalled();
    } finally {
      made.mockRestore();
    }
  });

  it('stays quiet after an answer', async () => {
    const { processor, gate, clock } = await started({ requestTimeout: 10 });
    const promise = processor.processRequest(arrive(1));
    const { signal } = gate.call(1).context;
    gate.call(1).resolve();
    await promise;
    clock.advance(100);
    await processor.shutdown({ drain: false });
    expect(signal.aborted).toBe(false);
  });
});
