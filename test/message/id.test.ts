import { describe, expect, it } from 'vitest';
import { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { codeOf } from '../buffer/memory.js';
import { bytesOf, requestText, resultText, textOf } from '../support/frames.js';

const IDS = [
  '1', '0', '-12', '2147483647', '2147483648', '-2147483648', '-2147483649', '1.0', '1e0', '1.5', '-0', '-0.0', '1e400', '-1e400', '1E2',
  '9223372036854775808', '9007199254740993', '0.1', '123456789012345678901234567890', 'null',
  '"1"', '""', '"a\\nb"', '"\\ud800"', '"\\u0031"', '"\\"quoted\\""', '"é"', '"日本"', '"😀"', '"null"', `"${'k'.repeat(5000)}"`,
];

/** The same message from both entrances. */
function read(text: string): JsonRpcMessage[] {
  const received = new StreamingParser().parseFromBytes(bytesOf(`${text}\n`));
  return [JsonRpcMessage.fromBytes(bytesOf(text)), received as JsonRpcMessage];
}

describe('an id', () => {
  it.each(IDS)('%s keeps its type and its bytes', (idText) => {
    for (const text of [requestText(idText), resultText(idText, '1'), `{"id": ${idText} ,"jsonrpc":"2.0","error":{}}`]) {
      for (const message of read(text)) {
        expect(message.idText).toBe(idText);
        expect(Object.is(message.id, JSON.parse(idText))).toBe(true);
        expect(Object.is(message.at('/id'), JSON.parse(idText))).toBe(true);
      }
    }
  });

  it.each(IDS)('%s is echoed byte for byte by an answer to its message', (idText) => {
    for (const message of read(requestText(idText))) {
      const response = JsonRpcMessage.response(message, 1);
      const error = JsonRpcMessage.error(message, { code: 1, message: 'x' });
      message.release();
      expect([response.idText, error.idText]).toEqual([idText, idText]);
      expect(Object.is(response.id, JSON.parse(idText))).toBe(true);
      expect(textOf(response.toBytes())).toBe(resultText(idText, '1'));
      expect(textOf(error.toBytes())).toBe(`{"jsonrpc":"2.0","id":${idText},"error":{"code":1,"message":"x"}}`);
    }
  });

  it.each([1, -1, 0, 1.5, 2 ** 53, 2 ** 63, 1e300, '', '1', 'a"b\\', 'ü', '\ud800', '\u2028', null])('%j is the same after the way out and in', (id) => {
    const message = JsonRpcMessage.request(id, 'm');
    expect(message.id).toBe(id);
    const [back] = read(textOf(message.toBytes()) as string);
    expect(back?.id).toBe(id);
    expect(back?.idText).toBe(message.idText);
  });

  it('is the last of duplicates, under an escaped key as well', () => {
    for (const [text, idText] of [
      ['{"jsonrpc":"2.0","id":1,"method":"m","id":"2"}', '"2"'],
      ['{"jsonrpc":"2.0","id":1,"method":"m","\\u0069d":1.0}', '1.0'],
      ['{"jsonrpc":"2.0","\\u0069\\u0064":"x","method":"m","id":null}', 'null'],
    ] as const) {
      for (const message of read(text)) expect(message.idText).toBe(idText);
    }
  });

  it('is absent from a notification, whose answer would have null', () => {
    for (const message of read('{"jsonrpc":"2.0","method":"m"}')) {
      expect([message.id, message.idText, message.at('/id')]).toEqual([undefined, undefined, undefined]);
      expect(JsonRpcMessage.error(message, { code: 1, message: '' }).idText).toBe('null');
    }
  });

  it('may be absent from an error', () => {
    for (const message of read('{"jsonrpc":"2.0","error":{"code":1,"message":""}}')) {
      expect([message.kind, message.id, message.idText]).toEqual(['error', undefined, undefined]);
    }
  });
});

describe('withId', () => {
  const NEW: [number | string | null, string][] = [[7, '7'], [-1.5, '-1.5'], ['x"y', '"x\\"y"'], ['', '""'], [null, 'null'], ['\ud800', '"\\ud800"'], ['long'.repeat(100), JSON.stringify('long'.repeat(100))]];

  it.each(IDS)('replaces %s and repeats all other bytes', (idText) => {
    const around = [`{ "params":[1.0, "id" , {"id":${idText}}],\t"id" : `, ' , "jsonrpc":"2.0","method":"m\\u0061" }'] as const;
    for (const message of read(around[0] + idText + around[1])) {
      for (const [id, text] of NEW) {
        const spliced = Buffer.concat(message.withId(id));
        expect(textOf(spliced)).toBe(around[0] + text + around[1]);
        expect(JsonRpcMessage.fromBytes(spliced).id).toBe(id);
      }
      expect(message.idText).toBe(idText);
    }
  });

  it.each([1_000, 16_000, 16 * 1024, 100_000, 3_000_000])('splices a message of %i bytes wherever its id stands', (size) => {
    const filler = JSON.stringify('f'.repeat(size));
    for (const [before, after] of [
      ['{"jsonrpc":"2.0","id":', `,"result":${filler}}`],
      [`{"jsonrpc":"2.0","result":${filler},"id":`, '}'],
      [`{"jsonrpc":"2.0","result":${filler},"id":`, `,"more":${filler}}`],
    ] as const) {
      for (const message of read(`${before}1${after}`)) {
        const parts = message.withId('new');
        message.release();
        expect(Buffer.concat(parts).equals(bytesOf(`${before}"new"${after}`))).toBe(true);
      }
    }
  });

  it('works on a built message and leaves that as it was', () => {
    const built = JsonRpcMessage.request(1, 'm', { id: 1 });
    for (const [id, text] of NEW) expect(textOf(Buffer.concat(built.withId(id)))).toBe(requestText(text, 'm', '{"id":1}'));
    expect(built.id).toBe(1);
  });

  it('works on an invalid message that is JSON', () => {
    const message = new StreamingParser().parseFromBytes(bytesOf('{"jsonrpc":"1.0","id":4,"method":"m"}\n'));
    expect(message?.kind).toBe('invalid');
    expect(textOf(Buffer.concat(message?.withId(5) ?? []))).toBe('{"jsonrpc":"1.0","id":5,"method":"m"}');
  });

  it('refuses a message without an id, one too broken to have one, and an id that is none', () => {
    const [received] = read('{"jsonrpc":"2.0","method":"m"}');
    const broken = new StreamingParser().parseFromBytes(bytesOf('{"id":4,"oops"}\n'));
    const [request] = read(requestText('1'));
    expect(codeOf(() => received?.withId(1))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    expect(codeOf(() => JsonRpcMessage.notification('m').withId(1))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    expect(broken?.id).toBe(4);
    expect(codeOf(() => broken?.withId(1))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    expect(codeOf(() => request?.withId({} as never))).toBe('AIRS_MCP_INVALID_ARGUMENT');
  });
});
