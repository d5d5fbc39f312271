import { describe, expect, it } from 'vitest';
import type { JsonRpcMessage } from '../../src/message/message.js';
import { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';
import { arrive, isReleased, settled, started } from './support.js';

const coded = (code: string) => expect.objectContaining({ code });
const CUT_OFF = { code: -32000, message: expect.any(String) };

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true), () => (done = true));
  await settled();
  return done;
}

/** One request running, one queued, one waiting for room. */
async function busy() {
  const config = { workerCount: 1, queueCapacity: 1, shutdownTimeout: 1_000, requestTimeout: 0 };
  const { processor, gate, clock } = await started(config);
  const messages = ['running', 'queued', 'waiting'].map((id) => arrive(id));
  const promises = messages.map((message) => processor.processRequest(message));
  for (const promise of promises) promise.catch(() => undefined);
  for (const message of messages) message.release();
  return { processor, gate, clock, messages, promises };
}

describe('shutdown', () => {
  it('drains what runs, what is queued, and what waits for room', async () => {
    const { processor, gate, clock, promises } = await busy();
    const end = processor.shutdown();
    for (const id of ['running', 'queued', 'waiting']) {
      expect(await isSettled(end)).toBe(false);
      gate.call(id).resolve(id);
      await settled();
    }
    await end;
    expect((await Promise.all(promises)).map(({ result }) => result)).toEqual(['running', 'queued', 'waiting']);
    expect(clock.pending).toBe(0);
  });

  it('refuses calls after it, at once', async () => {
    const { processor, gate } = await busy();
    const end = processor.shutdown();
    await expect(processor.processRequest(arrive(1))).rejects.toEqual(coded('AIRS_MCP_SHUTDOWN'));
    await expect(processor.tryProcessRequest(arrive(1))).rejects.toEqual(coded('AIRS_MCP_SHUTDOWN'));
    await expect(processor.start()).rejects.toEqual(coded('AIRS_MCP_SHUTDOWN'));
    for (const id of ['running', 'queued', 'waiting']) {
      gate.call(id).resolve();
      await settled();
    }
    await end;
    await expect(processor.processRequest(arrive(1))).rejects.toEqual(coded('AIRS_MCP_SHUTDOWN'));
    expect(processor.statistics().rejected).toBe(3);
  });

  const expectCut = async (promises: readonly Promise<JsonRpcMessage>[], messages: readonly JsonRpcMessage[]) => {
    expect((await promises[0])?.error).toEqual(CUT_OFF);
    expect((await promises[1])?.error).toEqual(CUT_OFF);
    await expect(promises[2]).rejects.toEqual(coded('AIRS_MCP_SHUTDOWN'));
    expect(messages.map(isReleased)).toEqual([true, true, true]);
  };

  it('aborts what is left when its time is up', async () => {
    const { processor, gate, clock, promises, messages } = await busy();
    const end = processor.shutdown({ drain: true });
    const { signal } = gate.call('running').context;
    clock.advance(999);
    expect([await isSettled(end), signal.aborted]).toEqual([false, false]);
    clock.advance(1);
    expect([await isSettled(end), signal.aborted]).toEqual([true, true]);
    expect(signal.reason).toEqual(coded('AIRS_MCP_SHUTDOWN'));
    await expectCut(promises, messages);
    expect(gate.started).toEqual(['running']);
    expect(processor.statistics()).toMatchObject(
      { activeWorkers: 0, queueDepth: 0, waitingForRoom: 0, failed: 2, rejected: 1, abandoned: 1 });
    expect(clock.pending).toBe(0);
  });

  it('aborts everything at once with drain: false', async () => {
    const { processor, gate, clock, promises, messages } = await busy();
    const end = processor.shutdown({ drain: false });
    expect(gate.call('running').context.signal.aborted).toBe(true);
    await end;
    await expectCut(promises, messages);
    expect([gate.started, clock.pending]).toEqual([['running'], 0]);
    gate.call('running').resolve('too late');
    await settled();
    expect(processor.statistics()).toMatchObject({ abandoned: 0, activeWorkers: 0, totalProcessed: 2 });
  });

  it('aborts at once when asked again without draining', async () => {
    const { processor, promises, messages } = await busy();
    const first = processor.shutdown();
    const second = processor.shutdown({ drain: false });
    await Promise.all([first, second]);
    await expectCut(promises, messages);
  });

  it('is over at once where nothing runs, before start, and the second time', async () => {
    const { processor, clock } = await started({}, () => 1);
    await processor.processRequest(arrive(1));
    await processor.shutdown();
    await processor.shutdown();
    expect(clock.pending).toBe(0);
    const unused = new ConcurrentJsonRpcProcessor({}, () => 1);
    await unused.shutdown();
    await expect(unused.start()).rejects.toEqual(coded('AIRS_MCP_SHUTDOWN'));
  });

  it('turns off the timer of deadlines', async () => {
    const { processor, gate, clock } = await started({ requestTimeout: 100 });
    void processor.processRequest(arrive(1));
    gate.call(1).resolve();
    await processor.shutdown();
    expect(clock.pending).toBe(0);
  });

  it('lets held responses go', async () => {
    const { processor, gate } = await started({ ordered: true });
    const promises = [0, 1].map((id) => processor.processRequest(arrive(id)));
    gate.call(1).resolve('held');
    await settled();
    await processor.shutdown({ drain: false });
    expect((await promises[0])?.error).toEqual(CUT_OFF);
    expect((await promises[1])?.result).toBe('held');
  });

  it('with shutdownTimeout 0 aborts in the next turn of the clock', async () => {
    const { processor, clock } = await started({ shutdownTimeout: 0 });
    const promise = processor.processRequest(arrive(1));
    const end = processor.shutdown();
    clock.advance(0);
    await end;
    expect((await promise).error).toEqual(CUT_OFF);
  });
});

describe('shutdown from inside a handler', () => {
  for (const drain of [true, false]) {
    it(`does not wait for that handler, nor abort it (drain: ${drain})`, async () => {
      let aborted: boolean | undefined;
      const { processor, clock } = await started({ workerCount: 2 }, async (_request, { signal }) => {
        await Promise.resolve();
        await processor.shutdown({ drain });
        aborted = signal.aborted;
        return 'after the shutdown';
      });
      expect(await processor.processRequest(arrive(1))).toMatchObject({ result: 'after the shutdown' });
      expect(aborted).toBe(false);
      await processor.shutdown();
      expect(clock.pending).toBe(0);
    });
  }

  it('lets the queue go on in its slot, so that one worker drains too', async () => {
    const { processor } = await started({ workerCount: 1 }, async (request) => {
      if (request.id !== 0) return request.id;
      await settled();
      await processor.shutdown();
      return 'done';
    });
    const promises = [0, 1, 2].map((id) => processor.processRequest(arrive(id)));
    expect((await Promise.all(promises)).map(({ result }) => result)).toEqual(['done', 1, 2]);
  });

  it('from several handlers, and from one nested in another, waits for none of them', async () => {
    const { processor } = await started({ workerCount: 8 }, async (request) => {
      if (request.id === 'outer') return (await processor.processRequest(arrive('inner'))).result;
      await settled();
      await processor.shutdown();
      return request.id;
    });
    const promises = ['a', 'outer', 'b'].map((id) => processor.processRequest(arrive(id)));
    expect((await Promise.all(promises)).map(({ result }) => result)).toEqual(['a', 'inner', 'b']);
  });

  it('waits there for all others, and outside for that handler too', async () => {
    const log: string[] = [];
    let finish = (): void => undefined;
    const last = new Promise<void>((resolve) => (finish = resolve));
    let other = (): void => undefined;
    const { processor } = await started({}, async (request) => {
      if (request.id === 'other') return new Promise<void>((resolve) => (other = resolve));
      await processor.shutdown().then(() => log.push('inside'));
      await last;
      return 1;
    });
    const promises = ['other', 'closer'].map((id) => processor.processRequest(arrive(id)));
    const outside = processor.shutdown().then(() => log.push('outside'));
    await settled();
    expect(log).toEqual([]);
    other();
    await settled();
    expect(log).toEqual(['inside']);
    finish();
    await Promise.all([...promises, outside]);
    expect(log).toEqual(['inside', 'outside']);
  });

  it('is aborted when the time is up', async () => {
    const { processor, clock } = await started({ shutdownTimeout: 100 }, async () => {
      await processor.shutdown();
      return new Promise(() => undefined);
    });
    const promise = processor.processRequest(arrive(1));
    await settled();
    clock.advance(100);
    expect((await promise).error).toEqual(CUT_OFF);
    await processor.shutdown();
    expect(processor.statistics()).toMatchObject({ activeWorkers: 0, abandoned: 1 });
  });
});
