import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { encodeBatch } from '../../src/message/batch.js';
import { rawJson } from '../../src/message/json.js';
import { LineFramer } from '../../src/message/line.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { bytesOf, feed, gist, gists, lent, pieces, requestText, textOf, withHeader } from '../support/frames.js';

const members = (count: number): string => `[${Array.from({ length: count }, (_, i) => requestText(String(i))).join(',')}]`;
const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('a batch', () => {
  it.each([1, 2, 510, 511, 512, 513, 600, 1023, 1024, 1025, 10_000])('of %i members gives them all, in order, as one group', (count) => {
    for (const framing of ['newline', 'content-length'] as const) {
      const parser = new StreamingParser({ framing });
      const frame = framing === 'newline' ? bytesOf(`${members(count)}\n`) : withHeader(members(count));
      const single = framing === 'newline' ? bytesOf(`${requestText('"single"')}\n`) : withHeader(requestText('"single"'));
      const messages = parser.parseMultipleFromBytes(Buffer.concat([single, frame, single, frame]));
      expect(messages.map((message) => message.id)).toEqual(['single', ...ids(count), 'single', ...ids(count)]);
      const [first, second] = [messages[1]?.batch, messages[count + 2]?.batch];
      expect([first, second]).toEqual([{ size: count }, { size: count }]);
      expect(first).not.toBe(second);
      expect(new Set(messages.slice(1, count + 1).map((message) => message.batch))).toEqual(new Set([first]));
      expect([messages[0]?.batch, messages[count + 1]?.batch]).toEqual([undefined, undefined]);
    }
  });

  it('of more than 10,000 members is refused as a whole, and the next message delivered', () => {
    const [refused, next, ...more] = new StreamingParser().parseMultipleFromBytes(bytesOf(`${members(10_001)}\n${requestText('1')}\n`));
    expect([refused?.failure?.code, refused?.failure?.rpcCode, refused?.id, refused?.batch]).toEqual(['AIRS_MCP_BATCH_TOO_LARGE', -32600, undefined, undefined]);
    expect([next?.id, more]).toEqual([1, []]);
  });

  it.each([1, 3, 511, 512, 513])('has at most maxBatchSize members: %i', (maxBatchSize) => {
    for (const [count, fits] of [[maxBatchSize - 1, true], [maxBatchSize, true], [maxBatchSize + 1, false]] as const) {
      const framer = new LineFramer(new BufferManager(), { maxBatchSize });
      const messages = feed(framer, bytesOf(`${members(count)}\n`));
      if (count === 0) expect(gists(messages)).toEqual(['invalid - AIRS_MCP_INVALID_REQUEST']);
      else if (fits) expect(messages.map((message) => message.id)).toEqual(ids(count));
      else expect(gists(messages)).toEqual(['invalid - AIRS_MCP_BATCH_TOO_LARGE']);
    }
  });

  it('delivers invalid members in their places, with their ids', () => {
    const text = `[ ${requestText('1')} , 5, [], {"id":"x"}, null,\t{"jsonrpc":"2.0","id":2,"result":{}} ]`;
    const messages = new StreamingParser().parseMultipleFromBytes(bytesOf(`${text}\r\n`));
    const invalid = 'invalid - AIRS_MCP_INVALID_REQUEST';
    expect(messages.map((message) => message.batch?.size)).toEqual([6, 6, 6, 6, 6, 6]);
    expect(gists(messages)).toEqual(['request 1 ping -', invalid, invalid, 'invalid "x" AIRS_MCP_INVALID_REQUEST', invalid, 'response 2 - {}']);
  });

  it('of invalid members only gives each', () => {
    const messages = new StreamingParser().parseMultipleFromBytes(bytesOf('[1,2,3]\n'));
    expect(messages.map((message) => [message.kind, message.batch?.size])).toEqual([['invalid', 3], ['invalid', 3], ['invalid', 3]]);
  });

  it('whose members are nested arrays gives no member of those', () => {
    expect(gists(new StreamingParser().parseMultipleFromBytes(bytesOf(`[[${requestText('1')}]]\n`)))).toEqual(['invalid - AIRS_MCP_INVALID_REQUEST']);
  });

  it('that is broken anywhere gives one invalid message and no member', () => {
    const text = members(20);
    for (let end = 1; end < text.length; end += 13) {
      expect(gists(new StreamingParser().parseMultipleFromBytes(bytesOf(`${text.slice(0, end)}\n`)))).toEqual(['invalid - AIRS_MCP_PARSE_ERROR']);
    }
  });

  it('is copied member by member where enableZeroCopy is false', () => {
    const framer = new LineFramer(new BufferManager({ enableZeroCopy: false }));
    const messages = feed(framer, bytesOf(`${requestText('"first"')}\n${members(600)}\n`));
    framer.close();
    expect(messages.map((message) => message.id)).toEqual(['first', ...ids(600)]);
    expect(messages.map((message) => textOf(message.toBytes()))).toEqual(['"first"', ...ids(600).map(String)].map((id) => requestText(id)));
  });

  it('keeps its members apart in memory: each may be released on its own', () => {
    const manager = new BufferManager();
    const framer = new LineFramer(manager);
    const messages = feed(framer, bytesOf(`${members(600)}\n`));
    framer.close();
    for (const message of messages.slice(1)) message.release();
    expect([lent(manager), messages[0]?.method]).toEqual([1, 'ping']);
    messages[0]?.release();
    expect(lent(manager)).toBe(0);
  });
});

describe('encodeBatch', () => {
  it('writes built and received messages as one array, each byte for byte', () => {
    const received = JsonRpcMessage.fromBytes(bytesOf('{"jsonrpc":"2.0", "id":1.0,"result":"ü\\u00fc"}'));
    const built = [JsonRpcMessage.request('ä', 'm', { a: 1 }), JsonRpcMessage.response(2, rawJson(bytesOf('{ "n":1e400, "é":[] }'))), received];
    const { head, raw, tail } = encodeBatch(built);
    expect([raw, tail]).toEqual([undefined, '']);
    expect(head).toBe(`[${built.map((message) => textOf(message.toBytes())).join(',')}]`);
    const back = new StreamingParser().parseMultipleFromBytes(bytesOf(`${head}\n`));
    expect(back.map((message) => message.batch?.size)).toEqual([3, 3, 3]);
    expect(back.map(gist)).toEqual(built.map(gist));
  });
});

describe('a chunk', () => {
  it.each([511, 512, 513, 1024, 1025, 3000])('of %i messages gives them all, in order', (count) => {
    const lines = bytesOf(ids(count).map((id) => `${requestText(String(id))}\n`).join(''));
    for (const readBufferSize of [1000, 1 << 22]) {
      for (const size of [lines.length, 1000]) {
        const parser = new StreamingParser({ readBufferSize });
        const messages = [...pieces(lines, size)].flatMap((chunk) => parser.parseMultipleFromBytes(chunk));
        expect(messages.map((message) => message.id)).toEqual(ids(count));
      }
    }
  });

  it('may end its table in the middle of a batch', () => {
    for (const before of [500, 509, 510, 511, 512]) {
      const input = bytesOf(`${ids(before).map((id) => `${requestText(String(id))}\n`).join('')}${members(5)}\n[${members(600).slice(1)}\n${requestText('"end"')}\n`);
      const messages = new StreamingParser().parseMultipleFromBytes(input);
      expect(messages.map((message) => message.id)).toEqual([...ids(before), ...ids(5), ...ids(600), 'end']);
      expect(messages[before]?.batch).toEqual({ size: 5 });
    }
  });
});
