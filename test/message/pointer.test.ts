import { afterEach, describe, expect, it, vi } from 'vitest';
import { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { codeOf } from '../buffer/memory.js';
import { bytesOf, requestText } from '../support/frames.js';

afterEach(() => vi.restoreAllMocks());

/** RFC 6901 section 5. */
const RFC = '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}';
const RFC_POINTERS: [string, unknown][] = [
  ['', JSON.parse(RFC)], ['/foo', ['bar', 'baz']], ['/foo/0', 'bar'], ['/', 0], ['/a~1b', 1], ['/c%d', 2], ['/e^f', 3], ['/g|h', 4],
  ['/i\\j', 5], ['/k"l', 6], ['/ ', 7], ['/m~0n', 8],
];

const line = (text: string): JsonRpcMessage => new StreamingParser().parseFromBytes(bytesOf(`${text}\n`)) as JsonRpcMessage;

/** A message with `params` received, received with its params read already, and built. */
function threeWays(params: string): [string, JsonRpcMessage][] {
  const text = requestText('1', 'm', params);
  const parsed = line(text);
  expect(parsed.params).toBeDefined();
  const built = JsonRpcMessage.request(1, 'm', JSON.parse(params));
  return [['received', line(text)], ['parsed', parsed], ['built', built], ['whole', JsonRpcMessage.fromBytes(bytesOf(text))]];
}

describe('at()', () => {
  it.each(RFC_POINTERS)('finds what RFC 6901 says for %j', (pointer, value) => {
    for (const [way, message] of threeWays(RFC)) expect(message.at(`/params${pointer}`), way).toEqual(value);
  });

  it.each(['/foo/2', '/foo/00', '/foo/01', '/foo/-', '/foo/-1', '/foo/1e0', '/foo/length', '/foo/ 1', '/foo/0/x', '/foo/4294967296', '/foo/99999999999999999999',
    '/missing', '/a/b', '/m~1n', '//x', '/foo/', '/FOO', '/toString', '/constructor', '/__proto__', '/foo/__proto__'])(
    'is undefined where there is nothing: %j', (pointer) => {
      for (const [way, message] of threeWays(RFC)) expect(message.at(`/params${pointer}`), way).toBeUndefined();
    });

  it('decodes ~01 as ~1, in that order', () => {
    for (const [way, message] of threeWays('{"~1":1,"/":2,"~":{"~":3},"a~/b":4}')) {
      expect([message.at('/params/~01'), message.at('/params/~1'), message.at('/params/~0/~0'), message.at('/params/a~0~1b')], way).toEqual([1, 2, 3, 4]);
    }
  });

  it.each(['x', 'params', ' /x', '/~', '/~2', '/a~', '/a~b/c', '/params/~', '#/params', 5, null, undefined])('refuses %j, which is no pointer', (pointer) => {
    for (const [way, message] of threeWays(RFC)) {
      expect(codeOf(() => message.at(pointer as string)), way).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
  });

  it('takes the last of duplicate keys, on every level', () => {
    for (const [way, message] of threeWays('{"a":{"b":1},"a":{"b":2,"b":3,"c":{}},"x":[{"y":1}],"x":5,"\\u0061\\u0062":1,"ab":2,"ab":{"z":1}}')) {
      expect([message.at('/params/a/b'), message.at('/params/x/0/y'), message.at('/params/x'), message.at('/params/ab/z')], way).toEqual([3, undefined, 5, 1]);
    }
  });

  it('treats __proto__ as a key like any other', () => {
    for (const [way, message] of threeWays('{"__proto__":{"x":1},"constructor":2}')) {
      expect([message.at('/params/__proto__/x'), message.at('/params/constructor'), message.at('/params/__proto__/toString')], way).toEqual([1, 2, undefined]);
    }
  });

  it('matches escaped and non-ASCII keys', () => {
    for (const [way, message] of threeWays('{"\\u00fc":1,"ü ü":2,"😀":3,"\\ud83d\\ude01":4,"a\\/b":5,"":{"":6}}')) {
      expect(['/ü', '/ü ü', '/😀', '/😁', '/a~1b', '//'].map((pointer) => message.at(`/params${pointer}`)), way).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('reaches every member of the message', () => {
    for (const [way, message] of threeWays('{"a":1}')) {
      expect(['/id', '/method', '/jsonrpc', '/params/a', '/result', '/paramsx', '/param'].map((pointer) => message.at(pointer)), way).toEqual(
        [1, 'm', '2.0', 1, undefined, undefined, undefined],
      );
      expect(message.at(''), way).toEqual({ jsonrpc: '2.0', id: 1, method: 'm', params: { a: 1 } });
      expect(message.at('/params'), way).toEqual({ a: 1 });
    }
    expect(line('{"jsonrpc":"2.0","id":1,"result":[{"a":null}],"extra":{"b":2}}').at('/extra/b')).toBe(2);
    expect(line('{"jsonrpc":"2.0","id":1,"result":[{"a":null}]}').at('/result/0/a')).toBeNull();
    expect(line('{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m","data":{"why":"x"}}}').at('/error/data/why')).toBe('x');
    expect(line('{"jsonrpc":"1.0","id":1,"params":{"a":5}}').at('/params/a')).toBe(5);
    expect(line('[oops').at('/0')).toBeUndefined();
  });

  it('parses only the value it finds, in a message of 1 MiB', () => {
    const filler = 'f'.repeat(1 << 20);
    for (const params of [`{"blob":"${filler}","name":"x","list":[1,{"y":[true]}]}`, `{"name":"x","list":[1,{"y":[true]}],"blob":"${filler}"}`]) {
      const message = line(requestText('1', 'm', params));
      const parse = vi.spyOn(JSON, 'parse');
      expect([message.at('/params/name'), message.at('/params/list/1/y/0'), message.at('/params/none')]).toEqual(['x', true, undefined]);
      // The fallback decodes keys too.
      expect(parse.mock.calls.map(([text]) => text).filter((text) => !/^"(?:blob|name|list|y)"$/.test(text))).toEqual(['"x"', 'true']);
      parse.mockRestore();
      expect(message.at('/params/blob')).toBe(filler);
      message.release();
    }
  });

  it('goes as deep as the message', () => {
    const depth = 2000;
    const message = line(requestText('1', 'm', `${'{"d":['.repeat(depth)}7${']}'.repeat(depth)}`));
    expect(message.at(`/params${'/d/0'.repeat(depth)}`)).toBe(7);
    expect(message.at(`/params${'/d/0'.repeat(depth)}/d`)).toBeUndefined();
  });

  it('reads past what is malformed elsewhere when the parser is not strict', () => {
    const message = new StreamingParser({ strictValidation: false }).parseFromBytes(bytesOf('{"jsonrpc":"2.0","id":1,"result":{"a":tru,"b":2}}\n'));
    expect(message?.kind).toBe('response');
    expect(codeOf(() => message?.at('/result/a'))).toBe('AIRS_MCP_PARSE_ERROR');
  });
});
