import { describe, expect, it } from 'vitest';
import { Deferred, facing, request, result, until } from './support.js';

/** Ids as they are written; each is another. */
const IDS = [
  '1', '"1"', '1.0', '1e0', '0', '-0', '""', '"0"', '-7', '2147483647', '2147483648', '9007199254740991', '9007199254740993', '9223372036854775808',
  '9223372036854775809', '1e400', '1.5', '"caf\u00e9"', '"a\\"b"', '"\\u0000"', '"\\u0000n1"', '"\\ud800"', 'null', '"null"', `"${'i'.repeat(1000)}"`,
];

const ask = (id: string, method = 'm'): string => `{"jsonrpc":"2.0","method":"${method}","id":${id}}`;

describe('the id of a request', () => {
  it.each(IDS)('is echoed byte for byte: %s', async (id) => {
    const { peer, say, text } = await facing({ handlers: { m: () => 7, bad: () => Promise.reject(new Error('no')) } });
    say(ask(id), ask(id, 'bad'));
    expect(await text()).toBe(`{"jsonrpc":"2.0","id":${id},"result":7}`);
    expect(await text()).toBe(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"no"}}`);
    await peer.close();
  });

  it('is another than that of all others in flight, which are answered each', async () => {
    const gate = new Deferred();
    const { peer, say, text } = await facing({ handlers: { m: () => gate.promise } });
    say(...IDS.map((id) => ask(id)));
    await until(() => peer.processor.statistics().activeWorkers === IDS.length);
    gate.resolve();
    const answers: string[] = [];
    while (answers.length < IDS.length) answers.push(await text());
    expect(answers).toEqual(IDS.map((id) => `{"jsonrpc":"2.0","id":${id},"result":null}`));
    await peer.close();
  });

  it.each([...IDS.map((id) => [id, id]), ['"a"', '"\\u0061"']] as [string, string][])(
    'that is in flight is refused, and free again afterwards: %s, %s',
    async (first, second) => {
      const gate = new Deferred();
      const { peer, say, text } = await facing({ handlers: { slow: () => gate.promise, m: () => 7 } });
      say(ask(first, 'slow'), ask(second));
      expect(await text()).toMatch(`{"jsonrpc":"2.0","id":${second},"error":{"code":-32600,`);
      gate.resolve();
      expect(await text()).toBe(`{"jsonrpc":"2.0","id":${first},"result":null}`);
      say(ask(second));
      expect(await text()).toBe(`{"jsonrpc":"2.0","id":${second},"result":7}`);
      await peer.close();
    },
  );

  it('that is refused three times over does not free the first, and 1.0 does not free 1', async () => {
    const gates = [new Deferred(), new Deferred()];
    const begun: unknown[] = [];
    const { peer, say, text } = await facing({ handlers: { slow: ({ message }) => gates[begun.push(message.idText) - 1]?.promise } });
    say(ask('1', 'slow'), ask('1.0', 'slow'), ask('1', 'slow'), ask('1.0', 'slow'));
    expect([await text(), await text()].map((line) => (JSON.parse(line) as { error: object }).error)).toMatchObject([{ code: -32600 }, { code: -32600 }]);
    gates[1]?.resolve();
    expect(await text()).toBe('{"jsonrpc":"2.0","id":1.0,"result":null}');
    say(ask('1', 'slow'));
    expect(JSON.parse(await text())).toMatchObject({ id: 1, error: { code: -32600 } });
    gates[0]?.resolve();
    expect(await text()).toBe('{"jsonrpc":"2.0","id":1,"result":null}');
    expect(begun).toEqual(['1', '1.0']);
    await peer.close();
  });

  it('that is written otherwise than another stays taken when that is done, and is cancelled by its value', async () => {
    const gates = [new Deferred(), new Deferred()];
    const begun: unknown[] = [];
    const { peer, say, text } = await facing({ handlers: { slow: ({ message }) => gates[begun.push(message.idText) - 1]?.promise } });
    say(ask('1', 'slow'), ask('1.0', 'slow'));
    await until(() => begun.length === 2);
    gates[0]?.resolve();
    expect(await text()).toBe('{"jsonrpc":"2.0","id":1,"result":null}');
    say(ask('1.0', 'slow'));
    expect(JSON.parse(await text())).toMatchObject({ id: 1, error: { code: -32600 } });
    say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await until(() => peer.processor.statistics().cancelled === 1);
    await peer.close();
  });

  it('may be one of ours as well: the two sides count for themselves', async () => {
    const { peer, say, heard } = await facing({ handlers: { m: () => 'theirs' } });
    const call = peer.request('x');
    expect(await heard()).toMatchObject({ id: 1, method: 'x' });
    say(request(1, 'm'));
    expect(await heard()).toMatchObject({ id: 1, result: 'theirs' });
    say('{"jsonrpc":"2.0","id":1.0,"result":"ours"}');
    expect(await call).toBe('ours');
    await peer.close();
  });

  it('may be any number: those that end in the same bits do not disturb each other', async () => {
    const ids = [3, 3 + 2048, 3 + 4096, 3 - 2048, 3 + 2 ** 32, 3 + 2 ** 40, 3 - 2 ** 40];
    for (const order of [ids, [...ids].reverse(), [ids[3], ids[0], ids[6], ids[1], ids[5], ids[2], ids[4]] as number[]]) {
      const gates = new Map(ids.map((id) => [id, new Deferred<number>()]));
      const { peer, say, heard } = await facing({ handlers: { slow: ({ id }) => gates.get(id as number)?.promise } });
      say(...ids.map((id) => request(id, 'slow')), ...ids.map((id) => request(id, 'slow')));
      for (const id of ids) expect(await heard()).toMatchObject({ id, error: { code: -32600 } });
      for (const id of order) {
        gates.get(id)?.resolve(id);
        expect(await heard()).toEqual(result(id, id));
        say(request(id, 'none'));
        expect(await heard()).toMatchObject({ id, error: { code: -32601 } });
      }
      await peer.close();
    }
  });

  it('may be any number when it is cancelled', async () => {
    const ids = [3, 3 + 2048, 3 + 2 ** 40];
    const aborted: unknown[] = [];
    const { peer, say } = await facing({
      handlers: { slow: ({ id, signal }) => new Promise(() => signal.addEventListener('abort', () => aborted.push(id))) },
    });
    say(...ids.map((id) => request(id, 'slow')));
    for (const id of [...ids].reverse()) say({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
    await until(() => peer.processor.statistics().cancelled === 3);
    expect(aborted).toEqual([...ids].reverse());
    await peer.close();
  });
});
