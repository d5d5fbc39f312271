import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StdioServerTransport } from '../../src/mcp/server-stdio.js';
import { answer, codes, request, serve } from './serving.js';
import { Recorder, frame, nextTurn, until } from './support.js';

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
