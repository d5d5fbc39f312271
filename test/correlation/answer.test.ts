import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { AirsMcpRemoteError } from '../../src/base/remote.js';
import type { Answer } from '../../src/correlation/answer.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { Random } from '../support/random.js';
import { bytesOf, resultText } from '../support/frames.js';
import { answer, arriving, codeOf, errorAnswer, failureOf, follow, isReleased, settle, setUp } from './support.js';

/** The only message of a line that may be broken or too long. */
function received(text: string, config: { maxMessageSize?: number; strictValidation?: boolean } = {}): JsonRpcMessage {
  const [message] = new StreamingParser(config).parseMultipleFromBytes(bytesOf(`${text}\n`));
  if (message === undefined) throw new Error('no message');
  return message;
}

describe('a response', () => {
  it('settles its request with the parsed result, and is released', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest(JsonRpcMessage.request(1, 'ping'));
    expect([manager.isPending(1), manager.pendingIds()]).toEqual([true, [1]]);
    const message = answer(1, { a: [1, 'x'] });
    expect(manager.correlateResponse(message)).toBe(true);
    expect([manager.isPending(1), manager.pendingIds()]).toEqual([false, []]);
    expect(await promise).toEqual({ a: [1, 'x'] });
    expect(isReleased(message)).toBe(true);
  });

  it.each([null, false, 0, '', [], {}])('may hold %j', async (result) => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    manager.correlateResponse(answer(1, result));
    expect(await promise).toEqual(result);
  });

  it('is handed over unparsed and unreleased with raw', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 }, { raw: true });
    const message = answer(1, [1]);
    expect(manager.correlateResponse(message)).toBe(true);
    expect(await promise).toBe(message);
    expect(isReleased(message)).toBe(false);
    expect(Buffer.from(message.rawResult ?? []).toString()).toBe('[1]');
  });

  it('that comes twice settles once; the second is counted as late and stays the caller\'s', async () => {
    const { manager } = setUp();
    const fate = follow(manager.registerRequest({ id: 1 }));
    manager.correlateResponse(answer(1, 'first'));
    const second = answer(1, 'second');
    expect(manager.correlateResponse(second)).toBe(false);
    expect(manager.correlateResponse(errorAnswer(1, '{"code":1,"message":"third"}'))).toBe(false);
    await settle();
    expect(fate).toMatchObject({ said: '"first"', times: 1 });
    expect(isReleased(second)).toBe(false);
    expect(manager.statistics()).toMatchObject({ completed: 1, late: 2, unknown: 0 });
  });

  it('to an id that was never given is counted as unknown', () => {
    const { manager } = setUp();
    void manager.registerRequest({ id: 1 });
    for (const idText of ['2', '"1"', '""', 'null', '1.5', '-1']) expect(manager.correlateResponse(answer(idText))).toBe(false);
    expect(manager.correlateResponse(arriving('{"jsonrpc":"2.0","error":{"code":-32700,"message":"?"}}'))).toBe(false);
    expect(manager.statistics()).toMatchObject({ pendingCount: 1, unknown: 7, late: 0 });
  });

  it('keeps 1, "1", and "" apart', async () => {
    const { manager } = setUp();
    const fates = [1, '1', '', 0].map((id) => follow(manager.registerRequest({ id })));
    expect(new Set(manager.pendingIds())).toEqual(new Set([1, '1', '', 0]));
    manager.correlateResponse(answer('"1"', 'text'));
    manager.correlateResponse(answer('""', 'empty'));
    await settle();
    expect(fates.map((fate) => fate.said)).toEqual(['pending', '"text"', '"empty"', 'pending']);
  });

  it('finds ids past 2^53 by their digits', async () => {
    const { manager } = setUp();
    const request = (id: string) => arriving(`{"jsonrpc":"2.0","id":${id},"method":"m"}`);
    const [even, odd] = [request('9007199254740992'), request('9007199254740993')];
    const fates = [even, odd].map((message) => follow(manager.registerRequest(message)));
    manager.correlateResponse(answer('9007199254740993', 'odd'));
    await settle();
    expect(fates.map((fate) => fate.said)).toEqual(['pending', '"odd"']);
    expect([manager.isPending(even), manager.isPending(odd)]).toEqual([true, false]);
    expect(manager.cancelRequest(even)).toBe(true);
  });

  it('may come in any order', async () => {
    const { manager } = setUp();
    const random = new Random(7);
    const ids = Array.from({ length: 3_000 }, (_, id) => (id % 3 === 0 ? `s${id}` : id));
    const promises = ids.map((id) => manager.registerRequest({ id }));
    const order = [...ids].sort(() => random.below(3) - 1);
    for (const id of order) expect(manager.correlateResponse(answer(JSON.stringify(id), id))).toBe(true);
    expect(await Promise.all(promises)).toEqual(ids);
  });

  it('is not held once its caller has it', async () => {
    const { manager } = setUp();
    const held = await (async (): Promise<WeakRef<object>> => {
      const promise = manager.registerRequest({ id: 1 });
      manager.correlateResponse(answer(1, { large: true }));
      return new WeakRef((await promise) as object);
    })();
    for (let turn = 0; turn < 100 && held.deref() !== undefined; turn++) {
      await settle();
      globalThis.gc?.();
    }
    expect(held.deref()).toBeUndefined();
    expect(manager.statistics().completed).toBe(1);
  });

  it('remembers 1,024 settled requests and no more', () => {
    const { manager } = setUp();
    for (let id = 0; id <= 1_024; id++) {
      void manager.registerRequest({ id });
      manager.correlateResponse(answer(id));
    }
    manager.correlateResponse(answer(1));
    expect(manager.statistics()).toMatchObject({ late: 1, unknown: 0 });
    manager.correlateResponse(answer(0));
    expect(manager.statistics()).toMatchObject({ late: 1, unknown: 1 });
  });

  it('whose result cannot be parsed fails its request', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    const message = received('{"jsonrpc":"2.0","id":1,"result":[tru]}', { strictValidation: false });
    expect(message.kind).toBe('response');
    expect(manager.correlateResponse(message)).toBe(true);
    expect(await codeOf(promise)).toBe('AIRS_MCP_PARSE_ERROR');
    expect(isReleased(message)).toBe(true);
    expect(manager.statistics()).toMatchObject({ completed: 0, failed: 1 });
  });
});

describe('a message that is no answer', () => {
  it.each(['{"jsonrpc":"2.0","id":1,"method":"ping"}', '{"jsonrpc":"2.0","method":"ping"}'])('%s is left alone', (text) => {
    const { manager } = setUp();
    void manager.registerRequest({ id: 1 });
    const message = arriving(text);
    expect(manager.correlateResponse(message)).toBe(false);
    expect(isReleased(message)).toBe(false);
    expect(manager.statistics()).toMatchObject({ pendingCount: 1, late: 0, unknown: 0 });
  });
});

describe('an invalid message', () => {
  it('that was going to be the answer fails its request', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    const long = received(resultText('1', `"${'x'.repeat(200)}"`), { maxMessageSize: 100 });
    expect(manager.correlateResponse(long)).toBe(true);
    expect(await codeOf(promise)).toBe('AIRS_MCP_MESSAGE_TOO_LARGE');
    expect(manager.statistics()).toMatchObject({ failed: 1 });
  });

  it('with a result beside an error fails its request', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    expect(manager.correlateResponse(received('{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}'))).toBe(true);
    expect(await codeOf(promise)).toBe('AIRS_MCP_INVALID_REQUEST');
  });

  it.each(['{"jsonrpc":"2.0","id":1}', '{"id":1,"extra":0,"jsonrpc":"2.0"}'])('that lost its result (%s) fails its request, and is late after it', async (text) => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    const [first, second] = [received(text), received(text)];
    expect(manager.correlateResponse(first)).toBe(true);
    const failure = await failureOf(promise);
    expect([failure.code, failure.message]).toEqual(['AIRS_MCP_INVALID_REQUEST', 'neither method, result, nor error is present']);
    expect(manager.correlateResponse(second)).toBe(false);
    expect([isReleased(first), isReleased(second)]).toEqual([true, false]);
    expect(manager.statistics()).toMatchObject({ failed: 1, late: 1, unknown: 0 });
  });

  const others = [
    '{"jsonrpc":"2.0","id":1,"method":"m","params":7}', '{"jsonrpc":"2.0","id":1,"params":{}}', '{"jsonrpc":"2.0","id":"1"}',
    '{"jsonrpc":"2.0","id":null}', '{"jsonrpc":"2.0"}', '{"id":1}', '{"id":1,"msg":"a line of a log"}', '{"jsonrpc":"2.0","id":1', '{"id"', '7',
  ];
  it.each(others)('%s is left alone', (text) => {
    const { manager } = setUp();
    void manager.registerRequest({ id: 1 });
    expect(manager.correlateResponse(received(text))).toBe(false);
    expect(manager.statistics()).toMatchObject({ pendingCount: 1, unknown: 0 });
  });
});

describe("the peer's error", () => {
  it('keeps its number, text, and data, and is released', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 }, { raw: true });
    const message = errorAnswer(1, '{"code":-32601,"message":"no such method","data":{"tried":["a"]}}');
    expect(manager.correlateResponse(message)).toBe(true);
    const error = await failureOf(promise);
    expect(error).toBeInstanceOf(AirsMcpRemoteError);
    expect(error).toBeInstanceOf(AirsMcpError);
    expect(error).toMatchObject({
      name: 'AirsMcpRemoteError', code: 'AIRS_MCP_REMOTE', remoteCode: -32601, rpcCode: -32601,
      message: 'no such method', data: { tried: ['a'] },
    });
    expect(isReleased(message)).toBe(true);
    expect(manager.statistics()).toMatchObject({ failed: 1, completed: 0, successRate: 0 });
  });

  it('has no data where the peer sent none', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    manager.correlateResponse(errorAnswer(1, '{"code":5,"message":""}'));
    expect(await failureOf(promise)).toMatchObject({ remoteCode: 5, message: '', data: undefined });
  });

  it.each([
    ['{}', -32603, {}],
    ['{"code":"5","message":"m"}', -32603, { code: '5', message: 'm' }],
    ['{"code":7,"message":null}', 7, { code: 7, message: null }],
    ['{"code":null,"data":3}', -32603, { code: null, data: 3 }],
    ['{"__proto__":{"code":9,"message":"x"}}', -32603, { ['__proto__']: { code: 9, message: 'x' } }],
  ])('may be malformed: %s', async (text, remoteCode, data) => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    expect(manager.correlateResponse(errorAnswer(1, text))).toBe(true);
    const error = await failureOf(promise);
    expect(error).toMatchObject({ code: 'AIRS_MCP_REMOTE', remoteCode });
    expect(error).toHaveProperty('data', data);
    expect(error.message).not.toBe('');
  });

  it.each([null, undefined, 'text', 5, []])('may be %j', (error) => {
    const { remoteCode, data } = AirsMcpRemoteError.from(error);
    expect([remoteCode, data]).toEqual([-32603, error]);
  });

  it('that cannot be parsed fails its request all the same', async () => {
    const { manager } = setUp();
    const promise = manager.registerRequest({ id: 1 });
    let released = 0;
    const broken: Answer = {
      kind: 'error', id: 1, idText: '1', result: undefined, failure: undefined, intent: 'answer', isHollow: false,
      get error(): undefined { throw new AirsMcpError('AIRS_MCP_PARSE_ERROR'); },
      release: () => { released++; },
    };
    expect(manager.correlateResponse(broken)).toBe(true);
    expect(await codeOf(promise)).toBe('AIRS_MCP_PARSE_ERROR');
    expect(released).toBe(1);
  });
});
