import { afterEach, describe, expect, it, vi } from 'vitest';
import { StreamingParser } from '../../src/message/parser.js';
import { bytesOf, parsed, requestText, resultText } from '../support/frames.js';

afterEach(() => vi.restoreAllMocks());

const ROWS = `[${Array.from({ length: 60 }, (_, n) => `{"row":${n}}`).join(',')}]`;
const line = (id: number): Buffer => bytesOf(`${requestText(String(id), 'm', ROWS)}\n`);

/** Gives the parser messages one by one; returns how often JSON.parse was called. */
function receive(parser: StreamingParser, count: number, read: boolean): number {
  const parse = vi.spyOn(JSON, 'parse');
  for (let id = 1; id <= count; id++) {
    const message = parser.parseFromBytes(line(id));
    if (read) expect(message?.params).toHaveLength(60);
    message?.release();
  }
  const { length } = parse.mock.calls;
  parse.mockRestore();
  return length;
}

describe('a payload', () => {
  it('is parsed once, whether or not those before it were read', () => {
    const parser = new StreamingParser();
    expect(receive(parser, 50, true)).toBe(50);
    receive(parser, 50, false);
    expect(receive(parser, 50, true)).toBe(50);
  });

  it('is not parsed where payloads are not read, but for a few after some that were', () => {
    const parser = new StreamingParser();
    expect(receive(parser, 20, false)).toBe(0);
    receive(parser, 100, true);
    expect(receive(parser, 100, false)).toBeLessThan(10);
    expect(receive(parser, 100, false)).toBe(0);
  });

  it('is the same, and so is what is wrong with it, whether or not those before it were read', () => {
    const tail = ROWS.slice(1);
    const frames = [
      requestText('1', 'm', ROWS), resultText('"[2]"', ROWS), `{"result":${ROWS},"jsonrpc":"2.0","id":3}`, '', requestText('4'),
      `{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"","data":${ROWS}}}`, resultText('6', `[,${tail}`), resultText('7', `["ü",${tail}`),
      `{"jsonrpc":"2.0","id":8,"method":"m","params":${ROWS},"params":null}`, `[${requestText('9', 'm', ROWS)},${requestText('10', 'm', ROWS)}]`,
      `{"jsonrpc":"2.0","id":11,"result":${ROWS},"error":{}}`, 'noise', resultText('12', `["\0",${tail}`), resultText('13', ROWS),
    ].map((text) => bytesOf(`${text}\n`));
    const alone = frames.flatMap((frame) => parsed([frame]));
    expect(alone.filter((gist) => gist.startsWith('invalid'))).toHaveLength(4);
    expect(parsed(frames)).toEqual(alone);
    expect(parsed([Buffer.concat(frames)])).toEqual(alone);
    expect(parsed([...frames, Buffer.concat(frames)])).toEqual([...alone, ...alone]);
  });

  it.each([['short', 1], ['long, some of them', 400]])('is had of each line of a chunk, in order: %s', (_name, longest) => {
    const parser = new StreamingParser();
    receive(parser, 50, true);
    const all = Array.from({ length: 1_500 }, (_, n) => ({ n, text: 'é'.repeat(n % 100 === 0 ? 1 : 0), more: 'x'.repeat(n % 7 === 0 ? longest : 0) }));
    const messages = parser.parseMultipleFromBytes(bytesOf(all.map((params) => `${requestText(String(params.n), 'm', JSON.stringify(params))}\n`).join('')));
    expect(messages.map(({ params }) => params)).toEqual(all);
    for (const message of messages) message.release();
  });

  it('that was parsed before it is read goes with its message: released unread, it can be read no more', () => {
    const parser = new StreamingParser();
    receive(parser, 20, true);
    const message = parser.parseFromBytes(line(1));
    message?.release();
    expect(() => message?.params).toThrow(expect.objectContaining({ code: 'AIRS_MCP_MESSAGE_RELEASED' }));
  });
});
