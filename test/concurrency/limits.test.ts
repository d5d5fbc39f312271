import { describe, expect, it } from 'vitest';
import { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { arrive, fateOf, isReleased, settled, started } from './support.js';

const coded = (code: string) => expect.objectContaining({ code });

describe('limits', () => {
  for (const workerCount of [1, 3]) {
    it(`runs at most ${workerCount} handler(s) at a time and the rest as they end`, async () => {
      const { processor, gate } = await started({ workerCount });
      const promises = Array.from({ length: 10 }, (_, id) => processor.processRequest(arrive(id)));
      for (let done = 0; done < 10; done++) {
        expect(gate.active).toBe(Math.min(workerCount, 10 - done));
        const queueDepth = Math.max(0, 10 - done - workerCount);
        expect(processor.statistics()).toMatchObject({ activeWorkers: gate.active, queueDepth });
        gate.call(done).resolve(done);
        await settled();
      }
      expect((await Promise.all(promises)).map(({ result }) => result)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(gate.peak).toBe(workerCount);
    });
  }

  for (const queueCapacity of [0, 1, 5]) {
    it(`queues ${queueCapacity} and no more; tryProcessRequest then answers null at once`, async () => {
      const { processor, gate } = await started({ workerCount: 2, queueCapacity });
      const taken = Array.from({ length: 2 + queueCapacity }, (_, id) => processor.tryProcessRequest(arrive(id)));
      expect(taken).not.toContain(null);
      expect(processor.tryProcessRequest(arrive('over'))).toBeNull();
      expect(processor.statistics()).toMatchObject(
        { activeWorkers: 2, queueDepth: queueCapacity, peakQueueDepth: queueCapacity, rejected: 1 });
      gate.call(0).resolve();
      await settled();
      const next = processor.tryProcessRequest(arrive('next'));
      expect(next).not.toBeNull();
      expect(processor.tryProcessRequest(arrive('over'))).toBeNull();
    });

    it(`lets processRequest wait for room past ${queueCapacity}, first come, first served`, async () => {
      const { processor, gate } = await started({ workerCount: 1, queueCapacity });
      const promises = Array.from({ length: queueCapacity + 4 }, (_, id) => processor.processRequest(arrive(id)));
      expect(processor.statistics()).toMatchObject({ queueDepth: queueCapacity, waitingForRoom: 3, rejected: 0 });
      expect(processor.tryProcessRequest(arrive('over'))).toBeNull();
      for (let id = 0; id < promises.length; id++) {
        expect(gate.started).toHaveLength(id + 1);
        gate.call(id).resolve(id);
        expect(await promises[id]).toMatchObject({ result: id });
      }
      expect(processor.statistics()).toMatchObject(
        { peakQueueDepth: queueCapacity, waitingForRoom: 0, queueDepth: 0, activeWorkers: 0 });
    });
  }

  it('gives the room of a cancelled request to the next that waits', async () => {
    const { processor, gate } = await started({ workerCount: 1, queueCapacity: 1 });
    void processor.processRequest(arrive('running'));
    const cancelled = new AbortController();
    const queued = processor.processRequest(arrive('queued'), { signal: cancelled.signal });
    const gone = new AbortController();
    const waiting = [1, 2, 3].map((id) => processor.processRequest(arrive(id), id === 2 ? { signal: gone.signal } : {}));
    gone.abort();
    await expect(waiting[1]).rejects.toEqual(coded('AIRS_MCP_CANCELLED'));
    cancelled.abort();
    await expect(queued).rejects.toEqual(coded('AIRS_MCP_CANCELLED'));
    expect(processor.statistics()).toMatchObject({ queueDepth: 1, waitingForRoom: 1 });
    gate.call('running').resolve();
    await settled();
    gate.call(1).resolve();
    await settled();
    expect(gate.started).toEqual(['running', 1, 3]);
  });

  it('refuses what is no request, and a message that was released', async () => {
    const { processor } = await started();
    await expect(processor.processRequest(JsonRpcMessage.notification('x'))).rejects.toEqual(coded('AIRS_MCP_INVALID_ARGUMENT'));
    await expect(processor.tryProcessRequest(JsonRpcMessage.response(1, 2))).rejects.toEqual(coded('AIRS_MCP_INVALID_ARGUMENT'));
    const released = arrive('text id');
    released.release();
    await expect(processor.processRequest(released)).rejects.toEqual(coded('AIRS_MCP_MESSAGE_RELEASED'));
    expect(processor.statistics()).toMatchObject({ activeWorkers: 0, queueDepth: 0 });
  });

  it('refuses options out of their range', async () => {
    const { processor } = await started();
    const given = (options: object) => processor.processRequest(arrive(1), options);
    await expect(given({ priority: 'urgent' })).rejects.toEqual(coded('AIRS_MCP_INVALID_ARGUMENT'));
    for (const timeout of [-1, NaN, 2 ** 31, '5']) {
      await expect(given({ timeout })).rejects.toEqual(coded('AIRS_MCP_OUT_OF_RANGE'));
    }
    expect(await fateOf(given({ timeout: 2 ** 31 - 1 }))).toBe('pending');
  });

  it('takes nothing before start, and starts once', async () => {
    const processor = new ConcurrentJsonRpcProcessor({}, () => 1);
    await expect(processor.processRequest(arrive(1))).rejects.toEqual(coded('AIRS_MCP_NOT_STARTED'));
    await expect(processor.tryProcessRequest(arrive(1))).rejects.toEqual(coded('AIRS_MCP_NOT_STARTED'));
    await processor.start();
    await expect(processor.start()).rejects.toEqual(coded('AIRS_MCP_ALREADY_STARTED'));
    expect(await processor.processRequest(arrive(1))).toMatchObject({ result: 1 });
    expect(processor.statistics().rejected).toBe(2);
  });
});

describe('priorities', () => {
  it('run high before normal before low, each lane first in, first out', async () => {
    const { processor, gate } = await started({ workerCount: 1 });
    const lanes = ['low', 'normal', 'high'] as const;
    void processor.processRequest(arrive('first'));
    for (let round = 0; round < 3; round++) {
      for (const priority of lanes) void processor.processRequest(arrive(`${priority}${round}`), { priority });
    }
    for (let i = 0; i < 10; i++) {
      gate.calls[i]?.resolve();
      await settled();
    }
    expect(gate.started).toEqual(['first', 'high0', 'high1', 'high2', 'normal0', 'normal1', 'normal2', 'low0', 'low1', 'low2']);
    expect(gate.call('low2').context.priority).toBe('low');
  });

  it('put ping, cancellation and progress before bulk unless the caller says otherwise', async () => {
    const { processor, gate } = await started({ workerCount: 1 });
    const receiver = { answer: () => undefined, refuse: () => undefined };
    void processor.processRequest(arrive('first'));
    void processor.processRequest(arrive('bulk'));
    void processor.processRequest(arrive('low ping', 'ping'), { priority: 'low' });
    void processor.processRequest(arrive('ping', 'ping'));
    for (const method of ['notifications/cancelled', 'notifications/progress', '$/cancelRequest', '$/progress']) {
      processor.submit(JsonRpcMessage.notification(method), receiver);
    }
    for (let i = 0; i < 8; i++) {
      gate.calls[i]?.resolve();
      await settled();
    }
    expect(gate.started).toEqual(['first', 'ping', undefined, undefined, undefined, undefined, 'bulk', 'low ping']);
  });
});

describe('pressure', () => {
  it('begins past the threshold, ends at half of it, and does not flicker between', async () => {
    const { processor, gate } = await started({ workerCount: 1, queueCapacity: 10, backpressureThreshold: 0.6 });
    const told: boolean[] = [];
    const unsubscribe = processor.onPressure((on) => told.push(on));
    const submit = (count: number) => Array.from({ length: count }, (_, i) => void processor.tryProcessRequest(arrive(i)));
    submit(1 + 6);
    expect([told, processor.underPressure]).toEqual([[], false]);
    submit(1);
    expect([told, processor.underPressure, processor.statistics().underPressure]).toEqual([[true], true, true]);
    for (let i = 0; i < 3; i++) {
      gate.calls[i]?.resolve();
      await settled();
    }
    expect([processor.statistics().queueDepth, told]).toEqual([4, [true]]);
    gate.calls[3]?.resolve();
    await settled();
    expect([processor.statistics().queueDepth, told]).toEqual([3, [true, false]]);
    unsubscribe();
    submit(7);
    expect([told, processor.underPressure]).toEqual([[true, false], true]);
  });

  it('counts callers that wait for room', async () => {
    const { processor } = await started({ workerCount: 1, queueCapacity: 2, backpressureThreshold: 1 });
    for (let i = 0; i < 3; i++) void processor.processRequest(arrive(i));
    expect(processor.underPressure).toBe(false);
    void processor.processRequest(arrive('waits'));
    expect(processor.underPressure).toBe(true);
  });

  it('is over when everything that waited was cancelled', async () => {
    const { processor } = await started({ workerCount: 1, queueCapacity: 2 });
    const controller = new AbortController();
    void processor.processRequest(arrive('running'));
    const promises = [1, 2, 3].map((id) => processor.processRequest(arrive(id), { signal: controller.signal }));
    expect(processor.underPressure).toBe(true);
    controller.abort();
    await Promise.allSettled(promises);
    expect(processor.underPressure).toBe(false);
  });
});

describe('ordered: true', () => {
  it('lets responses leave in the order of their requests', async () => {
    const { processor, gate } = await started({ workerCount: 4, ordered: true });
    const left: unknown[] = [];
    for (let id = 0; id < 4; id++) void processor.processRequest(arrive(id)).then((response) => left.push(response.id));
    for (const id of [2, 3, 1]) gate.call(id).resolve();
    await settled();
    expect([left, processor.statistics().heldResponses, processor.statistics().activeWorkers]).toEqual([[], 3, 1]);
    gate.call(0).resolve();
    await settled();
    expect([left, processor.statistics().heldResponses]).toEqual([[0, 1, 2, 3], 0]);
  });

  it('does not wait for one that is cancelled, and sends a timeout in its place', async () => {
    const { processor, gate, clock } = await started({ workerCount: 4, ordered: true });
    const left: unknown[] = [];
    const controller = new AbortController();
    const options = [{ signal: controller.signal }, {}, { timeout: 50 }, {}];
    options.forEach((each, id) => {
      const promise = processor.processRequest(arrive(id), each);
      void promise.then((response) => left.push(response.id), () => left.push('cancelled'));
    });
    gate.call(1).resolve();
    gate.call(3).resolve();
    await settled();
    expect(left).toEqual([]);
    controller.abort();
    await settled();
    expect(left).toEqual(['cancelled', 1]);
    clock.advance(50);
    await settled();
    expect(left).toEqual(['cancelled', 1, 2, 3]);
  });

  it('counts held responses against the queue, so that a slow head does not gather them without end', async () => {
    const { processor, gate } = await started({ workerCount: 2, queueCapacity: 3, ordered: true });
    void processor.processRequest(arrive('slow'));
    let taken = 0;
    while (processor.tryProcessRequest(arrive(taken)) !== null) {
      gate.calls[++taken]?.resolve();
      await settled();
      if (taken === 50) break;
    }
    expect([taken, processor.statistics().heldResponses]).toEqual([4, 4]);
    gate.call('slow').resolve();
    await settled();
    expect(processor.statistics()).toMatchObject({ heldResponses: 0, activeWorkers: 0, queueDepth: 0 });
    expect(processor.tryProcessRequest(arrive('after'))).not.toBeNull();
  });

  it('keeps the order of requests although priorities start them in another', async () => {
    const { processor } = await started({ workerCount: 1, ordered: true }, async (request) => request.id);
    const left: unknown[] = [];
    const submit = (id: string, priority: 'low' | 'high') =>
      processor.processRequest(arrive(id), { priority }).then((response) => left.push(response.id));
    await Promise.all([submit('first', 'low'), submit('bulk', 'low'), submit('urgent', 'high')]);
    expect(left).toEqual(['first', 'bulk', 'urgent']);
  });
});

describe('the message', () => {
  it('is held while queued and running, and let go once at the answer', async () => {
    const { processor, gate } = await started({ workerCount: 1 });
    const messages = ['a', 'b'].map((id) => arrive(id));
    const promises = messages.map((message) => processor.processRequest(message));
    for (const message of messages) message.release();
    expect(messages.map(isReleased)).toEqual([false, false]);
    gate.call('a').resolve();
    await promises[0];
    expect(messages.map(isReleased)).toEqual([true, false]);
    gate.call('b').reject(new Error('no'));
    await promises[1];
    expect(messages.map(isReleased)).toEqual([true, true]);
  });

  it('stays the caller\'s until the caller releases it, whatever its fate', async () => {
    const { processor, gate, clock } = await started({ workerCount: 2, queueCapacity: 2 });
    const controller = new AbortController();
    const answered = arrive('answered');
    const [timedOut, queued, waiting, refused] = [arrive('timed out'), arrive('queued'), arrive('waiting'), arrive('refused')];
    const fates = [answered, timedOut, queued, waiting, refused];
    const { signal } = controller;
    void processor.processRequest(answered);
    void processor.processRequest(timedOut, { timeout: 10 });
    const gone = [queued, arrive('filler'), waiting].map((message) => processor.processRequest(message, { signal }));
    expect(processor.tryProcessRequest(refused)).toBeNull();
    controller.abort();
    await Promise.allSettled(gone);
    gate.call('answered').resolve();
    clock.advance(10);
    await settled();
    expect(fates.map(isReleased)).toEqual([false, false, false, false, false]);
    for (const message of fates) message.release();
    expect(fates.map(isReleased)).toEqual([true, true, true, true, true]);
  });

  it('may be released by its handler', async () => {
    const { processor } = await started({}, async (request) => {
      using mine = request;
      return mine.params;
    });
    expect(await processor.processRequest(arrive(1, 'work', { a: 1 }))).toMatchObject({ result: { a: 1 } });
  });
});
