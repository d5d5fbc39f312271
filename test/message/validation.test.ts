import { describe, expect, it } from 'vitest';
import type { AirsMcpErrorCode } from '../../src/base/errors.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { codeOf } from '../buffer/memory.js';
import { bytesOf, cutAt, gists, requestText } from '../support/frames.js';

const GOOD = requestText('"good"');

interface Bad {
  text: string | Buffer;
  code: AirsMcpErrorCode;
  /** The id that is reported. */
  id?: string | number | null;
  intent?: 'call' | 'answer';
}

const invalid = (text: string, id?: Bad['id'], intent?: Bad['intent']): Bad =>
  ({ text, code: 'AIRS_MCP_INVALID_REQUEST', ...(id === undefined ? {} : { id }), ...(intent === undefined ? {} : { intent }) });
const syntax = (text: string, id?: Bad['id'], intent?: Bad['intent']): Bad => ({ ...invalid(text, id, intent), code: 'AIRS_MCP_PARSE_ERROR' });
const coding = (before: string, bytes: number[], after: string, id?: Bad['id']): Bad =>
  ({ text: Buffer.concat([bytesOf(before), Buffer.from(bytes), bytesOf(after)]), code: 'AIRS_MCP_INVALID_UTF8', ...(id === undefined ? {} : { id }) });

const RULES: [string, Bad][] = [
  ['no jsonrpc', invalid('{"id":1,"method":"m"}', 1, 'call')],
  ['another version', invalid('{"jsonrpc":"1.0","id":"a","method":"m"}', 'a', 'call')],
  ['a version that is a number', invalid('{"jsonrpc":2.0,"id":1,"result":1}', 1, 'answer')],
  ['a version that is null', invalid('{"jsonrpc":null,"id":null,"method":"m"}', null, 'call')],
  ['an id that is an object', invalid('{"jsonrpc":"2.0","id":{"a":1},"method":"m"}', undefined, 'call')],
  ['an id that an object replaces', invalid('{"jsonrpc":"2.0","id":1,"\\u0069d":{},"method":"m"}', undefined, 'call')],
  ['an id that is an array', invalid('{"jsonrpc":"2.0","id":[1],"method":"m"}', undefined, 'call')],
  ['an id that is a boolean', invalid('{"jsonrpc":"2.0","id":true,"result":1}', undefined, 'answer')],
  ['a method that is a number', invalid('{"jsonrpc":"2.0","id":1,"method":1}', 1, 'call')],
  ['a method that is null', invalid('{"jsonrpc":"2.0","id":1,"method":null}', 1, 'call')],
  ['a method that is an object', invalid('{"jsonrpc":"2.0","id":1,"method":{}}', 1, 'call')],
  ['a method beside a result', invalid('{"jsonrpc":"2.0","id":1,"method":"m","result":1}', 1)],
  ['a method beside an error', invalid('{"jsonrpc":"2.0","id":1,"method":"m","error":{}}', 1)],
  ['params that are a string', invalid('{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}', 1, 'call')],
  ['params that are a number', invalid('{"jsonrpc":"2.0","method":"m","params":0}', undefined, 'call')],
  ['both result and error', invalid('{"jsonrpc":"2.0","id":9,"result":1,"error":{"code":1,"message":""}}', 9, 'answer')],
  ['a result without an id', invalid('{"jsonrpc":"2.0","result":1}', undefined, 'answer')],
  ['an error that is a string', invalid('{"jsonrpc":"2.0","id":1,"error":"no"}', 1, 'answer')],
  ['an error that is null', invalid('{"jsonrpc":"2.0","id":1,"error":null}', 1, 'answer')],
  ['nothing of method, result, error', invalid('{"jsonrpc":"2.0","id":1.5}', 1.5)],
  ['an empty object', invalid('{}')],
  ['an empty object with a version', invalid('{"jsonrpc":"2.0"}')],
  ['a string', invalid('"text"')],
  ['a number', invalid('-1')],
  ['null', invalid('null')],
  ['an empty batch', invalid('[]')],
  ['an empty batch with a blank', invalid('[ ]')],
  ['garbage', syntax('hello world')],
  ['truncated', syntax('{"jsonrpc":"2.0","id":1,"method":"m"', 1, 'call')],
  ['truncated in its payload', syntax('{"jsonrpc":"2.0","id":"x","result":{"a":[1', 'x', 'answer')],
  ['truncated in its id', syntax('{"jsonrpc":"2.0","id":12')],
  ['a closing bracket too many', syntax('{"jsonrpc":"2.0","id":1,"method":"m"}}', 1, 'call')],
  ['a wrong closing bracket', syntax('{"jsonrpc":"2.0","id":1,"method":"m","params":[1}}', 1, 'call')],
  ['a trailing comma', syntax('{"jsonrpc":"2.0","id":1,"method":"m",}', 1, 'call')],
  ['a bad literal deep in params', syntax(requestText('7', 'm', '{"a":[{"b":nul}]}'), 7, 'call')],
  ['a bad number deep in params', syntax(requestText('7', 'm', '{"a":[{"b":01}]}'), 7, 'call')],
  ['a bare minus deep in params', syntax(requestText('7', 'm', '[[[-]]]'), 7, 'call')],
  ['a dot without digits', syntax(requestText('7', 'm', '[1.]'), 7, 'call')],
  ['NaN', syntax(requestText('7', 'm', '[NaN]'), 7, 'call')],
  ['a bad escape', syntax(requestText('7', 'm', '["\\x"]'), 7, 'call')],
  ['an unescaped control character', syntax(requestText('7', 'm', '["a\tb"]'), 7, 'call')],
  ['a NUL between tokens', syntax('{"jsonrpc":"2.0",\0"id":1,"method":"m"}')],
  ['a NUL in a string', syntax(requestText('7', 'm', '["\0"]'), 7, 'call')],
  ['a NUL after the message', syntax(`${requestText('7')}\0`, 7, 'call')],
  ['only NULs', syntax('\0\0\0')],
  ['an id that is malformed', syntax('{"jsonrpc":"2.0","id":01,"method":"m"}', undefined, 'call')],
  ['an invalid batch', syntax('[{"jsonrpc":"2.0","id":1,"method":"m"},]')],
  ['a comment', syntax('{"jsonrpc":"2.0",/* */"id":1,"method":"m"}')],
  ['single quotes', syntax("{'jsonrpc':'2.0'}")],
  ['no-break space between tokens', syntax('{\u00a0"jsonrpc":"2.0","id":1,"method":"m"}')],
  ['overlong UTF-8', coding('{"jsonrpc":"2.0","id":3,"method":"', [0xc0, 0xaf], '"}', 3)],
  ['a surrogate in UTF-8', coding('{"jsonrpc":"2.0","id":3,"method":"m","params":["', [0xed, 0xa0, 0x80], '"]}', 3)],
  ['a code point past U+10FFFF', coding('{"jsonrpc":"2.0","id":3,"result":"', [0xf4, 0x90, 0x80, 0x80], '"}', 3)],
  ['UTF-8 cut at the end of a string', coding('{"jsonrpc":"2.0","id":3,"result":"', [0xe2, 0x82], '"}', 3)],
  ['UTF-8 cut at the end of the frame', coding('{"jsonrpc":"2.0","id":3,"result":"', [0xf0, 0x9f, 0x98], '', 3)],
  ['a lone continuation byte', coding('{"jsonrpc":"2.0","id":3,"result":"', [0x80], '"}', 3)],
  ['0xFF', coding('', [0xff], '')],
  ['invalid UTF-8 in the id', coding('{"jsonrpc":"2.0","id":"', [0xff], '","method":"m"}')],
];

describe('what is no message', () => {
  it.each(RULES)('%s: fromBytes throws the code', (_name, bad) => {
    expect(codeOf(() => JsonRpcMessage.fromBytes(typeof bad.text === 'string' ? bytesOf(bad.text) : bad.text))).toBe(bad.code);
  });

  it.each(RULES)('%s: a parser delivers it in its place, with code and id, and the next message', (name, bad) => {
    const lines = Buffer.concat([bytesOf(`${GOOD}\n`), Buffer.from(bad.text as string), bytesOf(`\n${GOOD}\n`)]);
    const [first, middle, last, ...more] = new StreamingParser().parseMultipleFromBytes(lines);
    expect([first?.id, last?.id, more]).toEqual(['good', 'good', []]);
    expect([middle?.kind, middle?.failure?.code]).toEqual(['invalid', bad.code]);
    expect(middle?.failure?.rpcCode).toBe(bad.code === 'AIRS_MCP_INVALID_REQUEST' ? -32600 : -32700);
    expect(middle?.failure?.retryable).toBe(false);
    expect(middle?.id).toBe(bad.id);
    expect([middle?.method, middle?.params, middle?.result, middle?.error, middle?.rawParams, middle?.rawResult].slice(1)).toEqual(
      [undefined, undefined, undefined, undefined, undefined],
    );
    if (bad.intent !== undefined) expect(middle?.intent).toBe(bad.intent);
    expect(middle?.isHollow).toBe(name === 'nothing of method, result, error' || name === 'an empty object with a version');
    expect(middle?.failure).toBe(middle?.failure);
  });

  it.each(RULES)('%s: is the same at every split point', (_name, bad) => {
    const input = Buffer.concat([bytesOf(`${GOOD}\n`), Buffer.from(bad.text as string), bytesOf(`\n${GOOD}\n`)]);
    const whole = gists(new StreamingParser().parseMultipleFromBytes(input));
    expect(whole).toHaveLength(3);
    for (let cut = 0; cut <= input.length; cut++) {
      const parser = new StreamingParser();
      expect(cutAt(input, cut).flatMap((chunk) => gists(parser.parseMultipleFromBytes(chunk)))).toEqual(whole);
    }
  });

  it('is nothing at all: white space only, and no bytes', () => {
    for (const text of ['', ' ', '\n', '\r\n \t']) {
      expect(codeOf(() => JsonRpcMessage.fromBytes(bytesOf(text)))).toBe('AIRS_MCP_PARSE_ERROR');
      expect(new StreamingParser().parseMultipleFromBytes(bytesOf(`${text}\n`))).toEqual([]);
    }
  });

  it('is not a Uint8Array', () => {
    for (const argument of ['{}', null, undefined, [1], new ArrayBuffer(2), {}]) {
      expect(codeOf(() => JsonRpcMessage.fromBytes(argument as never))).toBe('AIRS_MCP_INVALID_ARGUMENT');
      expect(codeOf(() => new StreamingParser().parseFromBytes(argument as never))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
  });

  it('is a batch, for fromBytes', () => {
    for (const text of ['[{"jsonrpc":"2.0","method":"m"}]', '[1]', '[1,2,3]', `[${'1,'.repeat(700)}1]`]) {
      expect(codeOf(() => JsonRpcMessage.fromBytes(bytesOf(text)))).toBe('AIRS_MCP_INVALID_REQUEST');
    }
  });

  it('is what JSON.parse takes for JSON: its value can be read', () => {
    const [message] = new StreamingParser().parseMultipleFromBytes(bytesOf('{"id":1,"x":{"y":[2]}}\n'));
    expect(message?.kind).toBe('invalid');
    expect(message?.toJSON()).toEqual({ id: 1, x: { y: [2] } });
    expect(message?.at('/x/y/0')).toBe(2);
    const [broken] = new StreamingParser().parseMultipleFromBytes(bytesOf('{"id":1,\n'));
    expect(codeOf(() => broken?.toJSON())).toBe('AIRS_MCP_PARSE_ERROR');
    expect(Buffer.from(broken?.toBytes() ?? []).toString()).toBe('{"id":1,');
  });
});

describe('what is a message', () => {
  it.each([
    ['{"jsonrpc":"2.0","method":"m","params":null}', 'notification'],
    ['{"jsonrpc":"2.0","id":null,"method":""}', 'request'],
    ['{"jsonrpc":"2.0","id":null,"result":null}', 'response'],
    ['{"jsonrpc":"2.0","id":1,"params":"of an answer","result":1}', 'response'],
    ['{"jsonrpc":"2.0","error":{}}', 'error'],
    ['{"jsonrpc":"\\u0032.0","id":1,"method":"m"}', 'request'],
    ['{"jsonrpc":"1.0","jsonrpc":"2.0","id":{},"id":1,"method":1,"method":"m"}', 'request'],
    [' \t\r{ "jsonrpc" : "2.0" , "id" : 1 , "method" : "m" } \t\r', 'request'],
    [requestText('1', 'm', `${'['.repeat(10_000)}${']'.repeat(10_000)}`), 'request'],
    [requestText('1', 'm', `{"${'k'.repeat(1 << 20)}":1}`), 'request'],
    [`{"${'k'.repeat(1 << 20)}":1,"jsonrpc":"2.0","id":1,"method":"m"}`, 'request'],
    [requestText('1', 'm', '["\\ud800", 1e400, 123456789012345678901234567890, "\u2028\u007f"]'), 'request'],
  ])('%.60s', (text, kind) => {
    const parser = new StreamingParser();
    const [received] = parser.parseMultipleFromBytes(bytesOf(`${text}\n`));
    const whole = JsonRpcMessage.fromBytes(bytesOf(text));
    expect([received?.kind, whole.kind]).toEqual([kind, kind]);
    expect(received?.failure).toBeUndefined();
    expect(received?.intent).toBe(kind === 'request' || kind === 'notification' ? 'call' : 'answer');
    expect(Buffer.from(whole.toBytes()).toString()).toBe(text.trim());
    if (text.length < 1000) expect(whole.toJSON()).toEqual(JSON.parse(text));
  });

  it('may span lines, for fromBytes', () => {
    expect(JsonRpcMessage.fromBytes(bytesOf('\n{\n"jsonrpc":\r\n"2.0",\n"method":"m"}\n\n')).kind).toBe('notification');
  });
});
