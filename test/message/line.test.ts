import { describe, expect, it } from 'vitest';
import { StreamingParser } from '../../src/message/parser.js';
import { codeOf } from '../buffer/memory.js';
import { bytesOf, cutAt, gists, parsed, pieces, requestText, resultText } from '../support/frames.js';

const A = requestText('1', 'a', '{"x":"ü\\n"}');
const B = resultText('"b"', '[1,"😀"]');
const C = '{"jsonrpc":"2.0","method":"c"}';
const SAID = ['request 1 a {"x":"ü\\n"}', 'response "b" - [1,"😀"]', 'notification - c -'];
const BOM = '\ufeff';

const INPUTS: [string, string, string[]][] = [
  ['line feeds', `${A}\n${B}\n${C}\n`, SAID],
  ['CR LF', `${A}\r\n${B}\r\n${C}\r\n`, SAID],
  ['both', `${A}\r\n${B}\n${C}\r\n`, SAID],
  ['blank lines', `\n\r\n${A}\n \t\r\n\n\n${B}\n\r\r\n${C}\n\n`, SAID],
  ['a BOM at the start', `${BOM}${A}\n${B}\n${C}\n`, SAID],
  ['a BOM and a blank line', `${BOM}\n${A}\n${B}\n${C}\n`, SAID],
  ['a BOM in the middle', `${A}\n${BOM}${B}\n${C}\n`, [SAID[0] as string, 'invalid - AIRS_MCP_PARSE_ERROR', SAID[2] as string]],
  ['two BOMs', `${BOM}${BOM}${A}\n${B}\n`, ['invalid - AIRS_MCP_PARSE_ERROR', SAID[1] as string]],
  ['half a BOM', '\u00ef\n', ['invalid - AIRS_MCP_PARSE_ERROR']],
  ['garbage between', `npm warn x\n${A}\n{oops\n${B}\n\0\n${C}\n`,
    ['invalid - AIRS_MCP_PARSE_ERROR', SAID[0] as string, 'invalid - AIRS_MCP_PARSE_ERROR', SAID[1] as string, 'invalid - AIRS_MCP_PARSE_ERROR', SAID[2] as string]],
  ['batches', `[${A},${B}]\n${C}\n[${C}]\r\n[]\n[1,${C},{}]\n`,
    [SAID[0] as string, SAID[1] as string, SAID[2] as string, SAID[2] as string, 'invalid - AIRS_MCP_INVALID_REQUEST',
      'invalid - AIRS_MCP_INVALID_REQUEST', SAID[2] as string, 'invalid - AIRS_MCP_INVALID_REQUEST']],
  ['an end without a line feed', `${A}\n${B}`, SAID.slice(0, 2)],
  ['an end behind a CR', `${A}\n${B}\r`, SAID.slice(0, 2)],
  ['an end inside a message', `${A}\n{"jsonrpc":"2.0","id":"b","result":[1,"`, [SAID[0] as string, 'invalid "b" AIRS_MCP_MESSAGE_TRUNCATED']],
  ['an end inside a batch', `${A}\n[${B},${C}`, [SAID[0] as string, 'invalid - AIRS_MCP_MESSAGE_TRUNCATED']],
  ['an end inside a character', `${A}\n{"jsonrpc":"2.0","id":7,"method":"`, [SAID[0] as string, 'invalid 7 AIRS_MCP_MESSAGE_TRUNCATED']],
  ['a batch without a line feed', `[${A},${B}]`, SAID.slice(0, 2)],
  ['blanks without a line feed', `${A}\n  `, SAID.slice(0, 1)],
  ['nothing', '', []],
  ['a BOM only', BOM, []],
];

describe('lines', () => {
  it.each(INPUTS)('%s: the same for every cut, for two cuts, and byte by byte', (_name, text, said) => {
    const input = bytesOf(text);
    expect(parsed([input])).toEqual(said);
    for (let cut = 0; cut <= input.length; cut++) expect(parsed(cutAt(input, cut)), `cut at ${cut}`).toEqual(said);
    const step = input.length < 80 ? 1 : 7;
    for (let first = 0; first <= input.length; first += step) {
      for (let second = first; second <= input.length; second += step) {
        expect(parsed(cutAt(input, first, second), { readBufferSize: 4096 }), `cut at ${first} and ${second}`).toEqual(said);
      }
    }
    expect(parsed(pieces(input, 1))).toEqual(said);
  });

  it.each([1, 2, 3, 16, 100])('fit through a buffer of %i bytes', (readBufferSize) => {
    for (const [name, text, said] of INPUTS) {
      for (const size of [1, 2, 3, 7, 1000]) expect(parsed(pieces(bytesOf(text), size), { readBufferSize }), name).toEqual(said);
    }
  });

  it('an end inside a nested object is not taken for the end of the message: the id is the outer one', () => {
    const [message] = new StreamingParser().parseMultipleFromBytes(bytesOf('')).concat(endOf('{"jsonrpc":"2.0","id":1,"result":{"list":[{"a":1,"id":5}'));
    expect([message?.id, message?.failure?.code, message?.failure?.rpcCode, message?.intent]).toEqual([1, 'AIRS_MCP_MESSAGE_TRUNCATED', -32700, 'answer']);
    expect(message?.failure?.retryable).toBe(true);
    expect(endOf('{"jsonrpc":"2.0","result":{"list":[{"a":1,"id":5}')[0]?.id).toBeUndefined();
  });

  it('leave the parser as new when they end', () => {
    const parser = new StreamingParser();
    for (let round = 0; round < 3; round++) {
      expect(gists(parser.parseMultipleFromBytes(bytesOf(`${BOM}${A}\n{"half`)))).toEqual(SAID.slice(0, 1));
      expect(gists(parser.end())).toEqual(['invalid - AIRS_MCP_MESSAGE_TRUNCATED']);
      expect([parser.bufferStats().used, parser.bufferStats().capacity, parser.end()]).toEqual([0, 0, []]);
    }
  });

  it('come one at a time from parseFromBytes, the others with the following calls', () => {
    const parser = new StreamingParser();
    const none = new Uint8Array(0);
    expect(parser.parseFromBytes(none)).toBeNull();
    expect(parser.parseFromBytes(bytesOf(`${A}\n${B}\n${C}\n${A}\n${B}`))?.method).toBe('a');
    expect(parser.parseFromBytes(none)?.id).toBe('b');
    // A chunk with the end of the fifth: the third comes first.
    expect(parser.parseFromBytes(bytesOf('\n'))?.method).toBe('c');
    expect(gists(parser.parseMultipleFromBytes(none))).toEqual(SAID.slice(0, 2));
    expect(parser.parseFromBytes(none)).toBeNull();
    parser.parseFromBytes(bytesOf(`${A}\n${C}\n${B}`));
    expect(gists(parser.end())).toEqual([SAID[2], SAID[1]]);
  });

  it('may be taken from chunks that their owner overwrites at once', () => {
    const parser = new StreamingParser();
    const chunk = bytesOf(`${A}\n${B}\n{"jsonrpc":"2.0",`);
    const messages = parser.parseMultipleFromBytes(chunk);
    chunk.fill(0);
    messages.push(...parser.parseMultipleFromBytes(bytesOf('"method":"c"}\n')));
    expect(gists(messages)).toEqual(SAID);
  });
});

describe('the options of a parser', () => {
  it.each([
    { framing: 'lines' }, { framing: 5 }, { maxMessageSize: 0 }, { maxMessageSize: 1.5 }, { maxMessageSize: 2 ** 40 }, { readBufferSize: 0 }, { readBufferSize: '1' },
  ])('are refused: %j', (config) => {
    expect(codeOf(() => new StreamingParser(config as never))).toBe('AIRS_MCP_INVALID_CONFIG');
  });

  it('are defaulted: 50 MiB a message, 256 KiB a buffer, strict, lines', () => {
    const parser = new StreamingParser({});
    expect(parser.bufferStats()).toEqual({ capacity: 0, used: 0, maxSize: 50 * 1024 * 1024, utilization: 0 });
    parser.parseFromBytes(bytesOf('12345678'));
    expect(parser.bufferStats()).toEqual({ capacity: 256 * 1024, used: 8, maxSize: 50 * 1024 * 1024, utilization: 8 / (256 * 1024) });
    expect(gists(parser.parseMultipleFromBytes(bytesOf('\n{"jsonrpc":"2.0","method":"m","params":[tru]}\n')))[1]).toContain('PARSE_ERROR');
  });
});

function endOf(text: string) {
  const parser = new StreamingParser();
  parser.parseMultipleFromBytes(bytesOf(text));
  return parser.end();
}
