import { describe, expect, it } from 'vitest';
import { JsonRpcMessage } from '../../../src/message/message.js';
import type { ZeroCopyTransport } from '../../../src/transport/contract.js';
import { createMemoryTransportPair } from '../../../src/transport/memory.js';
import { StreamingTransport } from '../../../src/transport/streaming.js';

async function started(): Promise<[ZeroCopyTransport, ZeroCopyTransport]> {
  const pair = createMemoryTransportPair();
  await Promise.all(pair.map((transport) => transport.start()));
  return pair;
}

const next = (transport: ZeroCopyTransport): Promise<JsonRpcMessage> =>
  new Promise((resolve) => {
    transport.onmessage = resolve;
  });

describe('two transports that are connected', () => {
  it('carry messages of every kind, in order', async () => {
    const [left, right] = await started();
    const seen: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      right.onmessage = (message) => {
        seen.push([message.kind, message.id, message.method]);
        message.release();
        if (seen.length === 3) resolve();
      };
    });
    void left.send(JsonRpcMessage.request('a', 'one', [1]));
    void left.send({ jsonrpc: '2.0', method: 'two' });
    await left.send(JsonRpcMessage.response(7, null));
    await done;
    expect(seen).toEqual([['request', 'a', 'one'], ['notification', undefined, 'two'], ['response', 7, undefined]]);
    await Promise.all([left.close(), right.close()]);
  });

  it('carry a payload larger than all their buffers, though its message is released at once', async () => {
    const [left, right] = await started();
    const text = 'x'.repeat(3_000_000);
    const forwarded = new Promise<number>((resolve) => {
      right.onmessage = (message) => {
        void right.send(message).then(() => undefined);
        message.release();
      };
      left.onmessage = (message) => resolve((message.params as string[])[0]?.length ?? 0);
    });
    await left.send(JsonRpcMessage.notification('big', [text]));
    expect(await forwarded).toBe(text.length);
    await Promise.all([left.close(), right.close()]);
  });

  it('make a sender wait while the other side is paused, and refuse what is past the limit', async () => {
    const [left, right] = createMemoryTransportPair({ maxSendQueue: 300_000 });
    await left.start();
    await right.start();
    right.onmessage = () => undefined;
    right.pause();
    const sends = Array.from({ length: 12 }, () => left.send(JsonRpcMessage.notification('n', ['y'.repeat(40_000)])));
    const outcomes = Promise.allSettled(sends);
    await expect(sends[11]).rejects.toMatchObject({ code: 'AIRS_MCP_SEND_QUEUE_FULL' });
    right.resume();
    expect((await outcomes).filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(5);
    await Promise.all([left.close(), right.close()]);
  });

  it('refuse to send before the start and after the close, and to start twice', async () => {
    const [left] = createMemoryTransportPair();
    await expect(left.send(JsonRpcMessage.notification('n'))).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_STARTED' });
    await left.start();
    await expect(left.start()).rejects.toMatchObject({ code: 'AIRS_MCP_ALREADY_STARTED' });
    await left.close();
    await expect(left.send(JsonRpcMessage.notification('n'))).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });

  it('tell once that they are closed, and the other side at its end of input', async () => {
    const [left, right] = await started();
    const closed: string[] = [];
    left.onclose = () => closed.push('left');
    right.onmessage = () => undefined;
    const far = new Promise<void>((resolve) => {
      right.onclose = () => {
        closed.push('right');
        resolve();
      };
    });
    await Promise.all([left.close(), left.close()]);
    await far;
    await left.close();
    expect(closed).toEqual(['left', 'right']);
  });

  it('refuse what JSON cannot hold, and go on', async () => {
    const [left, right] = await started();
    const received = next(right);
    await expect(left.send(JsonRpcMessage.response(1, { n: 1n }))).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_SERIALISABLE' });
    await left.send(JsonRpcMessage.response(2, 'fine'));
    expect((await received).id).toBe(2);
    await Promise.all([left.close(), right.close()]);
  });

  it('receive into a buffer, which keeps what does not fit for the next call', async () => {
    const [left, right] = await started();
    const sent = left.send(JsonRpcMessage.notification('n', ['z'.repeat(70_000)]));
    const small = await right.acquireBuffer();
    await expect(right.receiveIntoBuffer(small)).rejects.toMatchObject({ code: 'AIRS_MCP_BUFFER_FULL' });
    const large = await right.buffers.acquireReadBuffer();
    expect(await right.receiveIntoBuffer(large)).toBe(large.length);
    expect(JsonRpcMessage.fromBytes(large.bytes).method).toBe('n');
    await sent;
    small.release();
    large.release();
    await Promise.all([left.close(), right.close()]);
  });
});

describe('a streaming transport', () => {
  it('gives messages when asked, pauses its source at the limit, and ends with its source', async () => {
    const [left, right] = createMemoryTransportPair();
    const streaming = new StreamingTransport(right, { queueCapacity: 2 });
    await left.start();
    await streaming.start();
    for (let id = 1; id <= 5; id++) await left.send(JsonRpcMessage.request(id, 'm'));
    const ids: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const message = await streaming.receiveParsed();
      ids.push(message.id);
      message.release();
      expect(streaming.bufferStats().depth).toBeLessThanOrEqual(2);
    }
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    const end = streaming.receiveParsed();
    await left.close();
    await expect(end).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });
});
