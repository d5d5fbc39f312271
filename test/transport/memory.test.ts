import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { rawJson } from '../../src/message/json.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import type { TransportOptions, ZeroCopyTransport } from '../../src/transport/contract.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { seededRandom } from '../buffer/memory.js';
import { type Story, follow, idsIn, outcomes, stateOf } from './support.js';

interface Pair {
  left: ZeroCopyTransport;
  right: ZeroCopyTransport;
  leftStory: Story;
  rightStory: Story;
}

async function connected(options: TransportOptions = {}, watchEnd = false): Promise<Pair> {
  const [left, right] = createMemoryTransportPair(options);
  const [leftStory, rightStory] = [follow(left, watchEnd), follow(right, watchEnd)];
  await Promise.all([left.start(), right.start()]);
  return { left, right, leftStory, rightStory };
}

const request = (id: number, size = 0): JsonRpcMessage => JsonRpcMessage.request(id, 'm', ['x'.repeat(size)]);
const count = (to: number): string[] => Array.from({ length: to }, (_, id) => String(id));

describe.each(['newline', 'content-length'] as const)('a pair that frames by %s', (framing) => {
  it('carries everything both ways at once, in order, whatever the sizes', async () => {
    const { left, right, leftStory, rightStory } = await connected({ framing });
    const random = seededRandom(11);
    for (let id = 0; id < 300; id++) {
      const size = random(id % 20 === 0 ? 500_000 : 300);
      void left.send(request(id, size));
      void right.send(request(id, size));
      if (random(4) === 0) await Promise.resolve();
    }
    await Promise.all([leftStory.messages(300), rightStory.messages(300)]);
    expect([idsIn(leftStory), idsIn(rightStory)]).toEqual([count(300), count(300)]);
    await Promise.all([left.close(), right.close()]);
  });

  it('carries ready JSON with line feeds', async () => {
    const { left, right } = await connected({ framing });
    const got = new Promise<unknown>((resolve) => {
      right.onmessage = (message) => {
        resolve(message.result);
        message.release();
      };
    });
    void left.send(JsonRpcMessage.response(1, rawJson(Buffer.from('{\n "a": [\r\n1\n]\n}'))));
    expect(await got).toEqual({ a: [1] });
    await Promise.all([left.close(), right.close()]);
  });

  it('gives all its memory back', async () => {
    const buffers = new BufferManager();
    const { left, right, rightStory } = await connected({ framing, buffers });
    for (let id = 0; id < 50; id++) void left.send(request(id, id * 3_000));
    await rightStory.messages(50);
    await Promise.all([left.close(), right.close()]);
    await setImmediate();
    const { read, write, oneOffs } = buffers.metrics();
    expect([read.lent, write.lent, oneOffs.lent]).toEqual([0, 0, 0]);
  });
});

describe('a pair', () => {
  it('makes a sender wait for a paused reader, in bounded memory, and go on when it resumes', async () => {
    const { left, right, rightStory } = await connected();
    right.pause();
    const sends = Array.from({ length: 100 }, (_, id) => left.send(request(id, 20_000)));
    expect(await stateOf(Promise.all(sends))).toBe('pending');
    right.resume();
    await Promise.all([...sends, rightStory.messages(100)]);
    expect(idsIn(rightStory)).toEqual(count(100));
    await Promise.all([left.close(), right.close()]);
  });

  it('goes on however often the reader pauses and resumes', async () => {
    const { left, right } = await connected();
    const seen: string[] = [];
    const all = new Promise<void>((resolve) => {
      right.onmessage = (message) => {
        seen.push(String(message.id));
        message.release();
        right.pause();
        void setImmediate().then(() => right.resume());
        if (seen.length === 200) resolve();
      };
    });
    for (let id = 0; id < 200; id++) void left.send(request(id, (id % 7) * 10_000));
    await all;
    expect(seen).toEqual(count(200));
    await Promise.all([left.close(), right.close()]);
  });

  it('stops a flood at the threshold of memory that the reader holds, and goes on at half of it', async () => {
    const { left, right } = await connected({ buffer: { backpressureThreshold: 100_000 } });
    const kept: JsonRpcMessage[] = [];
    right.onmessage = (message) => void kept.push(message.retain());
    const sends = Array.from({ length: 100 }, (_, id) => left.send(request(id, 10_000)));
    await vi.waitFor(() => expect(right.buffers.metrics().underPressure).toBe(true));
    expect(await stateOf(Promise.all(sends))).toBe('pending');
    expect(kept).toHaveLength(10);
    for (let i = 0; i < 100; i++) {
      await vi.waitFor(() => expect(kept.length).toBeGreaterThan(i));
      kept[i]?.release();
      kept[i]?.release();
    }
    await Promise.all(sends);
    expect(kept.map(({ id }) => String(id))).toEqual(count(100));
    await Promise.all([left.close(), right.close()]);
  });

  it('delivers what was sent before a close, then ends for the other side', async () => {
    const { left, leftStory, rightStory } = await connected();
    for (let id = 0; id < 20; id++) void left.send(request(id, 100_000));
    await left.close();
    await rightStory.closed;
    expect(rightStory.events).toEqual([...count(20).map((id) => `message ${id}`), 'close']);
    expect(leftStory.events).toEqual(['close']);
  });

  it('is silent about both sides closing at once', async () => {
    const { left, right, leftStory, rightStory } = await connected();
    await Promise.all([left.close(), right.close()]);
    expect([leftStory.events, rightStory.events]).toEqual([['close'], ['close']]);
  });

  it('fails sends to a side that is closed', async () => {
    const { left, right, rightStory } = await connected({}, true);
    await left.close();
    const sends = [right.send(request(1)), right.send(request(2, 200_000))];
    await rightStory.closed;
    expect(await outcomes(sends)).toEqual(['AIRS_MCP_TRANSPORT_FAILED', 'AIRS_MCP_TRANSPORT_FAILED']);
    expect(rightStory.events.filter((event) => event !== 'end')).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
  });

  it('fails sends that wait for a side which closes', async () => {
    const { left, right, leftStory } = await connected({}, true);
    right.pause();
    const sends = Array.from({ length: 10 }, (_, id) => left.send(request(id, 50_000)));
    expect(await stateOf(Promise.all(sends))).toBe('pending');
    await right.close();
    await leftStory.closed;
    expect((await outcomes(sends)).at(-1)).toBe('AIRS_MCP_TRANSPORT_FAILED');
  });

  it('cuts off what the other side does not take within closeTimeout', async () => {
    const { left, right, rightStory } = await connected({ closeTimeout: 10 });
    right.pause();
    const sends = Array.from({ length: 10 }, (_, id) => left.send(request(id, 50_000)));
    await left.close();
    expect((await outcomes(sends)).at(-1)).toBe('AIRS_MCP_TRANSPORT_CLOSED');
    right.resume();
    await rightStory.closed;
    expect(rightStory.events[0]).toBe('message 0');
    expect(rightStory.events.at(-1)).toBe('close');
  });

  it('gives back the memory of what was cut off', async () => {
    const buffers = new BufferManager();
    const { left, right } = await connected({ closeTimeout: 10, buffers });
    right.pause();
    for (let id = 0; id < 10; id++) void left.send(request(id, 20_000));
    await left.close();
    await setImmediate();
    expect(buffers.metrics().write.lent + buffers.metrics().oneOffs.lent).toBe(0);
    await right.close();
  });

  it('can be closed on one side before the other has started', async () => {
    const [left, right] = createMemoryTransportPair();
    const story = follow(right);
    await left.start();
    void left.send(request(1));
    await left.close();
    await right.start();
    await story.closed;
    expect(story.events).toEqual(['message 1', 'close']);
  });
});
