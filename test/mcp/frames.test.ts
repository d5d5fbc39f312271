import { describe, expect, it } from 'vitest';
import { answer, codes, request, serve } from './serving.js';
import { frame, nextTurn } from './support.js';

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
    bench.stdin.write(
      '{"jsonrpc":"2.0","id":"a","method":"x","params":[1]}\n{"jsonrpc":"2.0","id":5,"method":"x","params":{"a":tru}}\n',
    );
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

  it('fails the call whose id it has and nothing else: its result was undefined', async () => {
    const bench = await serve();
    void bench.transport.send({ jsonrpc: '2.0', id: 4, method: 'ping' });
    bench.stdin.write('{"jsonrpc":"2.0","id":5}\n{"jsonrpc":"2.0","id":4}\n{"jsonrpc":"2.0","id":4}\n');
    await nextTurn();
    expect(bench.messages).toMatchObject([{ id: 4, error: { code: -32600, data: { code: 'AIRS_MCP_INVALID_REQUEST' } } }]);
    expect(bench.transport.counts.refused).toBe(3);
  });

  it('is taken with U+FFFD where its UTF-8 is invalid, as the SDK takes it', async () => {
    const bench = await serve();
    bench.stdin.write(
      Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"a","params":{"t":"'), Buffer.of(0xff), Buffer.from('"}}\n')]),
    );
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
