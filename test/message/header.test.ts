import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { HeaderFramer } from '../../src/message/header.js';
import { type StreamingConfig, StreamingParser } from '../../src/message/parser.js';
import { bytesOf, cutAt, feed, finish, gists, lent, parsed, pieces, requestText, resultText, withHeader } from '../support/frames.js';

const read = (chunks: Iterable<Uint8Array>, config: Partial<StreamingConfig> = {}): string[] => parsed(chunks, { framing: 'content-length', readBufferSize: 4096, ...config });

const A = withHeader(requestText('1', 'a', '{"x":"ü"}'));
const B = withHeader('{\n"jsonrpc":"2.0",\r\n\r\n"id":"b",\n"result":"c"\n}\n', 'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n');
const C = withHeader(`[${requestText('3', 'c')},{"jsonrpc":"2.0","method":"n"}]`);
const SAID = ['request 1 a {"x":"ü"}', 'response "b" - "c"', 'request 3 c -', 'notification - n -'];
const [SAID_A, SAID_B] = SAID as [string, string];
const BAD_HEADER = 'invalid - AIRS_MCP_BAD_HEADER';
const NO_JSON = 'invalid - AIRS_MCP_PARSE_ERROR';
const LONGER = (by: number) => bytesOf(`Content-Length: ${requestText('9').length + by}\r\n\r\n${requestText('9')}`);

const INPUTS: [string, Uint8Array[], string[]][] = [
  ['several messages', [A, B, C], SAID],
  ['other spellings of the header', [
    bytesOf('content-length:2\r\n\r\n{}'), bytesOf('CONTENT-LENGTH:   2  \r\nX-Other: a: b\r\n\r\n{}'), bytesOf('X: 1\r\nContent-Length: 2\r\nContent-Length: 02\r\n\r\n{}'), A,
  ], ['invalid - AIRS_MCP_INVALID_REQUEST', 'invalid - AIRS_MCP_INVALID_REQUEST', 'invalid - AIRS_MCP_INVALID_REQUEST', SAID_A]],
  ['no length', [A, bytesOf('Content-Type: x\r\n\r\n'), B], [SAID_A, BAD_HEADER, SAID_B]],
  ['a negative length', [A, bytesOf('Content-Length: -5\r\n\r\nhello'), B], [SAID_A, BAD_HEADER, SAID_B]],
  ['a length that is no number', [bytesOf('Content-Length: 1e3\r\n\r\nhello'), B], [BAD_HEADER, SAID_B]],
  ['a length in hex', [bytesOf('Content-Length: 0x10\r\n\r\nhello'), B], [BAD_HEADER, SAID_B]],
  ['an empty length', [bytesOf('Content-Length:\r\n\r\nhello'), B], [BAD_HEADER, SAID_B]],
  ['a fraction', [bytesOf('Content-Length: 2.0\r\n\r\n{}'), B], [BAD_HEADER, SAID_B]],
  ['a huge length', [bytesOf('Content-Length: 999999999999\r\n\r\n{}'), B], [BAD_HEADER, SAID_B]],
  ['a length past 2^53', [bytesOf('Content-Length: 99999999999999999999\r\n\r\n{}'), B], [BAD_HEADER, SAID_B]],
  ['two lengths that differ', [bytesOf('Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}'), B], [BAD_HEADER, SAID_B]],
  ['a line without a name', [bytesOf('Content-Length: 2\r\noops\r\n\r\n{}'), B], [BAD_HEADER, SAID_B]],
  ['an empty header', [bytesOf('\r\n\r\n'), A], [BAD_HEADER, SAID_A]],
  ['a length of 0', [withHeader(''), A], [NO_JSON, SAID_A]],
  ['a body of blanks', [withHeader(' \r\n '), A], [NO_JSON, SAID_A]],
  ['a body that is not JSON', [withHeader('{oops'), A], [NO_JSON, SAID_A]],
  ['a body that is not UTF-8', [withHeader(Buffer.from([0x22, 0xff, 0x22])), A], ['invalid - AIRS_MCP_INVALID_UTF8', SAID_A]],
  ['a body with a BOM', [withHeader('\ufeff{}'), A], [NO_JSON, SAID_A]],
  ['a body of two messages', [withHeader(`${requestText('1')}\n${requestText('2')}`), A], ['invalid 1 AIRS_MCP_PARSE_ERROR', SAID_A]],
  ['a length that is too short', [LONGER(-5), A, B], ['invalid 9 AIRS_MCP_PARSE_ERROR', SAID_A, SAID_B]],
  ['a length that is too long by a byte', [LONGER(1), A, B], ['invalid 9 AIRS_MCP_PARSE_ERROR', SAID_A, SAID_B]],
  ['a length that is too long by a part of a header', [LONGER(7), A, B], ['invalid 9 AIRS_MCP_PARSE_ERROR', SAID_A, SAID_B]],
  ['a length that is too long by a header name', [LONGER('Content-Length:'.length), A, B], ['invalid 9 AIRS_MCP_PARSE_ERROR', SAID_A, SAID_B]],
  ['a length that is too long by a message and a half', [LONGER(A.length + 30), A, B, C], ['invalid 9 AIRS_MCP_PARSE_ERROR', ...SAID]],
  ['two lengths that lie', [LONGER(30), LONGER(10), A], ['invalid 9 AIRS_MCP_PARSE_ERROR', 'invalid 9 AIRS_MCP_PARSE_ERROR', SAID_A]],
  ['a length beyond the end', [A, LONGER(500), B, C], [SAID_A, 'invalid 9 AIRS_MCP_MESSAGE_TRUNCATED', ...SAID.slice(1)]],
  ['an end inside a header', [A, bytesOf('Content-Le')], [SAID_A, 'invalid - AIRS_MCP_MESSAGE_TRUNCATED']],
  ['an end behind a header', [A, bytesOf('Content-Length: 5\r\n\r\n')], [SAID_A, 'invalid - AIRS_MCP_MESSAGE_TRUNCATED']],
  ['an end inside a body', [A, withHeader(requestText('9', 'm', '["Content-Length: 5"]')).subarray(0, -2)], [SAID_A, 'invalid 9 AIRS_MCP_MESSAGE_TRUNCATED']],
  ['blanks at the end', [A, bytesOf('\r\n \n')], [SAID_A]],
  ['garbage at the end', [A, bytesOf('oops')], [SAID_A, 'invalid - AIRS_MCP_MESSAGE_TRUNCATED']],
  ['nothing', [], []],
];

describe('Content-Length framing', () => {
  it.each(INPUTS)('%s: the same for every cut, and byte by byte', (_name, parts, said) => {
    const input = Buffer.concat(parts);
    expect(read([input])).toEqual(said);
    for (let cut = 0; cut <= input.length; cut++) expect(read(cutAt(input, cut)), `cut at ${cut}`).toEqual(said);
    for (const size of [1, 2, 3, 11]) expect(read(pieces(input, size)), `pieces of ${size}`).toEqual(said);
    for (let first = 0; first <= input.length; first += 5) {
      for (let second = first; second <= input.length; second += 5) expect(read(cutAt(input, first, second))).toEqual(said);
    }
    expect(read(pieces(input, 10), { readBufferSize: 8 })).toEqual(said);
  });

  it('refuses a header block that does not end within 8 KiB, and goes on behind it', () => {
    const header = (length: number): Buffer => bytesOf(`X: ${'x'.repeat(length)}\r\nContent-Length: 2\r\n\r\n{}`);
    const short = header(8000);
    expect(read([short, A])).toEqual(['invalid - AIRS_MCP_INVALID_REQUEST', SAID_A]);
    for (const size of [1, 1000, 8192, 20_000]) {
      // What follows the endless line is a length header, and is taken for one.
      expect(read(pieces(Buffer.concat([header(9000), A]), size))).toEqual([BAD_HEADER, 'invalid - AIRS_MCP_INVALID_REQUEST', SAID_A]);
      expect(read(pieces(Buffer.concat([Buffer.alloc(100_000, 'z'), A]), size))).toEqual([BAD_HEADER, SAID_A]);
    }
  });

  it('accepts a body of maxMessageSize and skips one of a byte more, with the id of its start or its end', () => {
    const text = requestText('7', 'm', `["${'f'.repeat(200)}"]`);
    const last = `{"jsonrpc":"2.0","result":"${'f'.repeat(230)}","id":"z"}`;
    for (const [body, idText] of [[text, '7'], [last, '"z"'], ['f'.repeat(300), '-']] as const) {
      const input = Buffer.concat([A, withHeader(body), B]);
      const refused = `invalid ${idText} AIRS_MCP_MESSAGE_TOO_LARGE`;
      for (let cut = 0; cut <= input.length; cut++) {
        expect(read(cutAt(input, cut), { maxMessageSize: body.length - 1 })).toEqual([SAID_A, refused, SAID_B]);
        expect(read(cutAt(input, cut), { maxMessageSize: body.length })[1]).not.toBe(refused);
      }
      for (const size of [1, 3]) expect(read(pieces(input, size), { maxMessageSize: 100 })).toEqual([SAID_A, refused, SAID_B]);
    }
  });

  it('skips an oversize body without keeping it, and delivers the next message', () => {
    const parser = new StreamingParser({ framing: 'content-length', maxMessageSize: 1 << 20, readBufferSize: 64 * 1024 });
    const chunk = Buffer.alloc(64 * 1024, 'z');
    const head = bytesOf('{"jsonrpc":"2.0","id":5,"result":"');
    const rounds = 800;
    parser.parseMultipleFromBytes(Buffer.concat([bytesOf(`Content-Length: ${head.length + rounds * chunk.length + 2}\r\n\r\n`), head]));
    for (let i = 0; i < rounds; i++) {
      expect(parser.parseMultipleFromBytes(chunk)).toEqual([]);
      expect(parser.bufferStats()).toMatchObject({ used: 0, capacity: 64 * 1024 });
    }
    expect(gists(parser.parseMultipleFromBytes(Buffer.concat([bytesOf('"}'), A])))).toEqual(['invalid 5 AIRS_MCP_MESSAGE_TOO_LARGE', SAID_A]);
  });

  it('reports an oversize body that the end of the input cuts short', () => {
    const input = withHeader(resultText('5', `"${'f'.repeat(300)}","x":{"a":1,"id":6}`)).subarray(0, -1);
    for (const size of [10, 1000]) expect(read(pieces(input, size), { maxMessageSize: 100 })).toEqual(['invalid 5 AIRS_MCP_MESSAGE_TOO_LARGE']);
  });

  it('is as new after the end, whatever it was in the middle of', () => {
    for (const [, parts] of INPUTS) {
      const parser = new StreamingParser({ framing: 'content-length' });
      const input = Buffer.concat(parts);
      for (let end = 0; end <= input.length; end += 3) {
        gists(parser.parseMultipleFromBytes(input.subarray(0, end)));
        gists(parser.end());
        // A parser that still looked for a header would pass over the bad one.
        expect(gists(parser.parseMultipleFromBytes(Buffer.concat([bytesOf('\r\n\r\n'), A, B])))).toEqual([BAD_HEADER, SAID_A, SAID_B]);
        expect(parser.end()).toEqual([]);
      }
    }
  });

  it('gives all memory back, closed or ended anywhere', () => {
    for (const [, parts] of INPUTS) {
      const input = Buffer.concat(parts);
      for (let end = 0; end <= input.length; end++) {
        const manager = new BufferManager({ readBufferCapacity: 64 });
        const framer = new HeaderFramer(manager);
        const messages = [...pieces(input.subarray(0, end), 50)].flatMap((chunk) => feed(framer, chunk));
        if (end % 2 === 0) messages.push(...finish(framer));
        else framer.close();
        for (const message of messages) message.release();
        expect(lent(manager)).toBe(0);
      }
    }
  });
});
