import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Priority } from '../../src/concurrency/priority.js';
import { arrive, isReleased, settled, started } from './support.js';

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('submit' as const),
      wait: fc.boolean(),
      timeout: fc.constantFrom(0, 5, 40),
      priority: fc.constantFrom<Priority[]>('high', 'normal', 'low'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom<('resolve' | 'reject' | 'unwritable')[]>('resolve', 'reject', 'unwritable'),
      which: fc.nat(50),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat(20) }) },
);

describe('under any mix of submissions, answers, failures, timeouts and cancels', () => {
  for (const ordered of [false, true]) {
    it(`limits hold, permits come back, every request settles once, messages are let go (ordered: ${ordered})`, async () => {
      const steps = fc.array(action, { maxLength: 60 });
      await fc.assert(fc.asyncProperty(fc.nat(3), fc.nat(4), steps, async (workers, queueCapacity, actions) => {
        const workerCount = workers + 1;
        const { processor, gate, clock } = await started({ workerCount, queueCapacity, ordered });
        const requests: { controller: AbortController; message: ReturnType<typeof arrive> }[] = [];
        const settlements: number[] = [];
        let refused = 0;
        const open = new Set<number>();
        const pick = (which: number) => (open.size === 0 ? undefined : [...open][which % open.size]);
        const check = (): void => {
          const { activeWorkers, queueDepth, waitingForRoom } = processor.statistics();
          expect(activeWorkers).toBeLessThanOrEqual(workerCount);
          expect(queueDepth).toBeLessThanOrEqual(queueCapacity);
          // Nothing waits while a slot is free, unless held responses fill the queue.
          if (!ordered && activeWorkers < workerCount) expect(queueDepth + waitingForRoom).toBe(0);
        };
        for (const each of actions) {
          if (each.kind === 'submit') {
            const id = requests.length;
            const message = arrive(id);
            const controller = new AbortController();
            requests.push({ controller, message });
            const options = { signal: controller.signal, timeout: each.timeout, priority: each.priority };
            const submit = each.wait ? 'processRequest' : 'tryProcessRequest';
            const promise = processor[submit](message, options);
            message.release();
            if (promise === null) refused++;
            else void promise.then(() => settlements.push(id), () => settlements.push(id));
          } else if (each.kind === 'advance') {
            clock.advance(each.by);
          } else if (each.kind === 'cancel') {
            requests[each.which % Math.max(1, requests.length)]?.controller.abort();
          } else {
            for (let i = 0; i < gate.calls.length; i++) if (!done.has(gate.calls[i] as object)) open.add(i);
            const index = pick(each.which);
            if (index !== undefined) {
              open.delete(index);
              const call = gate.calls[index] as (typeof gate.calls)[number];
              done.add(call);
              if (each.kind === 'resolve') call.resolve(index);
              else if (each.kind === 'reject') call.reject(new Error('no'));
              else call.resolve(1n);
            }
          }
          check();
          await settled();
          check();
        }
        await processor.shutdown({ drain: false });
        await settled();
        for (const call of gate.calls) if (!done.has(call)) call.resolve();
        await settled();
        const { totalProcessed, cancelled, rejected, ...rest } = processor.statistics();
        expect(rest).toMatchObject(
          { activeWorkers: 0, queueDepth: 0, waitingForRoom: 0, heldResponses: 0, abandoned: 0, underPressure: false });
        expect(new Set(settlements).size).toBe(settlements.length);
        expect(settlements.length + refused).toBe(requests.length);
        expect(totalProcessed + cancelled + rejected).toBe(requests.length);
        expect(requests.every(({ message }) => isReleased(message))).toBe(true);
        expect(clock.pending).toBe(0);
      }), { seed: 20_260, numRuns: 150 });
    });
  }

  const done = new WeakSet<object>();
});

describe('100,000 requests against a queue of 100', () => {
  it('are all answered or refused, none lost', async () => {
    const later = () => new Promise((resolve) => setImmediate(resolve, 1));
    const { processor } = await started({ workerCount: 8, queueCapacity: 100 }, later);
    let answered = 0;
    let refused = 0;
    const pending: Promise<unknown>[] = [];
    for (let id = 0; id < 100_000; id++) {
      const promise = processor.tryProcessRequest(arrive(id));
      if (promise === null) refused++;
      else pending.push(promise.then(({ kind }) => (answered += kind === 'response' ? 1 : 0)));
      if (id % 150 === 0) await new Promise(setImmediate);
    }
    await Promise.all(pending);
    expect(answered + refused).toBe(100_000);
    expect(refused).toBeGreaterThan(0);
    expect(answered).toBeGreaterThan(100);
    expect(processor.statistics()).toMatchObject(
      { totalProcessed: answered, rejected: refused, peakQueueDepth: 100, activeWorkers: 0, queueDepth: 0 });
  });

  it('are all answered when callers wait for room', async () => {
    const { processor } = await started({ workerCount: 8, queueCapacity: 100 }, async () => 1);
    const responses = await Promise.all(Array.from({ length: 100_000 }, (_, id) => processor.processRequest(arrive(id))));
    expect(responses.every(({ id }, index) => id === index)).toBe(true);
    expect(processor.statistics()).toMatchObject({ totalProcessed: 100_000, rejected: 0, peakQueueDepth: 100 });
  });
});

describe('a long queue of synchronous handlers', () => {
  it('gives the event loop its turn every few milliseconds', async () => {
    const { processor, gate, clock } = await started({ workerCount: 1 }, (request, context) => {
      if (request.id === 'first') return gate.handler(request, context);
      clock.time += 4;
      return 1;
    });
    const promises = ['first', 1, 2, 3, 4, 5, 6, 7].map((id) => processor.processRequest(arrive(id)));
    gate.call('first').resolve();
    await settled();
    const depths = [processor.statistics().queueDepth];
    while ((depths.at(-1) as number) > 0) {
      clock.turn();
      depths.push(processor.statistics().queueDepth);
    }
    expect(depths).toEqual([3, 0]);
    await Promise.all(promises);
  });

  it('is not overtaken by what comes while the event loop has its turn', async () => {
    const order: unknown[] = [];
    const { processor, gate, clock } = await started({ workerCount: 1 }, (request, context) => {
      if (request.id === 'first') return gate.handler(request, context);
      order.push(request.id);
      clock.time += 11;
      return 1;
    });
    const promises = ['first', 1, 2, 3].map((id) => processor.processRequest(arrive(id)));
    gate.call('first').resolve();
    await settled();
    expect([order, processor.statistics().activeWorkers]).toEqual([[1, 2], 0]);
    promises.push(processor.processRequest(arrive('late')));
    for (let turn = 0; turn < 3; turn++) clock.turn();
    await Promise.all(promises);
    expect(order).toEqual([1, 2, 3, 'late']);
  });
});
