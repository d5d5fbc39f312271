import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Backend, CONTROL, type Made } from '../../src/backend/contract.js';
import { selectBackend } from '../../src/backend/select.js';
import { BufferManager } from '../../src/buffer/manager.js';
import { HeaderFramer } from '../../src/message/header.js';
import { LineFramer } from '../../src/message/line.js';
import type { Framer } from '../../src/message/framer.js';
import type { JsonRpcMessage } from '../../src/message/message.js';
import { StreamingParser } from '../../src/message/parser.js';
import { PlainMemory } from '../buffer/memory.js';
import { bytesOf, feed, finish, lent, pieces, requestText, resultText, take, withHeader } from '../support/frames.js';

afterEach(() => vi.restoreAllMocks());

const KIB = 1024;
const MIB = KIB * KIB;

/** Counts bytes: scanned, searched by the scan itself, copied, searched for line feeds, and allocated. */
function meter(readBufferCapacity = 64 * KIB) {
  const backend = selectBackend();
  const memory = new PlainMemory();
  const count = { scanned: 0, scans: 0, searchedInScans: 0 };
  /** `scan`, counted. */
  const counted = <More extends unknown[]>(scan: (bytes: Uint8Array, table: Int32Array, ...more: More) => number): typeof scan => (bytes, table, ...more) => {
    count.scans++;
    count.scanned += (table[CONTROL.END] as number) - (table[CONTROL.START] as number);
    const before = search.map((spy) => spy.mock.contexts.length);
    const status = scan(bytes, table, ...more);
    count.searchedInScans += sum(search.map((spy, n) => lengths(spy.mock.contexts.slice(before[n]))));
    return status;
  };
  const counting: Backend = {
    name: backend.name,
    kernel: backend.kernel,
    externalBuffers: backend.externalBuffers,
    scan: counted((bytes, table) => backend.scan(bytes, table)),
    scanMaking: counted((bytes, table, made: Made) => backend.scanMaking(bytes, table, made)),
    find: (bytes, start, end, pointer, range) => backend.find(bytes, start, end, pointer, range),
    allocate: (bytes) => backend.allocate(bytes),
  };
  const set = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'set');
  const within = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'copyWithin');
  const search = [vi.spyOn(Buffer.prototype, 'lastIndexOf'), vi.spyOn(Buffer.prototype, 'indexOf')];
  const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
  const lengths = (searched: unknown[]): number => sum(searched.map((bytes) => (bytes as Buffer).length));
  return {
    manager: new BufferManager({ readBufferCapacity }, memory),
    counting,
    memory,
    report: () => ({
      ...count,
      copied: sum(set.mock.calls.map(([bytes]) => bytes.length)) + sum(within.mock.calls.map(([, from, to]) => (to ?? 0) - from)),
      searched: sum(search.map((spy) => lengths(spy.mock.contexts))) - count.searchedInScans,
      allocated: sum(memory.requests),
    }),
  };
}

const releaseAll = (messages: JsonRpcMessage[]): number => {
  for (const message of messages) message.release();
  return messages.length;
};

describe('the work per byte', () => {
  it.each([[100 * KIB, 1], [1 * MIB, 1000], [8 * MIB, 16 * KIB], [8 * MIB, 64 * KIB], [8 * MIB, 8 * MIB]])(
    'does not grow with the message: %i bytes in chunks of %i', (size, chunkSize) => {
      const { manager, counting, report } = meter();
      const framer = new LineFramer(manager, {}, counting);
      const input = bytesOf(`${resultText('1', JSON.stringify('x'.repeat(size)))}\n`);
      let messages = 0;
      for (const chunk of pieces(input, chunkSize)) messages += releaseAll(feed(framer, chunk));
      const { scans, scanned, searchedInScans, copied, searched, allocated } = report();
      expect([messages, scans, scanned]).toEqual([1, 1, input.length]);
      // The fallback has Node.js search long strings for what ends them: a quote, or a backslash.
      expect(searchedInScans).toBeLessThanOrEqual(2 * input.length);
      // Each byte is copied in, and moved at most twice more on average while its slab grows.
      expect(copied).toBeLessThanOrEqual(3 * input.length);
      expect(searched).toBeLessThanOrEqual(input.length);
      expect(allocated).toBeLessThanOrEqual(8 * input.length + 256 * KIB);
      framer.close();
    });

  it('does not grow with the number of messages, kept or not, whatever the chunks', () => {
    for (const keep of [false, true]) {
      for (const chunkSize of [7, 1000, 64 * KIB, MIB]) {
        const { manager, counting, report } = meter(16 * KIB);
        const framer = new LineFramer(manager, {}, counting);
        const input = bytesOf(Array.from({ length: 2000 }, (_, id) => `${resultText(String(id), JSON.stringify('y'.repeat(id % 500)))}\n`).join(''));
        const kept: JsonRpcMessage[] = [];
        let messages = 0;
        for (const chunk of pieces(input, chunkSize)) {
          const taken = feed(framer, chunk);
          messages += taken.length;
          if (keep) kept.push(...taken);
          else releaseAll(taken);
        }
        const { scanned, searchedInScans, copied, searched, allocated } = report();
        expect(messages).toBe(2000);
        expect(searchedInScans).toBe(0);
        // Lines beyond the table are looked at again.
        expect(scanned).toBeLessThanOrEqual(2 * input.length);
        expect(copied).toBeLessThanOrEqual(2 * input.length);
        expect(searched).toBeLessThanOrEqual(2 * input.length);
        // The messages of one chunk are released together.
        if (!keep) expect(allocated).toBeLessThanOrEqual(2 * Math.min(chunkSize, input.length) + 48 * KIB);
        releaseAll(kept);
        framer.close();
        expect(lent(manager)).toBe(0);
        vi.restoreAllMocks();
      }
    }
  });

  it('is not moved again where one long message comes behind another, which is released when the next has begun', () => {
    const { manager, counting, report } = meter();
    const framer = new LineFramer(manager, {}, counting);
    const message = `${resultText('1', JSON.stringify('y'.repeat(2 * MIB)))}\n`;
    const input = bytesOf(message.repeat(10));
    let messages = 0;
    for (const chunk of pieces(input, 16 * KIB)) messages += releaseAll(feed(framer, chunk));
    expect(messages).toBe(10);
    // All was copied in; of the first more while its slab grew.
    expect(report().copied).toBeLessThanOrEqual(1.3 * input.length);
    framer.close();
  });

  it('of lengths that lie within each other stays linear', () => {
    const { manager, counting, report } = meter();
    const framer = new HeaderFramer(manager, {}, counting);
    const header = (due: number): string => `Content-Length: ${String(due).padStart(7, '0')}\r\n\r\n`;
    const size = header(0).length;
    const total = 20_000;
    const good = withHeader(requestText('1'));
    // Each body reaches to the end of the last header, over all the others.
    const input = Buffer.concat([bytesOf(Array.from({ length: total }, (_, i) => header((total - 1 - i) * size)).join('')), good]);
    const messages = [...pieces(input, 32 * KIB)].flatMap((chunk) => feed(framer, chunk));
    messages.push(...finish(framer));
    expect(messages.at(-1)?.id).toBe(1);
    expect(report().scanned).toBeLessThanOrEqual(4 * input.length);
    releaseAll(messages);
  });

  it('of headers that make no sense stays linear', () => {
    const { manager, counting } = meter();
    const framer = new HeaderFramer(manager, {}, counting);
    const slice = vi.spyOn(Buffer.prototype as unknown as { latin1Slice(start: number, end: number): string }, 'latin1Slice');
    const input = Buffer.concat([bytesOf('content-length:x\r\n\r\n'.repeat(3000)), withHeader(requestText('1'))]);
    const messages = feed(framer, input);
    expect(messages.at(-1)?.id).toBe(1);
    const sliced = slice.mock.calls.reduce((sum, [start, end]) => sum + end - start, 0);
    expect(sliced).toBeLessThanOrEqual(100 * input.length);
    releaseAll(messages);
    framer.close();
  });

  it('is small for a message taken from many: 200,000 lines in one chunk, one at a time', () => {
    const parser = new StreamingParser();
    const shift = vi.spyOn(Array.prototype, 'shift');
    const count = 200_000;
    let message = parser.parseFromBytes(bytesOf('1\n'.repeat(count)));
    const none = new Uint8Array(0);
    let taken = 0;
    for (; message !== null; message = parser.parseFromBytes(none)) {
      taken++;
      message.release();
    }
    expect(taken).toBe(count);
    // Array.prototype.shift moves all elements of a long array.
    expect(shift).not.toHaveBeenCalled();
  });
});

describe('memory', () => {
  it('is one buffer while short messages come and go', () => {
    const { manager, counting, memory } = meter(64 * KIB);
    const framer = new LineFramer(manager, {}, counting);
    const chunk = bytesOf(`${requestText('1', 'm', `["${'z'.repeat(300)}"]`)}\n`.repeat(100));
    for (let i = 0; i < 300; i++) expect(releaseAll(feed(framer, chunk))).toBe(100);
    expect(memory.requests).toEqual([64 * KIB]);
    framer.close();
  });

  it('grows for a long message to a few times its size, is used again, and is given back afterwards', () => {
    const { manager, counting, memory } = meter(64 * KIB);
    const framer = new LineFramer(manager, {}, counting);
    const long = bytesOf(`${resultText('1', JSON.stringify('l'.repeat(3 * MIB)))}\n`);
    const short = bytesOf(`${requestText('1')}\n`);
    for (const chunk of pieces(long, 64 * KIB)) releaseAll(feed(framer, chunk));
    const most = framer.capacity;
    expect(most).toBeLessThanOrEqual(4 * long.length);
    const requests = memory.requests.length;
    for (let i = 0; i < 5; i++) for (const chunk of pieces(long, 64 * KIB)) releaseAll(feed(framer, chunk));
    expect(memory.requests.length).toBe(requests);
    for (let i = 0; i < 100; i++) releaseAll(feed(framer, short));
    expect(framer.capacity).toBe(64 * KIB);
    framer.close();
    expect(lent(manager)).toBe(0);
  });

  it('is not tied up by a long message where the short ones after it are kept', () => {
    const { manager, counting } = meter(64 * KIB);
    const framer = new LineFramer(manager, {}, counting);
    releaseAll([...pieces(bytesOf(`${resultText('1', JSON.stringify('l'.repeat(3 * MIB)))}\n`), 64 * KIB)].flatMap((chunk) => feed(framer, chunk)));
    const kept: JsonRpcMessage[] = [];
    const chunk = bytesOf(`${requestText('1', 'm', `["${'z'.repeat(500)}"]`)}\n`);
    for (let i = 0; i < 40_000 && framer.capacity > 64 * KIB; i++) kept.push(...feed(framer, chunk));
    expect(framer.capacity).toBe(64 * KIB);
    releaseAll(kept);
    framer.close();
    expect(lent(manager)).toBe(0);
  });

  it('is made at once for a body whose length is known', () => {
    const { manager, counting, report } = meter(64 * KIB);
    const framer = new HeaderFramer(manager, {}, counting);
    const input = withHeader(resultText('1', JSON.stringify('b'.repeat(3 * MIB))));
    let messages = 0;
    for (const chunk of pieces(input, 16 * KIB)) messages += releaseAll(feed(framer, chunk));
    expect(messages).toBe(1);
    expect(report().copied).toBeLessThanOrEqual(1.1 * input.length);
    framer.close();
  });

  it.each([1, 2, 3, 4, 1000])('always offers a window to receive into, with buffers of %i bytes', (readBufferCapacity) => {
    for (const make of [(manager: BufferManager): Framer => new LineFramer(manager), (manager: BufferManager): Framer => new HeaderFramer(manager)]) {
      const manager = new BufferManager({ readBufferCapacity });
      const framer = make(manager);
      const text = requestText('1', 'm', '["some text"]');
      const input = framer instanceof LineFramer ? bytesOf(`${text}\n`.repeat(20)) : Buffer.concat(Array.from({ length: 20 }, () => withHeader(text)));
      let messages = 0;
      for (let at = 0; at < input.length; ) {
        const window = framer.window();
        expect(window.length).toBeGreaterThan(0);
        const piece = input.subarray(at, at + Math.min(window.length, 13));
        window.set(piece);
        framer.received(piece.length);
        at += piece.length;
        messages += releaseAll(take(framer));
      }
      expect(messages).toBe(20);
      framer.close();
      expect(lent(manager)).toBe(0);
    }
  });
});
