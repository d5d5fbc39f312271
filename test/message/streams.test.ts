import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream } from 'node:stream/web';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { bytesOf, gist, gists, pieces, requestText, withHeader } from '../support/frames.js';

afterEach(() => vi.restoreAllMocks());

const COUNT = 300;
const IDS = Array.from({ length: COUNT }, (_, i) => i);
const INPUT = bytesOf(IDS.map((id) => requestText(String(id), 'm', `["${'x'.repeat(id)}"]`)).join('\n'));
const NEWEST = requestText(String(COUNT - 1), 'm');

async function collect(source: AsyncIterable<JsonRpcMessage>): Promise<unknown[]> {
  const ids: unknown[] = [];
  for await (const message of source) {
    ids.push(message.id);
    message.release();
  }
  return ids;
}

async function* chunks(input: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (const chunk of pieces(input, size)) {
    await Promise.resolve();
    yield chunk;
  }
}

describe('parse() over an async iterable', () => {
  it.each([1, 100, 10_000, 1_000_000])('gives all messages in order, the last without its line feed (chunks of %i bytes)', async (size) => {
    expect(await collect(new StreamingParser().parse(chunks(INPUT, size)))).toEqual(IDS);
  });

  it('reads Content-Length framing and Node streams as well', async () => {
    const framed = Buffer.concat(IDS.map((id) => withHeader(requestText(String(id)))));
    expect(await collect(new StreamingParser({ framing: 'content-length' }).parse(Readable.from([...pieces(framed, 999)])))).toEqual(IDS);
  });

  it('tells of an end inside a message', async () => {
    const said: string[] = [];
    for await (const message of new StreamingParser().parse(chunks(bytesOf(`${NEWEST}\n{"id":5,"`), 10))) said.push(gist(message));
    expect(said).toEqual([`request ${COUNT - 1} m -`, 'invalid 5 AIRS_MCP_MESSAGE_TRUNCATED']);
  });

  it('closes its source when the consumer stops early, and releases what was not delivered', async () => {
    let closed = 0;
    let read = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (const chunk of pieces(INPUT, 4000)) {
          read++;
          yield chunk;
        }
      } finally {
        closed++;
      }
    }
    const release = vi.spyOn(JsonRpcMessage.prototype, 'release');
    const parser = new StreamingParser();
    const delivered: JsonRpcMessage[] = [];
    for await (const message of parser.parse(source())) {
      delivered.push(message);
      if (delivered.length === 3) break;
    }
    expect([closed, read]).toEqual([1, 1]);
    // The first chunk holds more messages than three, and a part of one.
    const released = new Set(release.mock.contexts);
    expect(released.size).toBeGreaterThan(10);
    expect(delivered.filter((message) => released.has(message))).toEqual([]);
    expect(delivered.map((message) => message.method)).toEqual(['m', 'm', 'm']);
    expect(parser.bufferStats()).toMatchObject({ used: 0, capacity: 0 });
    expect(gists(parser.parseMultipleFromBytes(bytesOf(`${NEWEST}\n`)))).toEqual([`request ${COUNT - 1} m -`]);
  });

  it('closes its source when the consumer throws', async () => {
    const source = Readable.from([...pieces(INPUT, 1000)]);
    const consumed = (async () => {
      for await (const message of new StreamingParser().parse(source)) throw new Error(`mine ${message.kind}`);
    })();
    await expect(consumed).rejects.toThrow('mine request');
    expect(source.destroyed).toBe(true);
  });

  it('passes on what its source throws, after the messages before, and is as new then', async () => {
    const mine = new Error('mine');
    async function* source(): AsyncGenerator<Uint8Array> {
      yield bytesOf(`${NEWEST}\n{"half`);
      await Promise.resolve();
      throw mine;
    }
    const parser = new StreamingParser();
    const seen: string[] = [];
    const consumed = (async () => {
      for await (const message of parser.parse(source())) seen.push(gist(message));
    })();
    await expect(consumed).rejects.toBe(mine);
    expect(seen).toEqual([`request ${COUNT - 1} m -`]);
    expect(await collect(parser.parse(chunks(INPUT, 50_000)))).toEqual(IDS);
  });

  it('refuses a source of strings', async () => {
    const parsing = collect(new StreamingParser().parse(Readable.from(['text'])));
    await expect(parsing).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_ARGUMENT' });
  });
});

describe('toTransform()', () => {
  it.each([1, 1000, 1_000_000])('gives all messages in order through a pipeline (chunks of %i bytes)', async (size) => {
    const ids: unknown[] = [];
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(message: JsonRpcMessage, _encoding, done) {
        ids.push(message.id);
        message.release();
        setImmediate(done);
      },
    });
    await pipeline(Readable.from([...pieces(INPUT, size)]), new StreamingParser().toTransform(), sink);
    expect(ids).toEqual(IDS);
  });

  it('delivers bad and unfinished frames as invalid messages', async () => {
    const stream = new StreamingParser({ maxMessageSize: 60 }).toTransform();
    stream.end(`oops\n${NEWEST}\n{"id":1,"x":"${'y'.repeat(100)}"}\n{"id":2,"ha`);
    const said: string[] = [];
    for await (const message of stream) said.push(gist(message as JsonRpcMessage));
    expect(said).toEqual(['invalid - AIRS_MCP_PARSE_ERROR', `request ${COUNT - 1} m -`, 'invalid 1 AIRS_MCP_MESSAGE_TOO_LARGE', 'invalid 2 AIRS_MCP_MESSAGE_TRUNCATED']);
  });

  it('asks its writer to wait while nobody reads', async () => {
    const stream = new StreamingParser().toTransform();
    const wanted = [...pieces(Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([INPUT, bytesOf('\n')]))), 10_000)].findIndex((chunk) => !stream.write(chunk));
    expect(wanted).toBeGreaterThanOrEqual(0);
    expect(stream.writableNeedDrain).toBe(true);
    stream.resume();
    await once(stream, 'drain');
    stream.destroy();
  });

  it('gives its memory back when it is destroyed in the middle', async () => {
    const parser = new StreamingParser();
    const stream = parser.toTransform();
    stream.write('{"jsonrpc":"2.0","half');
    expect(parser.bufferStats().used).toBeGreaterThan(0);
    stream.destroy(new Error('mine'));
    await expect(once(stream, 'close')).rejects.toThrow('mine');
    expect(parser.bufferStats()).toMatchObject({ used: 0, capacity: 0 });
  });

  it('ends with the error of its source', async () => {
    const source = Readable.from((async function* () {
      yield bytesOf(`${NEWEST}\n`);
      await Promise.resolve();
      throw new Error('mine');
    })());
    await expect(pipeline(source, new StreamingParser().toTransform(), new Writable({ objectMode: true, write: (_m, _e, done) => done() }))).rejects.toThrow('mine');
  });
});

describe('toTransformStream()', () => {
  it.each([1, 1000, 1_000_000])('gives all messages in order (chunks of %i bytes)', async (size) => {
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of pieces(INPUT, size)) controller.enqueue(chunk);
        controller.close();
      },
    });
    expect(await collect(source.pipeThrough(new StreamingParser().toTransformStream()))).toEqual(IDS);
  });

  it('fails for a chunk that is no Uint8Array', async () => {
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue('text');
        controller.close();
      },
    });
    await expect(collect(source.pipeThrough(new StreamingParser().toTransformStream()))).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_ARGUMENT' });
  });
});
