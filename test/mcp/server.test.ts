import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StdioServerTransport } from '../../src/mcp/server-stdio.js';
import { readAll } from '../support/streams.js';
import { answer, codes, request, serve } from './serving.js';
import { Recorder, frame, lines, nextTurn, until } from './support.js';

describe('life', () => {
  it('starts once', async () => {
    const { transport } = await serve();
    await expect(transport.start()).rejects.toThrow(/already started/);
  });

  it('does not start after its close', async () => {
    const transport = new StdioServerTransport(new PassThrough(), new PassThrough());
    await transport.close();
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });

  it('closes once, however often it is asked to', async () => {
    const bench = await serve();
    await Promise.all([bench.transport.close(), bench.transport.close()]);
    await bench.transport.close();
    expect(bench.events).toEqual(['close']);
  });

  it('leaves both streams open for their owner', async () => {
    const { transport, stdin, stdout } = await serve();
    await transport.close();
    expect([stdin.destroyed, stdout.writableEnded]).toEqual([false, false]);
    expect(stdin.listenerCount('data')).toBe(0);
    expect(stdin.isPaused()).toBe(true);
  });

  it('leaves no listener behind on an output that many transports share', async () => {
    const stdout = new PassThrough();
    for (let i = 0; i < 20; i++) {
      const transport = new StdioServerTransport(new PassThrough(), stdout);
      await transport.start();
      await transport.close();
    }
    expect(stdout.listenerCount('error')).toBeLessThanOrEqual(2);
  });

  it('rejects what is sent before the start and after the close', async () => {
    const early = new StdioServerTransport(new PassThrough(), new PassThrough());
    await expect(early.send(answer(1))).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
    const { transport } = await serve();
    await transport.close();
    await expect(transport.send(answer(1))).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });

  it('writes out what was sent before it closes', async () => {
    const bench = await serve();
    void bench.transport.send(answer(1));
    void bench.transport.send(answer(2));
    await bench.transport.close();
    expect(bench.sent()).toEqual([answer(1), answer(2)]);
  });

  it('reports a failing output, then closes', async () => {
    const stdin = new PassThrough();
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const transport = new StdioServerTransport(stdin, stdout);
    const recorder = new Recorder(transport);
    await transport.start();
    const sent = transport.send(answer(1));
    await recorder.closed;
    await sent.catch(() => undefined);
    expect(recorder.events).toEqual(['error', 'close']);
    expect(codes(recorder.errors)).toEqual(['AIRS_MCP_TRANSPORT_FAILED']);
  });

  it('names every option that is wrong', () => {
    expect(() => new StdioServerTransport(undefined, undefined, { maxBufferSize: 0, closeTimeout: -1 })).toThrow(
      /maxBufferSize.*closeTimeout/,
    );
    expect(() => new StdioServerTransport(undefined, undefined, { drainTimeout: 0.5 })).toThrow(/drainTimeout/);
    expect(() => new StdioServerTransport(undefined, undefined, { noise: 'loud' as 'skip' })).toThrow(
      /noise must be one of skip, report/,
    );
    expect(() => new StdioServerTransport(undefined, undefined, { onOversize: 'no' as 'close' })).toThrow(/onOversize/);
    expect(() => new StdioServerTransport(undefined, undefined, { onEndOfInput: 'no' as 'abort' })).toThrow(/onEndOfInput/);
    expect(() => new StdioServerTransport(undefined, undefined, { maxBufferSize: Infinity })).not.toThrow();
  });
});

describe('messages', () => {
  const batch = [
    request(1),
    { jsonrpc: '2.0', method: 'note' },
    answer('1'),
    { jsonrpc: '2.0', id: 2, error: { code: 1, message: 'é\u2028😀' } },
  ];
  const bytes = Buffer.concat(batch.map(frame));

  it('arrive synchronously and in order, as plain objects with exact ids', async () => {
    const bench = await serve();
    bench.stdin.write(bytes);
    await nextTurn();
    expect(bench.messages).toEqual(batch);
    expect(bench.messages.map((message) => Object.getPrototypeOf(message))).toEqual(batch.map(() => Object.prototype));
  });

  it('arrive whole wherever the input is cut', async () => {
    for (let at = 1; at < bytes.length; at++) {
      const bench = await serve();
      bench.stdin.write(bytes.subarray(0, at));
      bench.stdin.write(bytes.subarray(at));
      await until(() => bench.messages.length === batch.length);
      expect(bench.messages).toEqual(batch);
      expect(bench.errors).toEqual([]);
      await bench.transport.close();
    }
  });

  it('arrive byte by byte', async () => {
    const bench = await serve();
    for (const byte of bytes) bench.stdin.write(Buffer.of(byte));
    await until(() => bench.messages.length === batch.length);
    expect(bench.messages).toEqual(batch);
  });

  it('with CR LF, a byte order mark, and blank lines are taken', async () => {
    const bench = await serve();
    bench.stdin.write(`\ufeff${JSON.stringify(request(1))}\r\n\r\n\n${JSON.stringify(request(2))}\r\n`);
    await nextTurn();
    expect(bench.messages).toEqual([request(1), request(2)]);
  });

  it('keep members that this package does not know', async () => {
    const bench = await serve();
    bench.stdin.write('{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"x":1},"__proto__":{"y":2}},"future":[1e400]}\n');
    await nextTurn();
    expect(JSON.stringify(bench.messages)).toBe(
      '[{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"x":1},"__proto__":{"y":2}},"future":[null]}]',
    );
  });

  it('that a handler throws at are reported, and the next is delivered', async () => {
    const bench = await serve();
    bench.transport.onmessage = (message) => {
      if ((message as { id?: number }).id === 1) throw new Error('mine');
      bench.messages.push(message);
    };
    bench.stdin.write(Buffer.concat([frame(request(1)), frame(request(2))]));
    await nextTurn();
    expect(bench.errors.map(({ message }) => message)).toEqual(['mine']);
    expect(bench.messages).toEqual([request(2)]);
  });

  it('are dropped while nobody listens, as the SDK drops them, and do not hold up the end', async () => {
    const bench = await serve();
    bench.transport.onmessage = undefined;
    bench.stdin.end(frame(request(1)));
    await bench.closed;
    expect(bench.events).toEqual(['close']);
  });

  it('of one tick leave in one write', async () => {
    const writes: string[] = [];
    const stdout = new Writable({ write: (chunk: Buffer, _encoding, done) => (writes.push(String(chunk)), done()) });
    const transport = new StdioServerTransport(new PassThrough(), stdout);
    await transport.start();
    await Promise.all([transport.send(answer(1)), transport.send(answer(2))]);
    expect(writes).toEqual([`${JSON.stringify(answer(1))}\n${JSON.stringify(answer(2))}\n`]);
  });
});

describe('sending', () => {
  it('answers with an error in place of what cannot be written', async () => {
    const bench = await serve();
    bench.stdin.write(frame(request(1)));
    await nextTurn();
    await expect(bench.transport.send({ jsonrpc: '2.0', id: 1, result: { n: 1n } })).rejects.toMatchObject({
      code: 'AIRS_MCP_NOT_SERIALISABLE',
    });
    await bench.transport.close();
    expect(bench.sent()).toMatchObject([{ id: 1, error: { code: -32603, data: { code: 'AIRS_MCP_NOT_SERIALISABLE' } } }]);
  });

  it('waits for a client that does not read, with one listener for all', async () => {
    const stdout = new PassThrough({ highWaterMark: 10 });
    const transport = new StdioServerTransport(new PassThrough(), stdout);
    await transport.start();
    const before = stdout.listenerCount('drain');
    let settled = 0;
    const sends = Array.from({ length: 15 }, (_, id) => transport.send(answer(id)).then(() => settled++));
    await nextTurn();
    expect(settled).toBe(0);
    expect(stdout.listenerCount('drain')).toBe(before);
    stdout.resume();
    await Promise.all(sends);
    expect(settled).toBe(15);
  });

  it('is refused past maxSendQueue, and the call fails with an error', async () => {
    const stdout = new PassThrough({ highWaterMark: 10 });
    const transport = new StdioServerTransport(new PassThrough(), stdout, { maxSendQueue: 400 });
    await transport.start();
    const sent = transport.send({ jsonrpc: '2.0', id: 1, result: { pad: 'x'.repeat(400) } });
    await expect(sent).rejects.toMatchObject({ code: 'AIRS_MCP_SEND_QUEUE_FULL' });
    await nextTurn();
    expect(lines(readAll(stdout))).toMatchObject([{ id: 1, error: { data: { code: 'AIRS_MCP_SEND_QUEUE_FULL' } } }]);
  });
});
