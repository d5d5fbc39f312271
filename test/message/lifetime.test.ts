import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import type { BufferConfig } from '../../src/buffer/config.js';
import { LineFramer } from '../../src/message/line.js';
import type { JsonRpcMessage } from '../../src/message/message.js';
import { codeOf, collectUntil, seededRandom } from '../buffer/memory.js';
import { bytesOf, feed, gist, lent, requestText, resultText, take, textOf } from '../support/frames.js';

function setUp(config: Partial<BufferConfig> = {}) {
  const manager = new BufferManager({ readBufferCapacity: 4096, ...config });
  return { manager, framer: new LineFramer(manager) };
}

const request = (id: number, size = 100): Buffer => bytesOf(`${requestText(String(id), 'm', `{"fill":"${'f'.repeat(size)}"}`)}\n`);

describe('a message after its release', () => {
  it('throws AIRS_MCP_MESSAGE_RELEASED when its bytes are read', () => {
    const { framer } = setUp();
    const [message] = feed(framer, bytesOf(`${requestText('"x"', 'm', '{"a":1}')}\n`)) as [JsonRpcMessage];
    message.release();
    const reads: (() => unknown)[] = [
      () => message.id, () => message.idText, () => message.method, () => message.params, () => message.rawParams, () => message.at('/params/a'),
      () => message.at(''), () => message.withId(1), () => message.toBytes(), () => message.toJSON(), () => message.retain(), () => message.encode(),
      () => message.serializeToBuffer(new BufferManager().tryAcquireWriteBuffer() as never),
    ];
    expect(reads.map(codeOf)).toEqual(reads.map(() => 'AIRS_MCP_MESSAGE_RELEASED'));
    expect([message.kind, message.result, message.error, message.failure, message.intent]).toEqual(['request', undefined, undefined, undefined, 'call']);
  });

  it('throws the same where it was invalid, but tells why it was', () => {
    const { framer } = setUp();
    const [message] = feed(framer, bytesOf('{"jsonrpc":"2.0","id":5,"method":"m",oops}\n')) as [JsonRpcMessage];
    message.release();
    expect([codeOf(() => message.id), codeOf(() => message.intent), codeOf(() => message.toJSON())]).toEqual(Array(3).fill('AIRS_MCP_MESSAGE_RELEASED'));
    expect(message.failure?.code).toBe('AIRS_MCP_PARSE_ERROR');
  });

  it('still has the values that were read before', () => {
    const { framer } = setUp();
    const [message] = feed(framer, bytesOf(`${requestText('"x"', 'm', '{"a":1}')}\n`)) as [JsonRpcMessage];
    const { id, params } = message;
    message.release();
    expect([message.id, message.params]).toEqual([id, params]);
  });

  it('may be released again: harmless, and nothing is given back twice', () => {
    const { manager, framer } = setUp();
    const [first, second] = feed(framer, Buffer.concat([request(1), request(2)])) as [JsonRpcMessage, JsonRpcMessage];
    for (let i = 0; i < 5; i++) first.release();
    framer.close();
    expect(lent(manager)).toBe(1);
    expect(second.id).toBe(2);
    expect(second.params).toMatchObject({ fill: 'f'.repeat(100) });
    second.release();
    expect(lent(manager)).toBe(0);
    expect(manager.metrics().doubleReleases).toBe(0);
  });

  it('is released by `using`', () => {
    const { manager, framer } = setUp();
    {
      using message = feed(framer, request(1))[0] as JsonRpcMessage;
      framer.close();
      expect([message.id, lent(manager)]).toEqual([1, 1]);
    }
    expect(lent(manager)).toBe(0);
  });
});

describe('retain and release', () => {
  it('count: the last of them gives the memory back', () => {
    const { manager, framer } = setUp();
    const [message] = feed(framer, request(1)) as [JsonRpcMessage];
    framer.close();
    message.retain().retain();
    message.release();
    message.release();
    expect([lent(manager), message.method]).toEqual([1, 'm']);
    message.release();
    expect(lent(manager)).toBe(0);
  });

  it('count the bytes as held, and as much is taken off', () => {
    const { manager, framer } = setUp();
    const [a, b] = feed(framer, Buffer.concat([request(1), request(2, 200)])) as [JsonRpcMessage, JsonRpcMessage];
    a.retain();
    b.retain().retain();
    expect(manager.metrics()).toMatchObject({ heldBytes: a.byteLength + 2 * b.byteLength, underPressure: false });
    b.release();
    expect(manager.metrics().heldBytes).toBe(a.byteLength + b.byteLength);
    for (const message of [a, b, a, b, a, b]) message.release();
    expect(manager.metrics().heldBytes).toBe(0);
    framer.close();
    expect(lent(manager)).toBe(0);
  });

  it('begin pressure past the threshold and end it at half', () => {
    const text = request(1);
    const size = text.length - 1;
    const { manager, framer } = setUp({ backpressureThreshold: 2 * size });
    const states: boolean[] = [];
    manager.onPressure((on) => states.push(on));
    const kept = feed(framer, Buffer.concat([text, text, text])).map((message) => message.retain());
    expect([states, manager.underPressure]).toEqual([[true], true]);
    kept[0]?.release();
    expect(states).toEqual([true]);
    kept[1]?.release();
    expect([states, manager.metrics().heldBytes]).toEqual([[true, false], size]);
    expect(manager.metrics()).toMatchObject({ pressureCount: 1, peakHeldBytes: 3 * size });
    for (const message of kept) for (let i = 0; i < 2; i++) message.release();
    expect(manager.metrics().heldBytes).toBe(0);
  });

  it('of messages that were forgotten are settled by the garbage collector', async () => {
    const { manager, framer } = setUp();
    (() => {
      for (const message of feed(framer, Buffer.concat([request(1), request(2)]))) message.retain();
    })();
    framer.close();
    expect(manager.metrics().heldBytes).toBeGreaterThan(0);
    expect(await collectUntil(() => lent(manager) === 0)).toBe(true);
    expect(manager.metrics()).toMatchObject({ heldBytes: 0, lostToGc: 1 });
  });
});

describe('the memory of messages', () => {
  it('is used again when they are released', () => {
    const { manager, framer } = setUp();
    for (let id = 0; id < 1000; id++) for (const message of feed(framer, request(id))) message.release();
    // One buffer serves all: it never leaves the framer.
    expect(manager.metrics().read).toMatchObject({ hits: 0, misses: 1, lent: 1, peakLent: 1 });
    // Where the previous message is still in use when the next one arrives, two take turns.
    let previous: JsonRpcMessage | undefined;
    for (let id = 0; id < 1000; id++) {
      for (const message of feed(framer, request(id))) {
        previous?.release();
        previous = message;
      }
    }
    previous?.release();
    framer.close();
    const { read } = manager.metrics();
    expect(read.misses).toBe(2);
    expect(read.hits).toBeGreaterThan(30);
    expect(lent(manager)).toBe(0);
  });

  it('is left alone while they are not released, whatever arrives', () => {
    const { manager, framer } = setUp({ bufferPoolSize: 4 });
    const kept = new Map<JsonRpcMessage, string>();
    const random = seededRandom(7);
    for (let id = 0; id < 2000; id++) {
      for (const message of feed(framer, request(id, random(400)))) {
        if (random(20) === 0) kept.set(message, gist(message));
        else message.release();
      }
    }
    expect(kept.size).toBeGreaterThan(50);
    for (const [message, said] of kept) {
      // Parsed afresh from the bytes, since the gist cached what it read.
      expect(JSON.stringify((message.toJSON() as { params: unknown }).params)).toBe(said.slice(said.indexOf('{')));
      message.release();
    }
    framer.close();
    expect(lent(manager)).toBe(0);
  });

  it('is copied for each message where enableZeroCopy is false', () => {
    const { manager, framer } = setUp({ enableZeroCopy: false });
    const messages = feed(framer, Buffer.concat([request(1), request(2), bytesOf(`[${requestText('"b"')},7]\n`), bytesOf('oops\n'), bytesOf('{}\n')]));
    expect(manager.metrics().transfers).toMatchObject({ copiedReceives: 6, zeroCopyReceives: 0 });
    framer.close();
    expect(lent(manager)).toBe(0);
    expect(messages.map(gist)).toEqual([
      `request 1 m {"fill":"${'f'.repeat(100)}"}`, `request 2 m {"fill":"${'f'.repeat(100)}"}`, 'request "b" ping -',
      'invalid - AIRS_MCP_INVALID_REQUEST', 'invalid - AIRS_MCP_PARSE_ERROR', 'invalid - AIRS_MCP_INVALID_REQUEST',
    ]);
    expect(messages.map((message) => textOf(message.toBytes()))).toEqual([textOf(request(1))?.trim(), textOf(request(2))?.trim(), requestText('"b"'), '7', 'oops', '{}']);
    expect(textOf(Buffer.concat(messages[1]?.withId('z') ?? []))).toContain('"id":"z","method":"m","params":{"fill":"f');
    expect(messages[1]?.at('/params/fill')).toBe('f'.repeat(100));
    expect(manager.metrics().read.retired).toBe(0);
    messages[0]?.release();
    expect(codeOf(() => messages[0]?.toBytes())).toBe('AIRS_MCP_MESSAGE_RELEASED');
  });

  it('counts as zero-copy where the bytes lie where they were received, as a copy where they were pushed or moved', () => {
    const { manager, framer } = setUp();
    const receive = (bytes: Uint8Array): JsonRpcMessage[] => {
      framer.window().set(bytes);
      framer.received(bytes.length);
      return take(framer);
    };
    for (const message of receive(Buffer.concat([request(1), request(2)]))) message.release();
    expect(manager.metrics().transfers).toMatchObject({ zeroCopyReceives: 2, copiedReceives: 0 });
    for (const message of feed(framer, request(3))) message.release();
    expect(manager.metrics().transfers).toMatchObject({ zeroCopyReceives: 2, copiedReceives: 1 });
    // Longer than a buffer: its start is moved.
    const long = request(4, 6000);
    for (let at = 0; at < long.length; at += 1000) for (const message of receive(long.subarray(at, at + 1000))) message.release();
    expect(manager.metrics().transfers).toMatchObject({ zeroCopyReceives: 2, copiedReceives: 2 });
    expect(manager.metrics().transfers.bytesReceived).toBe(request(1).length * 3 + long.length);
    framer.close();
    expect(lent(manager)).toBe(0);
  });

  it('is given back for messages that were complete but never taken', () => {
    const { manager, framer } = setUp({ maxMessageSize: 300 });
    framer.push(Buffer.concat([request(1), request(2)]), 0);
    expect(framer.next()?.release()).toBeUndefined();
    framer.close();
    expect(lent(manager)).toBe(0);
    // An oversize line makes those before it wait in the framer's queue.
    framer.push(Buffer.concat([request(1), request(2), Buffer.alloc(400, 'x')]), 0);
    framer.close();
    expect([lent(manager), framer.next()]).toEqual([0, null]);
  });
});

describe('messages that wait in the framer', () => {
  it.each([100, 2930, 2950, 2970, 2990, 3400])('are the same when a window that is asked for meanwhile moves them, after a message of %i bytes', (before) => {
    const { manager, framer } = setUp();
    const receive = (bytes: Uint8Array): void => {
      framer.window().set(bytes);
      framer.received(bytes.length);
    };
    receive(Buffer.concat([request(1, before), bytesOf('{"jsonrpc":"2.0",')]));
    for (const message of take(framer)) message.release();
    receive(bytesOf('"method":"a"}\n{"jsonrpc":"2.0","method":"b"}\n'));
    for (let i = 0; i < 3; i++) framer.window();
    const messages = take(framer);
    expect(messages.map((message) => message.method)).toEqual(['a', 'b']);
    for (const message of messages) message.release();
    framer.close();
    expect(lent(manager)).toBe(0);
  });
});

describe('many framers of one manager', () => {
  it('keep their inputs apart and give everything back', () => {
    const manager = new BufferManager({ readBufferCapacity: 1024, bufferPoolSize: 8 });
    const framers = Array.from({ length: 50 }, () => new LineFramer(manager));
    const random = seededRandom(99);
    const inputs = framers.map((_, n) => bytesOf(Array.from({ length: 40 }, (__, i) => `${resultText(String(i), `"${n}-${'r'.repeat(random(300))}"`)}\n`).join('')));
    const seen = framers.map(() => 0);
    const positions = framers.map(() => 0);
    const kept: JsonRpcMessage[] = [];
    for (let live = framers.length; live > 0; ) {
      const n = random(framers.length);
      const input = inputs[n] as Buffer;
      const at = positions[n] as number;
      if (at === input.length) continue;
      const end = Math.min(input.length, at + 1 + random(700));
      positions[n] = end;
      for (const message of feed(framers[n] as LineFramer, input.subarray(at, end))) {
        expect(message.id).toBe(seen[n]);
        expect((message.result as string).startsWith(`${n}-r`) || message.result === `${n}-`).toBe(true);
        seen[n] = (seen[n] as number) + 1;
        if (random(2) === 0) message.release();
        else kept.push(message);
      }
      if (end === input.length) live--;
    }
    expect(seen).toEqual(framers.map(() => 40));
    for (const framer of framers) framer.close();
    for (const message of kept) message.release();
    expect(lent(manager)).toBe(0);
    expect(manager.metrics()).toMatchObject({ doubleReleases: 0, heldBytes: 0 });
  });
});
