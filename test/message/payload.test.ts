import { afterEach, describe, expect, it, vi } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { LineFramer } from '../../src/message/line.js';
import type { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { codeOf } from '../buffer/memory.js';
import { bytesOf, feed, lent, requestText, resultText, textOf } from '../support/frames.js';

afterEach(() => vi.restoreAllMocks());

const PAYLOADS = ['{"a":1}', '{ "a" : [ 1.0 , 1e2 ] }', '[]', '{"text":"ü\\u00fc\\n"}', '{"a":1,"a":2}', '{"__proto__":{"x":1}}'];

function receive(line: string, strictValidation = true): JsonRpcMessage {
  const message = new StreamingParser({ strictValidation }).parseFromBytes(bytesOf(`${line}\n`));
  if (message === null) throw new Error('a line is a message');
  return message;
}

describe('a payload', () => {
  it('is not parsed until somebody reads it, and then once', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const message = receive(requestText('1', 'tools/call', '{"name":"x"}'));
    const read: unknown[] = [message.kind, message.id, message.idText, message.method, message.rawParams, message.byteLength, message.toBytes(), message.withId(2)];
    expect(read).toHaveLength(8);
    expect(parse).not.toHaveBeenCalled();
    const { params } = message;
    expect(params).toEqual({ name: 'x' });
    expect(message.params).toBe(params);
    expect(message.at('/params/name')).toBe('x');
    expect(parse).toHaveBeenCalledTimes(1);
    expect(parse).toHaveBeenCalledWith('{"name":"x"}');
  });

  it('that is malformed goes unnoticed without strict validation, until it is read', () => {
    for (const payload of ['{"a":tru}', '{"a":01}', '[1,,2]', '{"a":"\\x"}']) {
      for (const line of [requestText('5', 'm', payload), resultText('5', payload)]) {
        const message = receive(line, false);
        expect([message.kind === 'invalid', message.id]).toEqual([false, 5]);
        expect(textOf(message.rawParams ?? message.rawResult)).toBe(payload);
        const read = (): unknown => (message.kind === 'request' ? message.params : message.result);
        expect(codeOf(read)).toBe('AIRS_MCP_PARSE_ERROR');
        expect(codeOf(read)).toBe('AIRS_MCP_PARSE_ERROR');
        expect(codeOf(() => message.toJSON())).toBe('AIRS_MCP_PARSE_ERROR');
        expect(receive(line).failure?.code).toBe('AIRS_MCP_PARSE_ERROR');
      }
    }
  });

  it('keeps the SyntaxError as the cause', () => {
    const message = receive(resultText('5', '{"a":tru}'), false);
    try {
      expect.unreachable(`read ${String(message.result)}`);
    } catch (error) {
      expect((error as Error).cause).toBeInstanceOf(SyntaxError);
    }
  });

  it.each(PAYLOADS)('%s is what JSON.parse makes of it, and its raw bytes are exact', (payload) => {
    const value: unknown = JSON.parse(payload);
    const request = receive(`{ "params" :  ${payload} , "method":"m","id":1,"jsonrpc":"2.0"}`);
    const response = receive(`{"jsonrpc":"2.0","id":1,"result" :  ${payload}\t}`);
    const failed = receive(`{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","data":${payload}}}`);
    expect([request.params, request.result, request.error]).toEqual([value, undefined, undefined]);
    expect([response.params, response.result, response.error]).toEqual([undefined, value, undefined]);
    expect([failed.params, failed.result, failed.error]).toEqual([undefined, undefined, { code: 1, message: '', data: value }]);
    expect([textOf(request.rawParams), request.rawResult]).toEqual([payload, undefined]);
    expect([response.rawParams, textOf(response.rawResult)]).toEqual([undefined, payload]);
    expect([failed.rawParams, failed.rawResult]).toEqual([undefined, undefined]);
  });

  it('may be a scalar in a response', () => {
    for (const result of ['null', 'true', '0', '-1.5', '"text"', '""']) {
      const message = receive(resultText('1', result));
      expect(message.result).toBe(JSON.parse(result));
      expect(textOf(message.rawResult)).toBe(result);
    }
  });

  it('that is absent is undefined', () => {
    const message = receive(requestText('1'));
    expect([message.params, message.rawParams, message.at('/params'), message.at('/params/x')]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('is the last of duplicates, under an escaped key as well', () => {
    const message = receive('{"jsonrpc":"2.0","id":1,"method":"m","params":{"n":1},"p\\u0061rams":{"n":2}}');
    expect(message.params).toEqual({ n: 2 });
    expect(textOf(message.rawParams)).toBe('{"n":2}');
    expect(message.at('/params/n')).toBe(2);
  });

  it('with a __proto__ key gives an own property and changes no prototype', () => {
    const params = receive(requestText('1', 'm', '{"__proto__":{"polluted":1}}')).params as object;
    expect(Object.hasOwn(params, '__proto__')).toBe(true);
    expect((params as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('bytes that are handed out', () => {
  it('repeat the frame exactly, without what surrounds it', () => {
    const text = '{"jsonrpc" :"2.0", "id":1.0,"method":"m"}';
    const message = receive(` \t${text} \r`);
    expect(textOf(message.toBytes())).toBe(text);
    expect(message.byteLength).toBe(text.length);
    expect(JSON.stringify(message)).toBe('{"jsonrpc":"2.0","id":1,"method":"m"}');
  });

  it.each([16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1])('stay as they are after release and much more input (%i bytes)', (size) => {
    const manager = new BufferManager({ readBufferCapacity: 64 * 1024 });
    const framer = new LineFramer(manager);
    const payload = JSON.stringify('v'.repeat(size - 2));
    const [message] = feed(framer, bytesOf(`${resultText('1', payload)}\n`));
    const result = message?.rawResult;
    const whole = message?.toBytes();
    const spliced = message?.withId('other');
    message?.release();
    for (let i = 0; i < 64; i++) {
      for (const other of feed(framer, bytesOf(`${resultText(String(i), JSON.stringify('x'.repeat(40_000)))}\n`))) other.release();
    }
    expect(textOf(result)).toBe(payload);
    expect(textOf(whole)).toBe(resultText('1', payload));
    expect(textOf(Buffer.concat(spliced ?? []))).toBe(resultText('"other"', payload));
    framer.close();
    const { read } = manager.metrics();
    // The memory that was viewed left the pool; all other input went through one more slab.
    expect([lent(manager), read.retired]).toEqual([0, 1]);
    expect(read.misses).toBe(2);
  });

  it('do not cost a slab where they are short', () => {
    const manager = new BufferManager();
    const framer = new LineFramer(manager);
    const [message] = feed(framer, bytesOf(`${resultText('1', '"short"')}\n`));
    expect(textOf(message?.rawResult)).toBe('"short"');
    void message?.toBytes();
    message?.release();
    framer.close();
    expect(manager.metrics().read).toMatchObject({ retired: 0, free: 1, lent: 0 });
  });
});
