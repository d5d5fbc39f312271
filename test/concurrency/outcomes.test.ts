import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { AirsMcpRemoteError } from '../../src/base/remote.js';
import { rawJson } from '../../src/message/json.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { arrive, settled, started } from './support.js';

const wire = (message: JsonRpcMessage): unknown => JSON.parse(Buffer.from(message.toBytes()).toString());

/** What a handler's result or throw becomes on the wire, both as it is and through a promise. */
async function answers(act: () => unknown): Promise<unknown> {
  const direct = await started({}, act);
  const promised = await started({}, async () => act());
  const [first, second] = await Promise.all([direct, promised].map(({ processor }) => processor.processRequest(arrive('i"d'))));
  expect(wire(first as JsonRpcMessage)).toEqual(wire(second as JsonRpcMessage));
  for (const { processor } of [direct, promised]) {
    expect(processor.statistics()).toMatchObject({ activeWorkers: 0, totalProcessed: 1 });
    expect(processor.statistics().failed).toBe(first?.kind === 'error' ? 1 : 0);
  }
  return wire(first as JsonRpcMessage);
}

const failing = (thrown: unknown) =>
  answers(() => {
    throw thrown;
  });

const error = (code: number, message: unknown, data?: unknown) =>
  ({ jsonrpc: '2.0', id: 'i"d', error: data === undefined ? { code, message } : { code, message, data } });

describe('a result', () => {
  for (const value of [null, 0, '', 'text', false, [], {}, { a: [1, { b: null }] }, [undefined], new Date(0)]) {
    it(`${JSON.stringify(value)} is sent as it is`, async () => {
      expect(await answers(() => value)).toEqual({ jsonrpc: '2.0', id: 'i"d', result: JSON.parse(JSON.stringify(value)) });
    });
  }

  for (const [name, value] of [['undefined', undefined], ['a function', () => 1], ['a symbol', Symbol('s')]] as const) {
    it(`${name} is sent as null`, async () => {
      expect(await answers(() => value)).toEqual({ jsonrpc: '2.0', id: 'i"d', result: null });
    });
  }

  it('that is JSON already is sent byte for byte', async () => {
    const { processor } = await started({}, () => rawJson(Buffer.from('{"a" :1e2}')));
    const response = await processor.processRequest(arrive(7));
    expect(Buffer.from(response.toBytes()).toString()).toBe('{"jsonrpc":"2.0","id":7,"result":{"a" :1e2}}');
  });

  it('repeats the exact id', async () => {
    const { processor } = await started({}, () => 1);
    const request = JsonRpcMessage.fromBytes(Buffer.from('{"jsonrpc":"2.0","id":12345678901234567890,"method":"x"}'));
    expect((await processor.processRequest(request)).idText).toBe('12345678901234567890');
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const unwritable: [string, unknown][] = [
    ['a BigInt', 1n], ['a nested BigInt', { deep: [1n] }], ['a cycle', cycle],
    ['a toJSON that throws', { toJSON: () => { throw new Error('hidden'); } }],
    ['a getter that throws', { get a() { throw new Error('hidden'); } }],
  ];
  for (const [name, value] of unwritable) {
    it(`that JSON can't hold (${name}) is an error response, before the promise gives it`, async () => {
      expect(await answers(() => value)).toEqual(error(-32603, 'a value cannot be written as JSON'));
    });
  }

  it('whose `then` throws is an error, and one that calls back twice settles once', async () => {
    const hostile = { get then() { throw new Error('no then'); } };
    const { processor } = await started({}, () => hostile);
    expect(wire(await processor.processRequest(arrive('i"d')))).toEqual(error(-32603, 'no then'));
    const double = {
      then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        resolve(1);
        resolve(2);
        reject(new Error('late'));
        throw new Error('later');
      },
    };
    const twice = await started({}, () => double);
    expect(await twice.processor.processRequest(arrive(1))).toMatchObject({ result: 1 });
    expect(twice.processor.statistics()).toMatchObject({ activeWorkers: 0, totalProcessed: 1, failed: 0, abandoned: 0 });
  });
});

describe('what a handler throws', () => {
  it('keeps an integer code with message and data', async () => {
    const thrown = { code: -32602, message: 'bad params', data: { at: 1 } };
    expect(await failing(thrown)).toEqual(error(-32602, 'bad params', { at: 1 }));
    expect(await failing(Object.assign(new Error('mine'), { code: 42, data: null }))).toEqual(error(42, 'mine', null));
    expect(await failing({ code: 5 })).toEqual(error(5, 'internal error'));
  });

  it('is -32603 with the message alone otherwise', async () => {
    expect(await failing(new Error('went wrong'))).toEqual(error(-32603, 'went wrong'));
    const system = Object.assign(new Error('gone'), { code: 'ENOENT', data: 'private' });
    expect(await failing(system)).toEqual(error(-32603, 'gone'));
    expect(await failing(Object.assign(new Error('half'), { code: 1.5 }))).toEqual(error(-32603, 'half'));
    expect(await failing('just text')).toEqual(error(-32603, 'just text'));
    for (const odd of [undefined, null, new Error(''), {}, Symbol('s'), { message: {} }, Object.create(null), 1n]) {
      expect(await failing(odd)).toEqual(error(-32603, 'internal error'));
    }
  });

  it('never shows the stack', async () => {
    expect(JSON.stringify(await failing(new Error('went wrong')))).not.toMatch(/stack|test\.ts|\bat /);
  });

  it('survives hostile objects', async () => {
    const trap = () => {
      throw new Error('trap');
    };
    const hostile = new Proxy({}, { get: trap, getPrototypeOf: trap });
    expect(await failing(hostile)).toEqual(error(-32603, 'internal error'));
    expect(await failing({ code: -32000, message: 'data lost', data: 1n })).toEqual(error(-32000, 'data lost'));
  });

  it('keeps the number of our own errors, and a remote one with its data', async () => {
    expect(await failing(new AirsMcpError('AIRS_MCP_PARSE_ERROR'))).toEqual(error(-32700, 'the frame is not valid JSON'));
    expect(await failing(new AirsMcpError('AIRS_MCP_POOL_CLOSED', 'closed'))).toEqual(error(-32603, 'closed'));
    expect(await failing(new AirsMcpRemoteError(-7, 'theirs', [1]))).toEqual(error(-7, 'theirs', [1]));
  });
});

describe('statistics', () => {
  it('count outcomes and measure waiting and processing', async () => {
    const { processor, gate, clock } = await started({ workerCount: 1 });
    const promises = ['a', 'b', 'c'].map((id) => processor.processRequest(arrive(id)));
    clock.advance(30);
    gate.call('a').resolve();
    await promises[0];
    clock.advance(10);
    gate.call('b').reject(new Error('no'));
    await promises[1];
    clock.advance(20);
    gate.call('c').resolve();
    await promises[2];
    const { avgProcessingTime, processingTime, avgWaitingTime, waitingTime, ...counts } = processor.statistics();
    expect(counts).toEqual({
      activeWorkers: 0, queueDepth: 0, peakQueueDepth: 2, waitingForRoom: 0, heldResponses: 0, underPressure: false,
      totalProcessed: 3, failed: 1, timedOut: 0, cancelled: 0, rejected: 0, abandoned: 0,
    });
    expect(avgProcessingTime).toBeCloseTo(20, 5);
    expect(avgWaitingTime).toBeCloseTo(70 / 3, 5);
    const within = (value: number, truth: number) => expect(Math.abs(value - truth)).toBeLessThanOrEqual(truth * 0.01);
    [processingTime.p50, processingTime.p99, processingTime.max].forEach((value, i) => within(value, [20, 30, 30][i] as number));
    [waitingTime.p50, waitingTime.p90, waitingTime.max].forEach((value, i) => within(value, [30, 40, 40][i] as number));
  });

  it('are zero before anything ran', async () => {
    const { processor } = await started();
    const none = { p50: 0, p90: 0, p99: 0, max: 0 };
    expect(processor.statistics()).toMatchObject({ avgProcessingTime: 0, processingTime: none, avgWaitingTime: 0, waitingTime: none });
  });
});

describe('submit', () => {
  it('tells a receiver, for a notification that there is nothing to send', async () => {
    const { processor, gate } = await started({ workerCount: 1 });
    const told: unknown[] = [];
    const receiver = {
      answer: (response: JsonRpcMessage | null) => told.push(response === null ? null : response.id),
      refuse: (failure: AirsMcpError) => told.push(failure.code),
    };
    const messages = [arrive(1), JsonRpcMessage.notification('n'), arrive(3), JsonRpcMessage.notification('bad')];
    const jobs = messages.map((message) => processor.submit(message, receiver));
    expect(processor.cancel(jobs[2] as never, 'why')).toBe(true);
    expect(processor.cancel(jobs[2] as never)).toBe(false);
    gate.calls[0]?.resolve();
    await settled();
    gate.calls[1]?.resolve();
    await settled();
    gate.calls[2]?.reject(new Error('a notification has no one to tell'));
    await settled();
    expect(told).toEqual(['AIRS_MCP_CANCELLED', 1, null, null]);
    expect(processor.statistics()).toMatchObject({ totalProcessed: 3, failed: 1, cancelled: 1 });
  });
});
