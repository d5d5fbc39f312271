import { describe, expect, it } from 'vitest';
import type { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';
import { arrive, settled, started } from './support.js';

/** Submits in a handler and gives the result, or the code of the refusal. */
async function nested(processor: ConcurrentJsonRpcProcessor, id: string): Promise<unknown> {
  try {
    return (await processor.processRequest(arrive(id))).result;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a handler that submits to its own processor', () => {
  it('is served while slots are free', async () => {
    const { processor } = await started({ workerCount: 4 }, async (request) => {
      await Promise.resolve();
      const depth = Number(request.id);
      return depth === 3 ? ['bottom'] : [depth, await nested(processor, String(depth + 1))];
    });
    expect(await processor.processRequest(arrive('0'))).toMatchObject({ result: [0, [1, [2, ['bottom']]]] });
    expect(processor.statistics()).toMatchObject({ activeWorkers: 0, totalProcessed: 4 });
  });

  it('gets AIRS_MCP_QUEUE_FULL rather than waiting for its own slot, though the queue has room', async () => {
    const { processor } = await started({ workerCount: 1, queueCapacity: 10 }, async (request) => {
      await Promise.resolve();
      return request.id === 'outer' ? nested(processor, 'inner') : 'served';
    });
    expect(await processor.processRequest(arrive('outer'))).toMatchObject({ result: 'AIRS_MCP_QUEUE_FULL' });
    expect(await processor.processRequest(arrive('again'))).toMatchObject({ result: 'served' });
    expect(processor.statistics()).toMatchObject({ rejected: 1, activeWorkers: 0 });
  });

  it('gets null from tryProcessRequest there', async () => {
    const { processor } = await started({ workerCount: 1 }, async () => {
      await Promise.resolve();
      return processor.tryProcessRequest(arrive('inner')) === null;
    });
    expect(await processor.processRequest(arrive('outer'))).toMatchObject({ result: true });
  });

  it('gets AIRS_MCP_QUEUE_FULL from a full queue although others would make room', async () => {
    const { processor, gate } = await started({ workerCount: 2, queueCapacity: 1 }, async (request, context) => {
      if (request.id !== 'outer') return gate.handler(request, context);
      await settled();
      return nested(processor, 'inner');
    });
    void processor.processRequest(arrive('other'));
    const outer = processor.processRequest(arrive('outer'));
    void processor.processRequest(arrive('queued'));
    expect(await outer).toMatchObject({ result: 'AIRS_MCP_QUEUE_FULL' });
  });

  it('waits in the queue while another handler is sure to end', async () => {
    const { processor, gate } = await started({ workerCount: 2 }, async (request, context) => {
      await Promise.resolve();
      return request.id === 'outer' ? nested(processor, 'inner') : gate.handler(request, context);
    });
    const outer = processor.processRequest(arrive('outer'));
    void processor.processRequest(arrive('other'));
    await settled();
    expect(processor.statistics()).toMatchObject({ activeWorkers: 2, queueDepth: 1 });
    gate.call('other').resolve();
    await settled();
    gate.call('inner').resolve('by the slot of the other');
    expect(await outer).toMatchObject({ result: 'by the slot of the other' });
  });

  it('waits there again after another of its own was answered', async () => {
    const { processor, gate } = await started({ workerCount: 2 }, async (request, context) => {
      if (request.id !== 'outer') return gate.handler(request, context);
      return [await nested(processor, 'inner'), await nested(processor, 'next')];
    });
    const outer = processor.processRequest(arrive('outer'));
    void processor.processRequest(arrive('other'));
    gate.call('inner').resolve('answered');
    await settled();
    expect(processor.statistics()).toMatchObject({ activeWorkers: 2, queueDepth: 1 });
    gate.call('other').resolve();
    await settled();
    gate.call('next').resolve('as well');
    expect(await outer).toMatchObject({ result: ['answered', 'as well'] });
  });

  it('never deadlocks, whoever waits for whom', async () => {
    for (const workerCount of [1, 2, 3, 5]) {
      const { processor } = await started({ workerCount, queueCapacity: 4, requestTimeout: 0 }, async (request) => {
        const [depth] = request.params as [number];
        await settled();
        if (depth === 3) return 'leaf';
        const submit = (child: number) => processor.processRequest(arrive(`${String(request.id)}.${child}`, 'work', [depth + 1]));
        const inner = [0, 1].map(submit);
        const fates = await Promise.allSettled(inner);
        return fates.map((fate) => (fate.status === 'fulfilled' ? 'answered' : (fate.reason as { code: string }).code));
      });
      const roots = await Promise.all([0, 1, 2, 3, 4, 5].map((id) => processor.processRequest(arrive(`${id}`, 'work', [0]))));
      for (const { result } of roots) {
        for (const fate of result as string[]) expect(['answered', 'AIRS_MCP_QUEUE_FULL']).toContain(fate);
      }
      expect(processor.statistics()).toMatchObject({ activeWorkers: 0, queueDepth: 0, waitingForRoom: 0 });
      await processor.shutdown();
    }
  });

  it('is known through another processor too', async () => {
    const { processor: second } = await started({}, async () => {
      await Promise.resolve();
      return nested(first, 'back');
    });
    const { processor: first } = await started({ workerCount: 1 }, async () => {
      await Promise.resolve();
      return nested(second, 'there');
    });
    expect(await first.processRequest(arrive('start'))).toMatchObject({ result: 'AIRS_MCP_QUEUE_FULL' });
  });

  it('may go on submitting after its own answer as anyone else', async () => {
    let late: Promise<unknown> | undefined;
    const { processor, gate } = await started({ workerCount: 1 }, async (request, context) => {
      if (request.id !== 'outer') return gate.handler(request, context);
      late = settled().then(() => nested(processor, 'late'));
      return 'answered';
    });
    expect(await processor.processRequest(arrive('outer'))).toMatchObject({ result: 'answered' });
    void processor.processRequest(arrive('other'));
    await settled();
    expect(processor.statistics()).toMatchObject({ activeWorkers: 1, queueDepth: 1, rejected: 0 });
    gate.call('other').resolve();
    await settled();
    gate.call('late').resolve('late too');
    expect(await late).toBe('late too');
  });

  it('does not wait for its own answer\'s turn with ordered: true', async () => {
    const { processor } = await started({ workerCount: 4, ordered: true }, async (request) => {
      await Promise.resolve();
      return request.id === 'outer' ? nested(processor, 'inner') : 'inner result';
    });
    expect(await processor.processRequest(arrive('outer'))).toMatchObject({ result: 'inner result' });
  });

  it('synchronously, without end, runs on a finite stack', async () => {
    let calls = 0;
    const { processor, clock } = await started({ workerCount: 65_536, queueCapacity: 1 }, () => {
      if (++calls < 50_000) void processor.processRequest(arrive(calls));
      return calls;
    });
    await processor.processRequest(arrive(0));
    while (processor.statistics().totalProcessed < 50_000) clock.turn();
    expect(processor.statistics()).toMatchObject({ totalProcessed: 50_000, failed: 0, rejected: 0, activeWorkers: 0 });
  });
});
