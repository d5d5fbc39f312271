import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AirsMcpError } from '../../src/base/errors.js';
import { type JSONRPCMessage, type StdioServerOptions, StdioServerTransport } from '../../src/mcp/server-stdio.js';
import { Recorder, frame, lines, nextTurn, until } from './support.js';

interface Bench extends Recorder {
  transport: StdioServerTransport;
  stdin: PassThrough;
  stdout: PassThrough;
  /** What was written so far, parsed. */
  sent(): unknown[];
}

async function serve(options?: StdioServerOptions): Promise<Bench> {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const transport = new StdioServerTransport(stdin, stdout, options);
  const recorder = new Recorder(transport);
  await transport.start();
  return Object.assign(recorder, { transport, stdin, stdout, sent: () => lines(Buffer.concat(chunks)) });
}

const request = (id: number | string, params: object = {}): JSONRPCMessage => ({ jsonrpc: '2.0', id, method: 'work', params: { ...params } });
const answer = (id: number | string): JSONRPCMessage => ({ jsonrpc: '2.0', id, result: {} });
const codes = (errors: readonly Error[]): (string | undefined)[] => errors.map((error) => (error as Partial<AirsMcpError>).code);

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
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) });
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
    expect(() => new StdioServerTransport(undefined, undefined, { maxBufferSize: 0, closeTimeout: -1 })).toThrow(/maxBufferSize.*closeTimeout/);
    expect(() => new StdioServerTransport(undefined, undefined, { drainTimeout: 0.5 })).toThrow(/drainTimeout/);
    expect(() => new StdioServerTransport(undefined, undefined, { noise: 'loud' as 'skip' })).toThrow(/noise is one of skip, report/);
    expect(() => new StdioServerTransport(undefined, undefined, { onOversize: 'no' as 'close' })).toThrow(/onOversize/);
    expect(() => new StdioServerTransport(undefined, undefined, { onEndOfInput: 'no' as 'abort' })).toThrow(/onEndOfInput/);
    expect(() => new StdioServerTransport(undefined, undefined, { maxBufferSize: Infinity })).not.toThrow();
  });
});

describe('messages', () => {
  const batch = [request(1), { jsonrpc: '2.0', method: 'note' }, answer('1'), { jsonrpc: '2.0', id: 2, error: { code: 1, message: 'é\u2028😀' } }];
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

describe('a frame that is no message', () => {
  it('is skipped and counted when it is not JSON', async () => {
    const bench = await serve();
    bench.stdin.write('[INFO] started\nhello {"a":1}\n');
    bench.stdin.write(frame(request(1)));
    await nextTurn();
    expect(bench.messages).toEqual([request(1)]);
    expect(bench.errors).toEqual([]);
    expect(bench.transport.counts).toEqual({ noise: 2, oversize: 0, refused: 0, repaired: 0 });
  });

  it('is reported with noise: report', async () => {
    const bench = await serve({ noise: 'report' });
    bench.stdin.write('[INFO] started\n');
    await nextTurn();
    expect(codes(bench.errors)).toEqual(['AIRS_MCP_PARSE_ERROR']);
  });

  it.each([
    ['a number', '7', 'AIRS_MCP_INVALID_REQUEST'],
    ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"a"}', 'AIRS_MCP_INVALID_REQUEST'],
    ['an id of 1.5', '{"jsonrpc":"2.0","id":1.5,"method":"a"}', 'AIRS_MCP_INVALID_REQUEST'],
    ['an id past 2^53', '{"jsonrpc":"2.0","id":9007199254740993,"method":"a"}', 'AIRS_MCP_INVALID_REQUEST'],
    ['params of an array in a notification', '{"jsonrpc":"2.0","method":"a","params":[1]}', 'AIRS_MCP_INVALID_REQUEST'],
    ['a result that is no object', '{"jsonrpc":"2.0","id":1,"result":[]}', 'AIRS_MCP_INVALID_REQUEST'],
    ['an error without a code', '{"jsonrpc":"2.0","id":1,"error":{"message":"x"}}', 'AIRS_MCP_INVALID_REQUEST'],
    ['no version', '{"id":1,"result":{}}', 'AIRS_MCP_INVALID_REQUEST'],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"a"}]', 'AIRS_MCP_INVALID_REQUEST'],
    ['an empty batch', '[]', 'AIRS_MCP_INVALID_REQUEST'],
  ])('is reported once and not answered: %s', async (_name, text, code) => {
    const bench = await serve();
    bench.stdin.write(`${text}\n`);
    bench.stdin.write(frame(request(9)));
    await nextTurn();
    expect(codes(bench.errors)).toEqual([code]);
    expect(bench.messages).toEqual([request(9)]);
    expect(bench.transport.counts.refused).toBe(1);
    await bench.transport.close();
    expect(bench.sent()).toEqual([]);
  });

  it('passes on what a peer says about a request that it could not read', async () => {
    const bench = await serve();
    bench.stdin.write('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"cannot read that"}}\n');
    await nextTurn();
    expect(bench.errors[0]?.message).toMatch(/cannot read that/);
  });

  it('is answered with an error where it is a request that names its id', async () => {
    const bench = await serve();
    bench.stdin.write('{"jsonrpc":"2.0","id":"a","method":"x","params":[1]}\n{"jsonrpc":"2.0","id":5,"method":"x","params":{"a":tru}}\n');
    await nextTurn();
    await bench.transport.close();
    expect(bench.sent()).toMatchObject([
      { id: 'a', error: { code: -32600, data: { code: 'AIRS_MCP_INVALID_REQUEST' } } },
      { id: 5, error: { code: -32700, data: { code: 'AIRS_MCP_PARSE_ERROR' } } },
    ]);
    expect(bench.messages).toEqual([]);
  });

  it('fails the call that it was the answer to', async () => {
    const bench = await serve();
    void bench.transport.send({ jsonrpc: '2.0', id: 4, method: 'ping' });
    bench.stdin.write('{"jsonrpc":"2.0","id":4,"result":{"a":nul}}\n{"jsonrpc":"2.0","id":4,"result":{"a":nul}}\n');
    await nextTurn();
    expect(bench.messages).toMatchObject([{ id: 4, error: { code: -32700, data: { code: 'AIRS_MCP_PARSE_ERROR' } } }]);
    expect(bench.transport.counts.noise).toBe(2);
  });

  it('is taken with U+FFFD where its UTF-8 is invalid, as the SDK takes it', async () => {
    const bench = await serve();
    bench.stdin.write(Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"a","params":{"t":"'), Buffer.of(0xff), Buffer.from('"}}\n')]));
    bench.stdin.write(Buffer.of(0xff, 0xfe, 0x0a));
    await nextTurn();
    expect(bench.messages).toEqual([{ jsonrpc: '2.0', id: 1, method: 'a', params: { t: '\ufffd' } }]);
    expect(bench.transport.counts).toMatchObject({ repaired: 1, noise: 1 });
  });
});

describe('a message past maxBufferSize', () => {
  const LIMIT = 1000;
  const sized = (id: number, bytes: number): Buffer => {
    const empty = frame(request(id, { pad: '' })).length - 1;
    return frame(request(id, { pad: 'x'.repeat(bytes - empty) }));
  };

  it.each([LIMIT - 1, LIMIT])('is taken up to the limit: %d bytes', async (bytes) => {
    const bench = await serve({ maxBufferSize: LIMIT });
    bench.stdin.write(sized(1, bytes));
    await nextTurn();
    expect(bench.messages).toHaveLength(1);
  });

  it('fails its own call, and the session lives', async () => {
    const bench = await serve({ maxBufferSize: LIMIT });
    bench.stdin.write(Buffer.concat([sized(1, LIMIT + 1), sized(2, 50 * LIMIT), frame(request(3))]));
    await nextTurn();
    expect(codes(bench.errors)).toEqual(['AIRS_MCP_MESSAGE_TOO_LARGE', 'AIRS_MCP_MESSAGE_TOO_LARGE']);
    expect(bench.messages).toEqual([request(3)]);
    void bench.transport.send(answer(3));
    await bench.transport.close();
    const refusal = (id: number): object => ({ id, error: { code: -32600, data: { code: 'AIRS_MCP_MESSAGE_TOO_LARGE' } } });
    expect(bench.sent()).toMatchObject([refusal(1), refusal(2), answer(3)]);
  });

  it('ends the session with onOversize: close', async () => {
    const bench = await serve({ maxBufferSize: LIMIT, onOversize: 'close' });
    bench.stdin.write(sized(1, LIMIT + 1));
    await bench.closed;
    expect(bench.events).toEqual(['error', 'close']);
    expect(bench.sent()).toEqual([]);
  });
});

describe('sending', () => {
  it('answers with an error in place of what cannot be written', async () => {
    const bench = await serve();
    bench.stdin.write(frame(request(1)));
    await nextTurn();
    await expect(bench.transport.send({ jsonrpc: '2.0', id: 1, result: { n: 1n } })).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_SERIALISABLE' });
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
    expect(lines(stdout.read() as Buffer)).toMatchObject([{ id: 1, error: { data: { code: 'AIRS_MCP_SEND_QUEUE_FULL' } } }]);
  });
});

describe('the end of the input', () => {
  it('waits for the requests in flight', async () => {
    const bench = await serve();
    bench.stdin.end(Buffer.concat([frame(request(1)), frame(request('1')), frame(request(1))]));
    await until(() => bench.messages.length === 3);
    await nextTurn();
    for (const id of [1, '1']) void bench.transport.send(answer(id));
    await nextTurn();
    expect(bench.events).not.toContain('close');
    void bench.transport.send(answer(1));
    await bench.closed;
    expect(bench.sent()).toEqual([answer(1), answer('1'), answer(1)]);
    expect(bench.errors).toEqual([]);
  });

  it('closes at once when nothing is in flight', async () => {
    const bench = await serve();
    bench.stdin.end();
    await bench.closed;
    expect(bench.events).toEqual(['close']);
  });

  it('closes at once where the input had ended before the start', async () => {
    const stdin = new PassThrough();
    stdin.resume().end();
    await nextTurn();
    const transport = new StdioServerTransport(stdin, new PassThrough());
    const recorder = new Recorder(transport);
    await transport.start();
    await recorder.closed;
  });

  it('does not wait for a request that was cancelled', async () => {
    const bench = await serve();
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    bench.stdin.end(Buffer.concat([frame(request(1)), frame(cancelled)]));
    await bench.closed;
    expect(bench.messages).toHaveLength(2);
  });

  it('does not wait for a subscription', async () => {
    const bench = await serve();
    bench.stdin.end(frame({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen' }));
    await bench.closed;
  });

  it('fails what the server asked of the client, for no answer can come', async () => {
    const bench = await serve();
    void bench.transport.send({ jsonrpc: '2.0', id: 0, method: 'sampling/createMessage' });
    bench.stdin.end(frame(request(1)));
    await until(() => bench.messages.length === 2);
    expect(bench.messages[1]).toMatchObject({ id: 0, error: { code: -32000 } });
    void bench.transport.send(answer(1));
    await bench.closed;
  });

  it('closes after drainTimeout where a request is never answered', async () => {
    const bench = await serve({ drainTimeout: 1 });
    bench.stdin.end(frame(request(1)));
    await bench.closed;
    expect(bench.messages).toHaveLength(1);
  });

  it('answers nothing more with onEndOfInput: abort', async () => {
    const bench = await serve({ onEndOfInput: 'abort' });
    bench.stdin.end(frame(request(1)));
    await bench.closed;
    await expect(bench.transport.send(answer(1))).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    expect(bench.sent()).toEqual([]);
  });

  it('takes a last message without a line end, and reports one that was cut short', async () => {
    const bench = await serve();
    bench.stdin.end(JSON.stringify(request(1)));
    await until(() => bench.messages.length === 1);
    void bench.transport.send(answer(1));
    await bench.closed;
    const cut = await serve();
    cut.stdin.end('{"jsonrpc":"2.0","method":"a","par');
    await cut.closed;
    expect(codes(cut.errors)).toEqual(['AIRS_MCP_MESSAGE_TRUNCATED']);
  });
});
