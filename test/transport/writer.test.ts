import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { DIRECT_SEND_FROM, FLUSH_THRESHOLD } from '../../src/base/limits.js';
import { BufferManager } from '../../src/buffer/manager.js';
import type { Framing } from '../../src/message/framer.js';
import { createFramer } from '../../src/message/framing.js';
import { rawJson } from '../../src/message/json.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { PARTED } from '../../src/transport/portions.js';
import { Writer } from '../../src/transport/writer.js';
import { seededRandom } from '../buffer/memory.js';
import { readAll } from '../support/streams.js';
import { ManualSink, arrived, outcomes, stateOf, unhandledIn } from './support.js';

interface Setup {
  sink: ManualSink;
  manager: BufferManager;
  writer: Writer;
  /** What the writer reported as broken. */
  broken: Error[];
}

interface SetupOptions {
  eager?: boolean;
  highWaterMark?: number;
  framing?: Framing;
  maxQueue?: number;
  enableZeroCopy?: boolean;
}

function setUp({ eager = true, highWaterMark = 1 << 20, framing = 'newline', maxQueue = 1 << 30, enableZeroCopy = true }: SetupOptions = {}): Setup {
  const sink = new ManualSink(eager, highWaterMark);
  sink.on('error', () => undefined);
  const manager = new BufferManager({ enableZeroCopy });
  const broken: Error[] = [];
  return { sink, manager, broken, writer: new Writer(sink, manager, framing, maxQueue, (cause) => broken.push(cause)) };
}

const text = (head: string): { head: string; raw: undefined; tail: '' } => ({ head, raw: undefined, tail: '' });
const closedError = (): AirsMcpError => new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED');
const lent = (manager: BufferManager): number => manager.metrics().write.lent + manager.metrics().read.lent + manager.metrics().oneOffs.lent;

describe('what is written in one tick', () => {
  const write = async (writer: Writer, count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, i) => writer.write(text(`{"i":${i}}`))));
  };
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `{"i":${i}}\n`).join('');
  const sizes = ({ taken }: ManualSink): number[] => taken.map((chunk) => String(chunk).split('\n').length - 1);

  it('leaves in one write, in order, one message a line', async () => {
    const { writer, sink } = setUp();
    await write(writer, 3);
    expect(sink.taken).toHaveLength(1);
    expect(sink.text).toBe(lines(3));
  });

  it.runIf(PARTED)('leaves in portions where it is more, so that the other side begins while the rest is written', async () => {
    const { writer, sink } = setUp();
    await write(writer, 100);
    expect([sizes(sink), sink.text]).toEqual([[4, 16, 64, 16], lines(100)]);
    await write(writer, 5);
    expect(sizes(sink).slice(4)).toEqual([4, 1]);
  });

  it('leaves in one write where the other side has yet to take the last', async () => {
    const { writer, sink } = setUp({ eager: false });
    await write(writer, 1);
    await write(writer, 100);
    await sink.takeAll();
    expect(sizes(sink)).toEqual([1, 100]);
  });

  it('does not wait for the next tick\'s', async () => {
    const { writer, sink } = setUp();
    await writer.write(text('1'));
    await writer.write(text('2'));
    expect(sink.taken.map(String)).toEqual(['1\n', '2\n']);
  });

  it.each([[FLUSH_THRESHOLD - 2, 1], [FLUSH_THRESHOLD - 1, 2]])('leaves early once enough is gathered: %d bytes and a line end', async (size, writes) => {
    const { writer, sink } = setUp();
    const sends = [writer.write(text('x'.repeat(size))), writer.write(text('y'))];
    await Promise.all(sends);
    expect(sink.taken).toHaveLength(writes);
    expect(sink.text).toBe(`${'x'.repeat(size)}\ny\n`);
  });

  it('may be longer than any pooled buffer', async () => {
    const { writer, sink, manager } = setUp();
    const long = 'é€😀'.repeat(100_000);
    await Promise.all([writer.write(text('1')), writer.write(text(long)), writer.write(text('2'))]);
    await writer.finish();
    expect(sink.text).toBe(`1\n${long}\n2\n`);
    expect([lent(manager), manager.metrics().doubleReleases]).toEqual([0, 0]);
  });
});

/** A socket that takes nothing until it is told to. */
class Stuck extends Socket {
  readonly taken: unknown[] = [];
  go: () => void = () => undefined;

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.taken.push(chunk);
    this.go = done;
  }
}

describe('short text to a socket', () => {
  const open = (maxQueue = 1 << 20): { socket: Stuck; writer: Writer; manager: BufferManager } => {
    const socket = new Stuck({ readable: false, writable: true });
    const manager = new BufferManager();
    return { socket, manager, writer: new Writer(socket, manager, 'newline', maxQueue, () => undefined) };
  };

  it('goes as it is, and counts by its bytes', async () => {
    const { socket, writer, manager } = open();
    await writer.write(text('"é€😀"'));
    expect(socket.taken).toEqual(['"é€😀"\n']);
    expect([writer.queued, manager.counters.bytesSent, lent(manager)]).toEqual([12, 12, 0]);
    const finished = writer.finish();
    socket.go();
    await finished;
    expect(writer.queued).toBe(0);
  });

  it('is refused by its bytes', async () => {
    const { writer } = open(20);
    await writer.write(text('"é€😀"'));
    await expect(writer.write(text('"é€😀"'))).rejects.toMatchObject({ code: 'AIRS_MCP_SEND_QUEUE_FULL' });
  });

  it('becomes bytes behind what waits already, and where it is long', async () => {
    const { socket, writer } = open();
    void writer.write(text('first'));
    await writer.write(text('x'.repeat(6_000)));
    void writer.write(text('second'));
    await nextTurn();
    socket.go();
    await nextTurn();
    expect(socket.taken.map((chunk) => chunk instanceof Uint8Array)).toEqual([true, true]);
  });
});

describe('a slow consumer', () => {
  it('makes sends wait until it has room, however many, with one listener', async () => {
    const { writer, sink } = setUp({ eager: false, highWaterMark: 10 });
    const first = writer.write(text('0123456789'));
    const rest: Promise<void>[] = [];
    for (let i = 0; i < 50; i++) {
      rest.push(writer.write(text(String(i))));
      await Promise.resolve();
    }
    expect(await stateOf(first)).toBe('pending');
    expect(sink.listenerCount('drain')).toBe(1);
    await sink.takeAll();
    expect(await outcomes([first, ...rest])).toEqual(Array(51).fill('fulfilled'));
    expect(sink.taken).toHaveLength(2);
    expect(sink.text).toBe(`0123456789\n${Array.from({ length: 50 }, (_, i) => `${i}\n`).join('')}`);
  });

  it('lets a send through at once while there is room', async () => {
    const { writer } = setUp({ eager: false, highWaterMark: 100 });
    expect(await stateOf(writer.write(text('short')))).toBe('fulfilled');
  });

  it.each([[0, 'fulfilled'], [1, 'AIRS_MCP_SEND_QUEUE_FULL']])('is sent to up to the limit of the queue: %d past it', async (past, outcome) => {
    const message = 'x'.repeat(100);
    const { writer, sink } = setUp({ eager: false, highWaterMark: 10, maxQueue: 201 });
    const sends = [writer.write(text(message)), writer.write(text(message + 'y'.repeat(past)))];
    const third = writer.write(text(''));
    await Promise.resolve();
    await sink.takeAll();
    expect(await outcomes(sends)).toEqual(['fulfilled', outcome]);
    await sink.takeAll();
    // Nothing of what was refused was written.
    expect(sink.text.includes('y')).toBe(false);
    expect(await stateOf(third)).toBe(past === 0 ? 'AIRS_MCP_SEND_QUEUE_FULL' : 'fulfilled');
  });

  it('has the queue measured in bytes, not in characters', async () => {
    const { writer } = setUp({ eager: false, maxQueue: 100 });
    expect(await stateOf(writer.write(text('x'.repeat(100))))).toBe('fulfilled');
    const { writer: second } = setUp({ eager: false, maxQueue: 100 });
    expect(await stateOf(second.write(text('€'.repeat(34))))).toBe('AIRS_MCP_SEND_QUEUE_FULL');
  });

  it.each([[50, 'fulfilled'], [51, 'AIRS_MCP_SEND_QUEUE_FULL']])('has what is gathered counted to the byte: %d more', async (more, outcome) => {
    const asText = setUp({ maxQueue: 100 }).writer;
    const inParts = setUp({ maxQueue: 100 }).writer;
    const gathered = [asText, inParts].map((writer) => writer.write(text('x'.repeat(49))));
    const sends = [asText.write(text('y'.repeat(more))), inParts.writeParts([Buffer.alloc(more - 10), Buffer.alloc(10)])];
    expect(await outcomes([...gathered, ...sends])).toEqual(['fulfilled', 'fulfilled', outcome, outcome]);
  });

  it('is sent to again when it has read', async () => {
    const { writer, sink } = setUp({ eager: false, highWaterMark: 10, maxQueue: 100 });
    const first = writer.write(text('x'.repeat(100)));
    expect(await stateOf(writer.write(text('more')))).toBe('AIRS_MCP_SEND_QUEUE_FULL');
    await sink.takeAll();
    await first;
    expect(await stateOf(writer.write(text('more')))).toBe('fulfilled');
  });
});

describe('a failing stream', () => {
  it('that fails in the middle of a write fulfils nothing, and is reported once', async () => {
    const { writer, sink, broken } = setUp({ eager: false, highWaterMark: 10 });
    const raw = Buffer.alloc(DIRECT_SEND_FROM, 0x31);
    const sends = [writer.write(text('x'.repeat(20))), writer.write({ head: '', raw, tail: '' })];
    await stateOf(Promise.all(sends));
    sink.finish(new Error('EPIPE'));
    expect(await Promise.all(sends.map(stateOf))).toEqual(['pending', 'pending']);
    expect(broken.map(({ message }) => message)).toEqual(['EPIPE']);
    sends.push(writer.write(text('late')));
    writer.fail(closedError());
    expect(await outcomes(sends)).toEqual(Array(3).fill('AIRS_MCP_TRANSPORT_CLOSED'));
    expect(broken).toHaveLength(1);
  });

  it('that broke is given nothing of what was gathered since', async () => {
    const { writer, sink, broken } = setUp({ eager: false });
    const first = writer.write(text('1'));
    await first;
    const second = writer.write(text('2'));
    const write = vi.spyOn(sink, 'write');
    sink.finish(new Error('EPIPE'));
    expect(await stateOf(second)).toBe('pending');
    expect([broken.length, write.mock.calls]).toEqual([1, []]);
    writer.fail(closedError());
    expect(await outcomes([second])).toEqual(['AIRS_MCP_TRANSPORT_CLOSED']);
  });

  it.each(['without', 'with'])('that was destroyed %s an error is reported at the next write', async (how) => {
    const { writer, sink, broken } = setUp();
    sink.destroy(how === 'with' ? new Error('gone') : undefined);
    const sent = writer.write(text('1'));
    await stateOf(sent);
    expect(broken).toHaveLength(1);
    expect(await stateOf(sent)).toBe('pending');
    writer.fail(closedError());
    expect(await stateOf(sent)).toBe('AIRS_MCP_TRANSPORT_CLOSED');
  });

  it('that is destroyed with output pending gives all memory back', async () => {
    const { writer, sink, manager } = setUp({ eager: false, highWaterMark: 10 });
    const message = arrived(manager, { jsonrpc: '2.0', method: 'm', params: ['x'.repeat(DIRECT_SEND_FROM)] });
    void writer.write(text('first'));
    await Promise.resolve();
    void writer.write(message.encode(), message);
    message.release();
    void writer.write(text('last'));
    expect(lent(manager)).toBeGreaterThan(0);
    writer.fail(closedError());
    sink.destroy();
    sink.finish(new Error('destroyed'));
    await stateOf(Promise.resolve());
    expect(lent(manager)).toBe(0);
  });

  it('refuses all that waits and all that comes, with what is given', async () => {
    const { writer, manager } = setUp({ eager: false, highWaterMark: 10 });
    const sends = [writer.write(text('x'.repeat(6_000)))];
    await Promise.resolve();
    sends.push(writer.write(text('gathered')));
    writer.fail(closedError());
    writer.fail(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED'));
    sends.push(writer.write(text('late')), writer.writeParts([Buffer.from('late')]));
    expect(await outcomes(sends)).toEqual(Array(4).fill('AIRS_MCP_TRANSPORT_CLOSED'));
    expect(manager.metrics().write.lent).toBe(1); // in the write that is under way
  });

  it('raises nothing where promises are ignored', async () => {
    const unhandled = await unhandledIn(() => {
      const { writer } = setUp({ eager: false, highWaterMark: 10, maxQueue: 50 });
      void writer.write(text('x'.repeat(20)));
      void writer.write(text('y'.repeat(100)));
      writer.fail(closedError());
      void writer.write(text('late'));
    });
    expect(unhandled).toEqual([]);
  });
});

describe('finishing', () => {
  it('is done at once where nothing waits', async () => {
    expect(await stateOf(setUp().writer.finish())).toBe('fulfilled');
  });

  it('writes what is gathered, also to a full stream, and waits until all was taken', async () => {
    const { writer, sink } = setUp({ eager: false, highWaterMark: 1 });
    const sends = [writer.write(text('one'))];
    await Promise.resolve();
    sends.push(writer.write(text('two')));
    const finished = writer.finish();
    expect(await stateOf(finished)).toBe('pending');
    sink.finish();
    expect(await stateOf(finished)).toBe('pending');
    await sink.takeAll();
    expect(await stateOf(finished)).toBe('fulfilled');
    expect(sink.text).toBe('one\ntwo\n');
    // Nothing is left to be refused by what follows a finish.
    expect(await outcomes(sends)).toEqual(['fulfilled', 'fulfilled']);
  });

  it.each(['breaks', 'is refused'])('ends when the stream %s', async (how) => {
    const { writer, sink } = setUp({ eager: false });
    void writer.write(text('one'));
    const finished = writer.finish();
    if (how === 'breaks') sink.finish(new Error('EPIPE'));
    else writer.fail(closedError());
    expect(await stateOf(finished)).toBe('fulfilled');
  });
});

describe('long bytes', () => {
  it.each([[DIRECT_SEND_FROM - 1, 0], [DIRECT_SEND_FROM, 1]])('of %d go out uncopied from the threshold on', async (length, direct) => {
    const { writer, sink, manager } = setUp();
    const raw = Buffer.alloc(length, 0x31);
    await writer.write({ head: '[', raw, tail: ']' });
    expect(sink.chunks.some((chunk) => chunk.buffer === raw.buffer && chunk.byteOffset === raw.byteOffset)).toBe(direct === 1);
    expect(manager.metrics().transfers).toMatchObject({ zeroCopySends: direct, copiedSends: 1 - direct, bytesSent: length + 3 });
    expect(sink.text).toBe(`[${'1'.repeat(length)}]\n`);
  });

  it('are copied without zero-copy', async () => {
    const { writer, sink, manager } = setUp({ enableZeroCopy: false });
    const raw = Buffer.alloc(100_000, 0x31);
    await writer.write({ head: '', raw, tail: '' });
    await writer.writeParts([raw, raw]);
    expect(sink.chunks.some((chunk) => chunk.buffer === raw.buffer)).toBe(false);
    expect(manager.metrics().transfers).toMatchObject({ zeroCopySends: 0, copiedSends: 2 });
    expect(sink.text).toBe(`${'1'.repeat(100_000)}\n${'1'.repeat(200_000)}\n`);
  });

  it('of a message stay as they are until written, though it is released at once', async () => {
    const { writer, sink, manager } = setUp({ eager: false, highWaterMark: 10 });
    const sent: string[] = [];
    const promises: Promise<void>[] = [];
    for (let i = 0; i < 20; i++) {
      const wire = { jsonrpc: '2.0', id: i, result: String(i % 10).repeat(DIRECT_SEND_FROM + i) } as const;
      const message = arrived(manager, wire);
      promises.push(writer.write(message.encode(), message));
      message.release();
      sent.push(`${JSON.stringify(wire)}\n`);
    }
    // Each waits until its own bytes are out, whatever the stream says of its room.
    expect(await stateOf(Promise.race(promises))).toBe('pending');
    await sink.takeAll();
    await Promise.all(promises);
    expect(sink.text === sent.join('')).toBe(true);
    expect(lent(manager)).toBe(0);
  });

  it('of a message hold its memory for exactly as long', async () => {
    const { writer, sink, manager } = setUp({ eager: false });
    const message = arrived(manager, { jsonrpc: '2.0', id: 1, result: 'x'.repeat(DIRECT_SEND_FROM) });
    const promise = writer.write(message.encode(), message);
    message.release();
    expect(manager.metrics().read.lent).toBe(1);
    await stateOf(promise);
    await sink.takeAll();
    await promise;
    await writer.finish();
    expect(lent(manager)).toBe(0);
  });

  it('of a message that is released already are refused before anything is written', async () => {
    const { writer, sink } = setUp();
    const message = JsonRpcMessage.response(1, rawJson(Buffer.alloc(DIRECT_SEND_FROM, 0x31)));
    message.release();
    expect(() => writer.write(message.encode(), message)).toThrow(expect.objectContaining({ code: 'AIRS_MCP_MESSAGE_RELEASED' }));
    await writer.write(text('next'));
    expect(sink.text).toBe('next\n');
  });

  it('keep their place among the others', async () => {
    const { writer, sink } = setUp({ eager: false, highWaterMark: 10 });
    const raw = Buffer.alloc(DIRECT_SEND_FROM, 0x32);
    const sends = [writer.write(text('1')), writer.write({ head: '<', raw, tail: '>' }), writer.write(text('3'))];
    await stateOf(Promise.all(sends));
    await sink.takeAll();
    await Promise.all(sends);
    expect(sink.text).toBe(`1\n<${'2'.repeat(DIRECT_SEND_FROM)}>\n3\n`);
  });
});

describe('framing', () => {
  const pretty = '{\n"jsonrpc":"2.0",\r\n"method":"m",\n"params":[1]\n}';

  it.each(['short', 'long'])('by lines sends line feeds of %s ready JSON as spaces, and leaves the given bytes alone', async (length) => {
    const { writer, sink } = setUp();
    const given = `${pretty}${' '.repeat(length === 'long' ? DIRECT_SEND_FROM : 0)}`;
    const raw = Buffer.from(given);
    await writer.write({ head: '', raw, tail: '' });
    await writer.writeParts([raw, Buffer.from('\n')]);
    const flat = given.replaceAll('\n', ' ');
    expect(sink.text === `${flat}\n${flat} \n`).toBe(true);
    expect(raw.toString() === given).toBe(true);
  });

  it('by length says the length in bytes and keeps line feeds', async () => {
    const { writer, sink } = setUp({ framing: 'content-length' });
    await writer.write({ head: '"é"', raw: Buffer.from(pretty), tail: ']' });
    await writer.writeParts([Buffer.from(pretty), Buffer.from('\n')]);
    const first = `"é"${pretty}]`;
    expect(sink.text).toBe(`Content-Length: ${Buffer.byteLength(first)}\r\n\r\n${first}Content-Length: ${pretty.length + 1}\r\n\r\n${pretty}\n`);
  });

  it.each(['newline', 'content-length'] as const)('by %s is what the receiving side takes apart', async (framing) => {
    const { writer, sink, manager } = setUp({ framing });
    const random = seededRandom(7);
    const sent: string[] = [];
    for (let i = 0; i < 60; i++) {
      const payload = { text: 'ä\n'.repeat(random(i % 10 === 0 ? 60_000 : 40)) };
      const message = JsonRpcMessage.request(i, 'm', i % 3 === 0 ? rawJson(Buffer.from(JSON.stringify(payload, null, 1))) : payload);
      void writer.write(message.encode(), message);
      sent.push(JSON.stringify([i, payload]));
      if (random(3) === 0) await Promise.resolve();
    }
    await writer.finish();
    const framer = createFramer(new BufferManager(), { framing });
    const bytes = Buffer.concat(sink.taken);
    const received: string[] = [];
    for (let from = 0; from < bytes.length; ) {
      from += framer.push(bytes, from);
      for (let message = framer.next(); message !== null; message = framer.next()) {
        received.push(JSON.stringify([message.id, message.params]));
        message.release();
      }
    }
    expect(received).toEqual(sent);
    expect(lent(manager)).toBe(0);
  });

  it('takes messages in parts, as withId gives them', async () => {
    const { writer, sink, manager } = setUp();
    const wire = (id: number | string) => ({ jsonrpc: '2.0', id, method: 'm', params: ['x'.repeat(100_000)] }) as const;
    const message = arrived(manager, wire(1));
    await writer.writeParts(message.withId('other'));
    message.release();
    expect(sink.text === `${JSON.stringify(wire('other'))}\n`).toBe(true);
    expect(manager.metrics().transfers.zeroCopySends).toBe(1);
  });
});

describe('a stream that passes chunks on', () => {
  it('never sees their memory reused, and counts as copying', async () => {
    const stream = new PassThrough({ highWaterMark: 1 << 24 });
    const manager = new BufferManager({ bufferPoolSize: 2 });
    const writer = new Writer(stream, manager, 'newline', 1 << 24, () => undefined);
    const sent: string[] = [];
    for (let i = 0; i < 20; i++) {
      const wire = { jsonrpc: '2.0', id: i, result: String(i % 10).repeat(i % 2 === 0 ? 10 : DIRECT_SEND_FROM) } as const;
      const message = arrived(manager, wire);
      const written = writer.write(message.encode(), message);
      message.release();
      await written;
      sent.push(`${JSON.stringify(wire)}\n`);
    }
    expect(readAll(stream).toString() === sent.join('')).toBe(true);
    expect(manager.metrics().transfers).toMatchObject({ zeroCopySends: 0, copiedSends: 20 });
    expect(lent(manager)).toBe(0);
  });
});
