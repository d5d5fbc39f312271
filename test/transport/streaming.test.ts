import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import type { Transport } from '../../src/transport/contract.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { StreamingTransport } from '../../src/transport/streaming.js';
import { arrived, stateOf } from './support.js';

/** An inner transport that the test plays. */
class Inner implements Transport {
  onmessage: Transport['onmessage'];
  onerror: Transport['onerror'];
  onend: Transport['onend'];
  onclose: Transport['onclose'];
  readonly queued = 0;
  readonly calls: string[] = [];
  readonly sent: unknown[] = [];
  startError: Error | undefined;

  start(): Promise<void> {
    this.calls.push('start');
    return this.startError === undefined ? Promise.resolve() : Promise.reject(this.startError);
  }

  send(message: unknown): Promise<void> {
    this.sent.push(message);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.calls.push('close');
    this.onclose?.();
    return Promise.resolve();
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  give(id: number): JsonRpcMessage {
    const message = JsonRpcMessage.fromBytes(Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"m"}`));
    this.onmessage?.(message);
    return message;
  }
}

const setUp = (queueCapacity?: number): { inner: Inner; streaming: StreamingTransport } => {
  const inner = new Inner();
  return { inner, streaming: new StreamingTransport(inner, { queueCapacity }) };
};

const BYTES = '{"jsonrpc":"2.0","id":1,"method":"m"}'.length;

describe('receiving', () => {
  it('gives what came before, and what comes later, in order', async () => {
    const { inner, streaming } = setUp();
    inner.give(1);
    const received = [streaming.receiveParsed(), streaming.receiveParsed(), streaming.receiveParsed()];
    inner.give(2);
    inner.give(3);
    expect((await Promise.all(received)).map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it('tells how much waits', async () => {
    const { inner, streaming } = setUp(4);
    expect(streaming.bufferStats()).toEqual({ depth: 0, used: 0, capacity: 4, utilization: 0 });
    inner.give(1);
    inner.give(2);
    inner.give(3);
    expect(streaming.bufferStats()).toEqual({ depth: 3, used: 3 * BYTES, capacity: 4, utilization: 0.75 });
    (await streaming.receiveParsed()).release();
    expect(streaming.bufferStats()).toEqual({ depth: 2, used: 2 * BYTES, capacity: 4, utilization: 0.5 });
  });

  it.each([[1, 1], [2, 1], [5, 3], [10, 5]])('of a queue of %d pauses at its limit and resumes when %d are taken', async (capacity, taken) => {
    const { inner, streaming } = setUp(capacity);
    for (let id = 1; id < capacity; id++) inner.give(id);
    expect(inner.calls).toEqual([]);
    inner.give(capacity);
    inner.give(capacity + 1); // one that was under way
    await streaming.receiveParsed();
    expect(inner.calls).toEqual(['pause']);
    for (let i = 1; i < taken; i++) await streaming.receiveParsed();
    expect(inner.calls).toEqual(['pause']);
    await streaming.receiveParsed();
    expect(inner.calls).toEqual(['pause', 'resume']);
  });

  it('counts queued messages as held memory, which pauses as well', async () => {
    const [left, right] = createMemoryTransportPair({ buffer: { backpressureThreshold: 1_000 } });
    const streaming = new StreamingTransport(right);
    await Promise.all([left.start(), streaming.start()]);
    const message = arrived(right.buffers, { jsonrpc: '2.0', id: 1, method: 'm', params: ['x'.repeat(2_000)] });
    right.onmessage?.(message);
    expect(right.buffers.metrics().underPressure).toBe(true);
    (await streaming.receiveParsed()).release();
    expect(right.buffers.metrics()).toMatchObject({ underPressure: false, heldBytes: 0 });
    await Promise.all([left.close(), streaming.close()]);
  });

  it('gives bad frames in their place', async () => {
    const { inner, streaming } = setUp();
    inner.onmessage?.(JsonRpcMessage.refused(new AirsMcpError('AIRS_MCP_PARSE_ERROR'), Buffer.from('noise') as never));
    inner.give(1);
    expect((await streaming.receiveParsed()).failure?.code).toBe('AIRS_MCP_PARSE_ERROR');
    expect((await streaming.receiveParsed()).id).toBe(1);
  });
});

describe('the end', () => {
  it('refuses those who wait, and those who come when the queue is empty', async () => {
    const { inner, streaming } = setUp();
    const waiting = [streaming.receiveParsed(), streaming.receiveParsed()];
    inner.give(1);
    await streaming.close();
    expect((await waiting[0])?.id).toBe(1);
    await expect(waiting[1]).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await expect(streaming.receiveParsed()).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });

  it('leaves what was queued', async () => {
    const { inner, streaming } = setUp();
    inner.give(1);
    inner.give(2);
    await streaming.close();
    expect((await streaming.receiveParsed()).id).toBe(1);
    const rest: unknown[] = [];
    for await (const message of streaming) rest.push(message.id);
    expect(rest).toEqual([2]);
  });

  it('comes for those who wait also where the start fails, but not where it is the second', async () => {
    const { inner, streaming } = setUp();
    inner.startError = new AirsMcpError('AIRS_MCP_ALREADY_STARTED');
    const waiting = streaming.receiveParsed();
    await expect(streaming.start()).rejects.toMatchObject({ code: 'AIRS_MCP_ALREADY_STARTED' });
    expect(await stateOf(waiting)).toBe('pending');
    inner.startError = new AirsMcpError('AIRS_MCP_CONNECT_FAILED');
    await expect(streaming.start()).rejects.toMatchObject({ code: 'AIRS_MCP_CONNECT_FAILED' });
    await expect(waiting).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });
});

describe('iterating', () => {
  it('gives all messages until the transport closes', async () => {
    const { inner, streaming } = setUp();
    const seen: unknown[] = [];
    const done = (async () => {
      for await (const message of streaming) {
        seen.push(message.id);
        message.release();
      }
    })();
    inner.give(1);
    inner.give(2);
    await stateOf(done);
    inner.give(3);
    await stateOf(done);
    await streaming.close();
    await done;
    expect(seen).toEqual([1, 2, 3]);
  });

  it('may be left and taken up again without a loss', async () => {
    const { inner, streaming } = setUp();
    for (let id = 1; id <= 4; id++) inner.give(id);
    const seen: unknown[] = [];
    for await (const message of streaming) {
      seen.push(message.id);
      if (seen.length === 2) break;
    }
    expect((await streaming.receiveParsed()).id).toBe(3);
    expect(inner.calls).toEqual([]);
    for await (const message of streaming) {
      seen.push(message.id);
      break;
    }
    expect(seen).toEqual([1, 2, 4]);
  });
});

describe('the rest', () => {
  it('is the inner transport\'s: start, send, close, errors', async () => {
    const { inner, streaming } = setUp();
    const errors: Error[] = [];
    inner.onerror?.(new Error('nobody listens'));
    streaming.onerror = (error) => errors.push(error);
    await streaming.start();
    const message = JsonRpcMessage.notification('n');
    await streaming.sendParsed(message);
    inner.onerror?.(new Error('a failure'));
    await streaming.close();
    expect(inner.calls).toEqual(['start', 'close']);
    expect(inner.sent).toEqual([message]);
    expect(errors.map((error) => error.message)).toEqual(['a failure']);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses a queue of %d', (queueCapacity) => {
    expect(() => setUp(queueCapacity)).toThrow(expect.objectContaining({ code: 'AIRS_MCP_INVALID_CONFIG' }));
  });

  it('gives memory back: nothing is held once all was taken and released', async () => {
    const [left, right] = createMemoryTransportPair();
    const streaming = new StreamingTransport(right, { queueCapacity: 3 });
    await Promise.all([left.start(), streaming.start()]);
    for (let id = 0; id < 50; id++) void left.send(JsonRpcMessage.request(id, 'm', ['x'.repeat(id * 2_000)]));
    for (let id = 0; id < 50; id++) {
      const message = await streaming.receiveParsed();
      expect(message.id).toBe(id);
      expect(streaming.bufferStats().depth).toBeLessThanOrEqual(3);
      message.release();
    }
    await Promise.all([left.close(), streaming.close()]);
    const { read, oneOffs, heldBytes } = right.buffers.metrics();
    expect([read.lent, oneOffs.lent, heldBytes]).toEqual([0, 0, 0]);
  });
});
