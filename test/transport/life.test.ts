import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { rawJson } from '../../src/message/json.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import type { TransportOptions } from '../../src/transport/contract.js';
import { StreamSource } from '../../src/transport/source.js';
import { type Ends, StreamTransport } from '../../src/transport/stream.js';
import { ManualSink, follow, outcomes, stateOf, uncaughtIn, unhandledIn } from './support.js';

const note = JsonRpcMessage.notification('n');

/** A transport whose opening and parting wait for the test, if it says so. */
class TestTransport extends StreamTransport {
  readonly input = new PassThrough();
  readonly output: ManualSink;
  readonly steps: string[] = [];
  private finishOpening: ((error?: Error) => void) | undefined;
  finishParting: (() => void) | undefined;

  constructor(private readonly waits: { opening?: boolean; parting?: boolean } = {}, options: TransportOptions = {}, eager = true) {
    super(options);
    this.output = new ManualSink(eager, eager ? 1 << 20 : 10);
  }

  /** Lets the opening succeed, or fail. */
  opened(error?: Error): void {
    this.finishOpening?.(error);
  }

  break(error: AirsMcpError): void {
    this.fail(error);
  }

  protected override async open(): Promise<Ends> {
    this.steps.push('open');
    const ends = { source: new StreamSource(this.input, this.receiver, this.sourceEnded), sink: this.output };
    if (this.waits.opening === true) {
      await new Promise<void>((resolve, reject) => {
        this.finishOpening = (error) => (error === undefined ? resolve() : reject(error));
      });
    }
    return ends;
  }

  protected override abandon(): void {
    this.steps.push('abandon');
  }

  protected override async part(): Promise<void> {
    this.steps.push('part');
    if (this.waits.parting === true) await new Promise<void>((resolve) => (this.finishParting = resolve));
  }
}

describe('starting', () => {
  it('works once', async () => {
    const transport = new TestTransport();
    const first = transport.start();
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_ALREADY_STARTED' });
    await first;
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_ALREADY_STARTED' });
    await transport.close();
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_ALREADY_STARTED' });
    expect(transport.steps).toEqual(['open', 'part']);
  });

  it('is refused after a close', async () => {
    const transport = new TestTransport();
    await transport.close();
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    expect(transport.steps).toEqual(['part']);
  });

  it('that fails leaves a closed transport, silently', async () => {
    const transport = new TestTransport({ opening: true });
    const story = follow(transport);
    const started = transport.start();
    transport.opened(new AirsMcpError('AIRS_MCP_CONNECT_FAILED'));
    await expect(started).rejects.toMatchObject({ code: 'AIRS_MCP_CONNECT_FAILED' });
    expect(story.events).toEqual([]);
    await expect(transport.send(note)).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await transport.close();
    await transport.close();
    expect(story.events).toEqual(['close']);
  });

  it.each(['end', 'error', 'destroyed'])('sees an input that met its %s while it was opening', async (how) => {
    const transport = new TestTransport({ opening: true });
    const story = follow(transport);
    const started = transport.start();
    if (how === 'end') transport.input.on('data', () => undefined).end();
    else transport.input.destroy(how === 'error' ? new Error('gone') : undefined);
    transport.input.resume();
    await stateOf(started);
    transport.opened();
    await started;
    await story.closed;
    expect(story.events).toEqual(how === 'error' ? ['error AIRS_MCP_TRANSPORT_FAILED', 'close'] : ['close']);
  });

  it.each(['ended', 'destroyed'])('sees that its input has %s long before', async (how) => {
    const transport = new TestTransport();
    if (how === 'ended') transport.input.resume().end();
    else transport.input.destroy();
    await new Promise((resolve) => transport.input.once('close', resolve));
    const story = follow(transport);
    await transport.start();
    await story.closed;
    expect(story.events).toEqual(['close']);
  });

  it('sees that its output was closed before', async () => {
    const transport = new TestTransport();
    transport.output.destroy();
    const story = follow(transport);
    await transport.start();
    await story.closed;
    expect(story.events).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
  });
});

describe('sending', () => {
  it('is refused before the start, while opening, while closing, and after the close', async () => {
    const transport = new TestTransport({ opening: true, parting: true });
    const sends = [transport.send(note), transport.sendBytes(Buffer.from('1'))];
    const started = transport.start();
    sends.push(transport.send(note));
    transport.opened();
    await started;
    sends.push(transport.send(note));
    const closed = transport.close();
    sends.push(transport.send(note));
    await stateOf(closed);
    sends.push(transport.sendBytes(Buffer.from('1')));
    transport.finishParting?.();
    await closed;
    sends.push(transport.send(note));
    const early = 'AIRS_MCP_NOT_STARTED';
    const late = 'AIRS_MCP_TRANSPORT_CLOSED';
    expect(await outcomes(sends)).toEqual([early, early, early, 'fulfilled', late, late, late]);
  });

  it('may be ignored whatever its outcome', async () => {
    const unhandled = await unhandledIn(async () => {
      const transport = new TestTransport({}, { maxSendQueue: 10_000 }, false);
      void transport.send(note);
      await transport.start();
      void transport.send(note);
      void transport.send(JsonRpcMessage.notification('n', { n: 1n }));
      void transport.send(JsonRpcMessage.notification('n', ['x'.repeat(20_000)]));
      void transport.sendBytes([Buffer.alloc(20_000)]);
      const released = (await transport.acquireBuffer()).append('{}');
      released.release();
      void transport.sendBytes(released);
      transport.break(new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED'));
      void transport.send(note);
    });
    expect(unhandled).toEqual([]);
  });

  it('of what JSON cannot hold sends nothing', async () => {
    const transport = new TestTransport();
    await transport.start();
    const loop: unknown[] = [];
    loop.push(loop);
    const sends = [
      transport.send(note),
      transport.send(JsonRpcMessage.notification('big', { n: 1n })),
      transport.send(JsonRpcMessage.response(1, loop)),
      transport.send({ jsonrpc: '2.0', id: 1, result: loop }),
      transport.send(note),
    ];
    const no = 'AIRS_MCP_NOT_SERIALISABLE';
    expect(await outcomes(sends)).toEqual(['fulfilled', no, no, no, 'fulfilled']);
    const text = Buffer.from(note.toBytes()).toString();
    expect(transport.output.text).toBe(`${text}\n${text}\n`);
    await transport.close();
  });

  it('takes plain objects as they are, ready bytes, pooled buffers and parts', async () => {
    const transport = new TestTransport();
    await transport.start();
    void transport.send({ jsonrpc: '2.0', method: 'plain', extra: true } as never);
    void transport.sendBytes(Buffer.from('{"ready":1}'));
    const buffer = await transport.acquireBuffer();
    JsonRpcMessage.response(1, rawJson(Buffer.from('"pooled"'))).serializeToBuffer(buffer);
    void transport.sendBytes(buffer);
    buffer.release();
    await transport.sendBytes([Buffer.from('{"parts"'), Buffer.from(':2}')]);
    expect(transport.output.text.trim().split('\n')).toEqual([
      '{"jsonrpc":"2.0","method":"plain","extra":true}', '{"ready":1}', '{"jsonrpc":"2.0","id":1,"result":"pooled"}', '{"parts":2}',
    ]);
    await transport.close();
  });

  it('of a long pooled buffer copies nothing, and keeps it though it is released at once', async () => {
    const transport = new TestTransport({}, {}, false);
    await transport.start();
    const content = 'p'.repeat(50_000);
    const buffer = await transport.acquireBuffer();
    const sent = transport.sendBytes(buffer.append(content));
    buffer.release();
    // The next borrower must not get the memory that is being sent.
    const next = await transport.acquireBuffer();
    next.append('q'.repeat(60_000));
    await stateOf(sent);
    await transport.output.takeAll();
    await sent;
    expect(transport.output.text === `${content}\n`).toBe(true);
    expect(transport.buffers.metrics().transfers.zeroCopySends).toBe(1);
    next.release();
    await transport.close();
  });
});

describe('closing', () => {
  it('is told once, whenever and however often it is asked for', async () => {
    const transport = new TestTransport();
    const story = follow(transport);
    await transport.start();
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
    expect(story.events).toEqual(['close']);
    expect(transport.steps).toEqual(['open', 'part']);
  });

  it('leaves no timer that would hold the process', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const transport = new TestTransport({}, { closeTimeout: 60_000 });
      await transport.start();
      await transport.send(note);
      await transport.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('before the start closes, too', async () => {
    const transport = new TestTransport();
    const story = follow(transport);
    await transport.close();
    expect(story.events).toEqual(['close']);
  });

  it.each(['succeeds', 'fails'])('while the transport opens refuses the start, also if that %s', async (how) => {
    const transport = new TestTransport({ opening: true });
    const story = follow(transport);
    const started = transport.start();
    const closed = transport.close();
    expect(await stateOf(Promise.race([started, closed]))).toBe('pending');
    expect(transport.steps).toEqual(['open', 'abandon']);
    transport.opened(how === 'fails' ? new Error('abandoned') : undefined);
    await expect(started).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await closed;
    expect(story.events).toEqual(['close']);
    expect(transport.steps).toEqual(['open', 'abandon', 'part']);
    await expect(transport.send(note)).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });

  it('writes out what was accepted before it parts', async () => {
    const transport = new TestTransport({}, {}, false);
    await transport.start();
    const sends = [transport.send(note), transport.send(note)];
    const closed = transport.close();
    expect(await stateOf(closed)).toBe('pending');
    expect(transport.steps).toEqual(['open']);
    await transport.output.takeAll();
    await closed;
    expect(await outcomes(sends)).toEqual(['fulfilled', 'fulfilled']);
    expect(transport.output.text.split('\n')).toHaveLength(3);
  });

  it('waits for a peer that does not read for closeTimeout, then refuses what is unsent and parts', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const transport = new TestTransport({ parting: true }, { closeTimeout: 500 }, false);
      await transport.start();
      const sent = transport.send(note);
      const closed = transport.close();
      await vi.advanceTimersByTimeAsync(499);
      expect(transport.steps).toEqual(['open']);
      expect(await stateOf(sent)).toBe('pending');
      await vi.advanceTimersByTimeAsync(1);
      expect(transport.steps).toEqual(['open', 'part']);
      // What can't be sent is told before the parting, which may take its time.
      expect(await stateOf(sent)).toBe('AIRS_MCP_TRANSPORT_CLOSED');
      transport.finishParting?.();
      await closed;
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('refuses those who wait to receive', async () => {
    const transport = new TestTransport();
    await transport.start();
    const buffer = await transport.buffers.acquireReadBuffer();
    const received = transport.receiveIntoBuffer(buffer);
    await transport.close();
    await expect(received).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await expect(transport.receiveIntoBuffer(buffer)).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });

  it.each(['onmessage', 'onerror', 'onend', 'onclose'] as const)('from within %s is fine', async (where) => {
    const transport = new TestTransport();
    const story = follow(transport, where === 'onend');
    const before = transport[where] as ((value: never) => void) | undefined;
    transport[where] = ((value: never) => {
      before?.(value);
      void transport.close();
    }) as never;
    await transport.start();
    transport.input.write('{"jsonrpc":"2.0","id":1,"method":"m"}\n');
    if (where === 'onerror') transport.output.destroy(new Error('gone'));
    else transport.input.end();
    await story.closed;
    await transport.close();
    expect(story.events.filter((event) => event === 'close')).toHaveLength(1);
    expect(story.events.at(-1)).toBe('close');
  });

  it('closes memory of its own, and leaves what was given', async () => {
    const own = new TestTransport();
    await own.close();
    expect(own.buffers.tryAcquireReadBuffer()).toBeNull();
    const given = new TestTransport({}, { buffers: new TestTransport().buffers });
    await given.close();
    expect(given.buffers.tryAcquireReadBuffer()).not.toBeNull();
  });

  it('leaves no listener that counts on the streams', async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    for (let i = 0; i < 30; i++) {
      const transport = new TestTransport();
      Object.assign(transport, { input, output });
      await transport.start();
      await transport.close();
    }
    for (const stream of [input, output]) {
      for (const event of ['data', 'end', 'close', 'drain']) expect(stream.listenerCount(event), event).toBeLessThanOrEqual(1);
      expect(stream.listenerCount('error')).toBe(1);
      expect(stream.emit('error', new Error('late'))).toBe(true);
    }
  });
});

describe('failing', () => {
  it('is told before the close, and is what sends are refused with', async () => {
    const transport = new TestTransport({}, {}, false);
    const story = follow(transport);
    await transport.start();
    const sends = [transport.send(note)];
    await Promise.resolve();
    sends.push(transport.send(note));
    transport.output.finish(new Error('EPIPE'));
    await story.closed;
    sends.push(transport.send(note));
    expect(story.events).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
    expect((story.errors[0]?.cause as Error).message).toBe('EPIPE');
    expect(await outcomes(sends)).toEqual(Array(3).fill('AIRS_MCP_TRANSPORT_FAILED'));
  });

  it.each(['with', 'without'])('happens when the output is closed %s an error, though nothing is being sent', async (how) => {
    const transport = new TestTransport();
    const story = follow(transport);
    await transport.start();
    transport.output.destroy(how === 'with' ? new Error('gone') : undefined);
    await story.closed;
    expect(story.events).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
  });

  it('happens when the input breaks; what came before is delivered', async () => {
    const transport = new TestTransport();
    const story = follow(transport);
    await transport.start();
    transport.input.write('{"jsonrpc":"2.0","id":1,"method":"m"}\n');
    await story.messages(1);
    transport.input.destroy(new Error('gone'));
    await story.closed;
    expect(story.events).toEqual(['message 1', 'error AIRS_MCP_TRANSPORT_FAILED', 'close']);
  });

  it('is told once, also when both ends break', async () => {
    const transport = new TestTransport();
    const story = follow(transport);
    await transport.start();
    transport.input.destroy(new Error('gone'));
    transport.output.destroy(new Error('gone'));
    await story.closed;
    expect(story.events).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
  });

  it('while closing is not told, but ends the waiting', async () => {
    const transport = new TestTransport({}, { closeTimeout: 100_000 }, false);
    const story = follow(transport);
    await transport.start();
    const sent = transport.send(note);
    const closed = transport.close();
    transport.output.finish(new Error('EPIPE'));
    await closed;
    expect(story.events).toEqual(['close']);
    expect(await stateOf(sent)).toBe('AIRS_MCP_TRANSPORT_FAILED');
    // Not how the transport ended.
    await expect(transport.send(note)).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });
});

describe('the end of the input', () => {
  it('closes the transport where nobody asked for it', async () => {
    const transport = new TestTransport();
    const story = follow(transport);
    await transport.start();
    transport.input.end('{"jsonrpc":"2.0","id":1,"method":"m"}\n{"jsonrpc":"2.0"');
    await story.closed;
    expect(story.events).toEqual(['message 1', 'message AIRS_MCP_MESSAGE_TRUNCATED', 'close']);
  });

  it('is told where somebody asked, who can still send', async () => {
    const transport = new TestTransport();
    const story = follow(transport, true);
    await transport.start();
    transport.input.end('{"jsonrpc":"2.0","id":1,"method":"m"}\n');
    await new Promise((resolve) => transport.input.once('close', resolve));
    await transport.send(note);
    expect(story.events).toEqual(['message 1', 'end']);
    await transport.close();
    expect(story.events).toEqual(['message 1', 'end', 'close']);
    expect(transport.output.text).not.toBe('');
  });

  it('comes after what a paused listener has not taken', async () => {
    const transport = new TestTransport();
    const story = follow(transport);
    await transport.start();
    transport.onmessage = ((listener) => (message: JsonRpcMessage) => {
      transport.pause();
      listener?.(message);
    })(transport.onmessage);
    transport.input.end('{"jsonrpc":"2.0","id":1,"method":"m"}\n{"jsonrpc":"2.0","id":2,"method":"m"}\n');
    await story.messages(1);
    expect(await stateOf(story.closed)).toBe('pending');
    expect(story.events).toEqual(['message 1']);
    transport.resume();
    await story.messages(2);
    transport.resume();
    await story.closed;
    expect(story.events).toEqual(['message 1', 'message 2', 'close']);
  });
});

describe('callbacks that throw', () => {
  it('onmessage and onend: onerror hears of it', async () => {
    const transport = new TestTransport();
    const story = follow(transport);
    transport.onmessage = () => {
      throw new Error('in onmessage');
    };
    transport.onend = () => {
      throw new Error('in onend');
    };
    await transport.start();
    transport.input.end('{"jsonrpc":"2.0","id":1,"method":"m"}\n');
    await new Promise((resolve) => transport.input.once('close', resolve));
    expect(story.events).toEqual(['error in onmessage', 'error in onend']);
    await transport.close();
  });

  it('onerror and onclose: an uncaught exception, and the transport closes all the same', async () => {
    const transport = new TestTransport();
    await transport.start();
    const calls: string[] = [];
    transport.onerror = () => {
      calls.push('error');
      throw new Error('in onerror');
    };
    transport.onclose = () => {
      calls.push('close');
      throw new Error('in onclose');
    };
    const uncaught = await uncaughtIn(async () => {
      transport.output.destroy(new Error('gone'));
      await new Promise((resolve) => transport.output.once('close', resolve));
      await transport.close();
    });
    expect(calls).toEqual(['error', 'close']);
    expect(uncaught).toMatchObject([{ message: 'in onerror' }, { message: 'in onclose' }]);
  });
});

describe('options', () => {
  it.each([
    [{ closeTimeout: -1 }], [{ closeTimeout: Number.NaN }], [{ closeTimeout: Infinity }], [{ maxSendQueue: 0 }], [{ maxSendQueue: 1.5 }],
    [{ framing: 'xml' as never }], [{ buffer: { bufferPoolSize: 0 } }],
  ])('that make no sense are refused: %j', (options) => {
    expect(() => new TestTransport({}, options)).toThrow(expect.objectContaining({ code: 'AIRS_MCP_INVALID_CONFIG' }));
  });
});
