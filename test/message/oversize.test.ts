import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { LineFramer } from '../../src/message/line.js';
import { StreamingParser } from '../../src/message/parser.js';
import { bytesOf, cutAt, feed, finish, gist, gists, lent, parsed, pieces, requestText, resultText } from '../support/frames.js';

const TOO_LARGE = 'AIRS_MCP_MESSAGE_TOO_LARGE';
const MIB = 1 << 20;

/** A request of exactly `length` bytes. */
function requestOf(length: number, idText = '1'): string {
  const bare = requestText(idText, 'm', '{"f":""}').length;
  return requestText(idText, 'm', `{"f":"${'f'.repeat(length - bare)}"}`);
}

describe('a message of about maxMessageSize', () => {
  const limit = 120;

  it.each(['\n', '\r\n'])('is accepted at the limit - 1 and at the limit, refused at the limit + 1, wherever it is cut (%j)', (lineEnd) => {
    for (const [length, fits] of [[limit - 1, true], [limit, true], [limit + 1, false], [limit + 2, false], [3 * limit, false]] as const) {
      const input = bytesOf(`${requestText('0')}${lineEnd}${requestOf(length)}${lineEnd}${requestText('2')}${lineEnd}`);
      const said = ['request 0 ping -', fits ? expect.stringMatching(/^request 1 m/) : `invalid 1 ${TOO_LARGE}`, 'request 2 ping -'];
      for (let cut = 0; cut <= input.length; cut++) expect(parsed(cutAt(input, cut), { maxMessageSize: limit }), `${length}, cut at ${cut}`).toEqual(said);
      for (const size of [1, 2, 3]) expect(parsed(pieces(input, size), { maxMessageSize: limit })).toEqual(said);
    }
  });

  it('may end with the input instead of a line feed', () => {
    for (const [length, said] of [[limit, /^request 1/], [limit + 1, /^invalid 1 AIRS_MCP_MESSAGE_TOO_LARGE/]] as const) {
      const input = bytesOf(requestOf(length));
      for (let cut = 0; cut <= input.length; cut++) {
        expect(parsed(cutAt(input, cut), { maxMessageSize: limit })).toEqual([expect.stringMatching(said)]);
      }
    }
  });

  it('counts what is not ASCII by its bytes, and the blanks of the line', () => {
    const text = requestText('1', 'm', '["ü"]');
    const bytes = Buffer.byteLength(text);
    expect(parsed([bytesOf(`${text}\n`)], { maxMessageSize: bytes })).toEqual(['request 1 m ["ü"]']);
    expect(parsed([bytesOf(`${text}\n`)], { maxMessageSize: bytes - 1 })).toEqual([`invalid 1 ${TOO_LARGE}`]);
    expect(parsed([bytesOf(`${text} \n`)], { maxMessageSize: bytes })).toEqual([`invalid 1 ${TOO_LARGE}`]);
    expect(parsed([bytesOf(`\ufeff${text}\n`)], { maxMessageSize: bytes })).toEqual(['request 1 m ["ü"]']);
  });

  it('has the code and number of its failure', () => {
    const [message] = new StreamingParser({ maxMessageSize: 10 }).parseMultipleFromBytes(bytesOf(`${requestText('1')}\n`));
    expect([message?.failure?.code, message?.failure?.rpcCode, message?.failure?.retryable]).toEqual([TOO_LARGE, -32600, false]);
  });
});

const FILL = 'f'.repeat(300);
/** An oversize line, the id that it shows, and what it was going to be. */
const LINES: [string, string, string | undefined, 'call' | 'answer' | undefined][] = [
  ['id first', requestText('7', 'm', `["${FILL}"]`), '7', 'call'],
  ['a string id with escapes first', requestText('"a\\"\\u0062"', 'm', `["${FILL}"]`), '"a\\"\\u0062"', 'call'],
  ['a null id first', resultText('null', `"${FILL}"`), 'null', 'answer'],
  ['an exact id first', resultText('1.0', `"${FILL}"`), '1.0', 'answer'],
  ['id last', `{"jsonrpc":"2.0","result":{"content":[{"text":"${FILL}"}]},"id":7}`, '7', 'answer'],
  ['id last with blanks', `{"result":"${FILL}" , "id" : "x" , "jsonrpc" : "2.0" } `, '"x"', 'answer'],
  ['id last in a call', `{"jsonrpc":"2.0","method":"m","params":["${FILL}"],"id":-3}`, '-3', 'call'],
  ['id last in a call whose params come first', `{"params":["${FILL}"],"method":"m","jsonrpc":"2.0","id":5}`, '5', 'call'],
  ['ids first and last: the last wins, as in JSON.parse', `{"jsonrpc":"2.0","id":1,"result":"${FILL}","id":2}`, '2', 'answer'],
  ['an id inside the result only', `{"jsonrpc":"2.0","result":{"a":"${FILL}","id":5}}`, undefined, 'answer'],
  ['an id inside the result, and one first', `{"jsonrpc":"2.0","id":1,"result":{"a":"${FILL}","b":[{"c":1,"id":5}]}}`, '1', 'answer'],
  ['an id inside a string', `{"jsonrpc":"2.0","id":1,"result":"${FILL},\\"id\\":5}"}`, '1', 'answer'],
  ['an id in a value only', `{"jsonrpc":"2.0","result":["${FILL}","id"]}`, undefined, 'answer'],
  ['an id that is none', `{"jsonrpc":"2.0","id":{},"result":"${FILL}"}`, undefined, 'answer'],
  ['a notification', `{"jsonrpc":"2.0","method":"m","params":["${FILL}"]}`, undefined, 'call'],
  ['an error', `{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"${FILL}"}}`, '9', 'answer'],
  ['garbage', FILL, undefined, undefined],
  ['blanks', ' '.repeat(300), undefined, undefined],
  ['a batch', `[${requestText('1', FILL)},${requestText('2')}]`, undefined, undefined],
];

describe('an oversize message', () => {
  it.each(LINES)('with %s is refused with the id and the intent that it shows, wherever it is cut', (_name, line, idText, intent) => {
    for (const lineEnd of ['\n', '\r\n']) {
      const input = bytesOf(`${line}${lineEnd}${requestText('"next"')}\n`);
      for (let cut = 0; cut <= input.length; cut++) {
        const parser = new StreamingParser({ maxMessageSize: 100 });
        const messages = cutAt(input, cut).flatMap((chunk) => parser.parseMultipleFromBytes(chunk));
        expect(messages.map(gist), `cut at ${cut}`).toEqual([`invalid ${idText ?? '-'} ${TOO_LARGE}`, 'request "next" ping -']);
        expect(messages[0]?.intent).toBe(intent);
        const id: unknown = idText === undefined ? undefined : JSON.parse(idText);
        expect(messages[0]?.id).toBe(id);
      }
      expect(parsed(pieces(input, 1), { maxMessageSize: 100 })).toEqual([`invalid ${idText ?? '-'} ${TOO_LARGE}`, 'request "next" ping -']);
    }
  });

  it('shows the id behind a long string, and in the last bytes of a long one', () => {
    const fill = 'g'.repeat(200_000);
    for (const [line, idText] of [
      [requestText('7', 'm', `["${fill}"]`), '7'], [`{"result":"${fill}","id":"${'k'.repeat(400)}"}`, `"${'k'.repeat(400)}"`],
      [`{"jsonrpc":"2.0","id":3,"result":["${fill}`, '3'],
    ] as const) {
      for (const size of [1000, 4096, 65_536, 1_000_000]) {
        expect(parsed(pieces(bytesOf(`${line}\n`), size), { maxMessageSize: 10_000 })).toEqual([`invalid ${idText} ${TOO_LARGE}`]);
      }
    }
  });

  it('that the end of the input cuts short is refused with the id of its prefix only', () => {
    const config = { maxMessageSize: 100 };
    expect(parsed([bytesOf(`${requestText('1')}\n`), bytesOf(requestText('7', 'm', `["${FILL}`))], config)).toEqual(['request 1 ping -', `invalid 7 ${TOO_LARGE}`]);
    const cut = `{"jsonrpc":"2.0","id":1,"result":{"a":"${FILL}","list":[{"b":1,"id":5}`;
    for (const size of [1, 50, 101, 110]) expect(parsed(pieces(bytesOf(cut), size), config)).toEqual([`invalid 1 ${TOO_LARGE}`]);
  });

  it('takes its place among the others: several in one chunk, good ones between, wherever it is cut', () => {
    const big = requestText('"big"', FILL);
    const lines = [requestText('1'), big, big, requestText('2'), requestText('3'), big, requestText('4'), '', big];
    const input = bytesOf(lines.join('\n'));
    const refused = `invalid "big" ${TOO_LARGE}`;
    const said = ['request 1 ping -', refused, refused, 'request 2 ping -', 'request 3 ping -', refused, 'request 4 ping -', refused];
    for (let cut = 0; cut <= input.length; cut++) expect(parsed(cutAt(input, cut), { maxMessageSize: 100 })).toEqual(said);
    for (const size of [1, 2, 99, 100, 101, 102, 350]) expect(parsed(pieces(input, size), { maxMessageSize: 100 })).toEqual(said);
    for (const size of [1, 7, 64, 1000]) expect(parsed(pieces(input, size), { maxMessageSize: 100, readBufferSize: 64 })).toEqual(said);
  });

  it('passes by without being kept: 50 MB through a limit of 1 MiB', () => {
    const parser = new StreamingParser({ maxMessageSize: MIB, readBufferSize: 64 * 1024 });
    const chunk = Buffer.alloc(64 * 1024, 'z');
    expect(parser.parseMultipleFromBytes(bytesOf(`${requestText('1')}\n{"jsonrpc":"2.0","id":"big","result":"`)).map(gist)).toEqual(['request 1 ping -']);
    let most = 0;
    for (let sent = 0; sent < 50e6; sent += chunk.length) {
      expect(parser.parseMultipleFromBytes(chunk)).toEqual([]);
      const { capacity, used } = parser.bufferStats();
      most = Math.max(most, capacity);
      if (sent > 2 * MIB) expect(used).toBe(0);
    }
    expect(most).toBeLessThanOrEqual(2 * MIB);
    // The memory that grew towards the limit was given back while the rest passed by.
    expect(parser.bufferStats().capacity).toBe(64 * 1024);
    expect(gists(parser.parseMultipleFromBytes(bytesOf(`"}\n${requestText('2')}\n`)))).toEqual([`invalid "big" ${TOO_LARGE}`, 'request 2 ping -']);
  });

  it('gives all memory back, at every stage that the input may end in', () => {
    const input = bytesOf(`${requestText('1')}\n${requestText('"big"', FILL)}\n${requestText('2')}\n`);
    for (let end = 0; end <= input.length; end++) {
      const manager = new BufferManager({ maxMessageSize: 100, readBufferCapacity: 64 });
      const framer = new LineFramer(manager);
      const messages = [...pieces(input.subarray(0, end), 16)].flatMap((chunk) => feed(framer, chunk));
      if (end % 2 === 0) messages.push(...finish(framer));
      else framer.close();
      for (const message of messages) message.release();
      expect(lent(manager)).toBe(0);
    }
  });
});
