import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { createFramer } from '../../src/message/framing.js';
import type { JsonRpcMessage } from '../../src/message/message.js';
import { Receiver } from '../../src/transport/receiver.js';
import { stateOf } from './support.js';

interface Setup {
  manager: BufferManager;
  receiver: Receiver;
  /** `flow true`, `error CODE`, `end`, `broken`, and what {@link listen} adds. */
  events: string[];
  listen(): void;
}

function setUp(config: ConstructorParameters<typeof BufferManager>[0] = {}): Setup {
  const manager = new BufferManager(config);
  const events: string[] = [];
  const receiver = new Receiver(createFramer(manager, {}), manager, {
    transport: {},
    onflow: (reading) => events.push(`flow ${reading}`),
    onerror: (error) => events.push(`error ${(error as { code?: string }).code ?? error.message}`),
    onend: () => events.push('end'),
    onbroken: (error) => events.push(`broken ${error.message}`),
  });
  const listen = (): void => {
    receiver.onmessage = (message) => {
      events.push(`message ${message.failure?.code ?? message.idText}`);
      message.release();
    };
  };
  return { manager, receiver, events, listen };
}

const line = (id: number, padding = 0): string => `{"jsonrpc":"2.0","id":${id},"method":"m","params":["${'x'.repeat(padding)}"]}\n`;
const lines = (...ids: number[]): Buffer => Buffer.from(ids.map((id) => line(id)).join(''));
const lent = (manager: BufferManager): number => manager.metrics().read.lent + manager.metrics().oneOffs.lent;

/** Gives bytes as a kernel does: into the window. */
function fill(receiver: Receiver, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    const window = receiver.window();
    const piece = bytes.subarray(from, from + window.length);
    window.set(piece);
    receiver.received(piece.length);
    from += piece.length;
  }
}

describe.each([['pushed', (receiver: Receiver, bytes: Uint8Array) => receiver.push(bytes)], ['received in place', fill]] as const)('bytes that are %s', (_, give) => {
  it('become messages, wherever they are cut', () => {
    const input = lines(1, 2, 3);
    for (let cut = 0; cut <= input.length; cut++) {
      const { receiver, events, listen, manager } = setUp();
      listen();
      give(receiver, input.subarray(0, cut));
      give(receiver, input.subarray(cut));
      receiver.end();
      expect(events).toEqual(['flow true', 'message 1', 'message 2', 'message 3', 'end']);
      receiver.close();
      expect(lent(manager)).toBe(0);
    }
  });

  it('wait for a listener', () => {
    const { receiver, events, listen } = setUp();
    give(receiver, lines(1, 2));
    expect(events).toEqual([]);
    expect(receiver.reading).toBe(false);
    listen();
    expect(events).toEqual(['message 1', 'message 2', 'flow true']);
  });

  it('wait while the listener pauses, from within a message, in the middle of a chunk', () => {
    const { receiver, events } = setUp();
    receiver.onmessage = (message) => {
      events.push(`message ${message.idText}`);
      if (message.id === 2) receiver.pause();
      message.release();
    };
    give(receiver, lines(1, 2, 3, 4));
    expect(events).toEqual(['flow true', 'message 1', 'message 2', 'flow false']);
    give(receiver, lines(5));
    expect(events).toHaveLength(4);
    receiver.resume();
    expect(events.slice(4)).toEqual(['message 3', 'message 4', 'message 5', 'flow true']);
  });

  it('go on where a message pauses and resumes at once', () => {
    const { receiver, events } = setUp();
    receiver.onmessage = (message) => {
      receiver.pause();
      receiver.resume();
      events.push(`message ${message.idText}`);
      message.release();
    };
    give(receiver, lines(1, 2, 3));
    expect(events.filter((event) => event.startsWith('message'))).toEqual(['message 1', 'message 2', 'message 3']);
    expect(receiver.reading).toBe(true);
  });

  it('go to whoever listens now', () => {
    const { receiver, events } = setUp();
    receiver.onmessage = (first) => {
      events.push(`first ${first.idText}`);
      receiver.onmessage = (other) => events.push(`second ${other.idText}`);
    };
    give(receiver, lines(1, 2));
    receiver.onmessage = undefined;
    give(receiver, lines(3));
    expect(events).toEqual(['flow true', 'first 1', 'second 2', 'flow false']);
  });

  it('go on after a listener threw, whatever it threw', () => {
    const { receiver, events } = setUp();
    receiver.onmessage = (message) => {
      events.push(`message ${message.idText}`);
      message.release();
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      if (message.id === 1) throw 'a string';
      if (message.id === 2) throw new Error('a mistake');
    };
    give(receiver, lines(1, 2, 3));
    expect(events).toEqual(['flow true', 'message 1', 'error onmessage threw a string', 'message 2', 'error a mistake', 'message 3']);
  });

  it('are dropped when the receiver is closed from within a message', () => {
    const { receiver, events, manager } = setUp();
    receiver.onmessage = (message) => {
      events.push(`message ${message.idText}`);
      message.release();
      receiver.close();
    };
    give(receiver, lines(1, 2));
    give(receiver, lines(3));
    receiver.end();
    expect(events).toEqual(['flow true', 'message 1']);
    expect(lent(manager)).toBe(0);
  });

  it('are dropped once they are to be discarded, while reading goes on', () => {
    const { receiver, events, listen, manager } = setUp();
    receiver.pause();
    listen();
    give(receiver, lines(1, 2));
    receiver.discard();
    expect(receiver.reading).toBe(true);
    give(receiver, lines(3));
    receiver.end();
    expect(events).toEqual(['flow true', 'end']);
    receiver.close();
    expect(lent(manager)).toBe(0);
  });

  it('that are no messages come in their place', () => {
    const { receiver, events, listen } = setUp();
    listen();
    give(receiver, Buffer.concat([lines(1), Buffer.from('noise\n'), lines(2), Buffer.from([0x22, 0xff, 0x22, 0x0a, 0, 0x0a]), lines(3)]));
    const bad = 'message AIRS_MCP_PARSE_ERROR';
    expect(events.slice(1)).toEqual(['message 1', bad, 'message 2', 'message AIRS_MCP_INVALID_UTF8', bad, 'message 3']);
  });

  it('that end in the middle of a message say so', () => {
    const { receiver, events, listen } = setUp();
    listen();
    give(receiver, Buffer.concat([lines(1), lines(2).subarray(0, 20)]));
    receiver.end();
    expect(events.slice(1)).toEqual(['message 1', 'message AIRS_MCP_MESSAGE_TRUNCATED', 'end']);
  });

  it('pause the source while consumers hold more than the threshold, until they hold half of it', () => {
    const { receiver, events } = setUp({ backpressureThreshold: 10_000 });
    const kept: JsonRpcMessage[] = [];
    receiver.onmessage = (message) => void kept.push(message.retain());
    for (let id = 0; id < 20; id++) give(receiver, Buffer.from(line(id, 1_000)));
    const held = kept.length;
    expect(held).toBe(Math.ceil(10_000 / line(1, 1_000).length));
    expect(events).toEqual(['flow true', 'flow false']);
    // Down to half of it they may go before anything comes.
    let released = 0;
    while (kept.length === held) kept[released++]?.release();
    expect((held - released) * line(1, 1_000).length).toBeLessThanOrEqual(5_000);
    expect((held - released + 1) * line(1, 1_000).length).toBeGreaterThan(5_000);
    for (let i = released; i < kept.length; i++) kept[i]?.release();
    for (let i = held; i < kept.length; i++) kept[i]?.release();
    expect(kept.map((message) => message.idText)).toEqual(Array.from({ length: 20 }, (__, id) => String(id)));
    expect(events.at(-1)).toBe('flow true');
  });
});

describe('the end of the input', () => {
  it('comes at once where nothing is left, though nobody listens', () => {
    const { receiver, events } = setUp();
    receiver.end();
    receiver.end();
    expect(events).toEqual(['end']);
  });

  it('comes at once where nothing is left, though the listener has paused', () => {
    const { receiver, events, listen } = setUp();
    listen();
    receiver.push(lines(1));
    receiver.pause();
    receiver.end();
    expect(events).toEqual(['flow true', 'message 1', 'flow false', 'end']);
  });

  it.each(['nobody listens', 'the listener has paused'])('waits for what is left where %s', (why) => {
    const { receiver, events, listen } = setUp();
    if (why !== 'nobody listens') {
      receiver.pause();
      listen();
    }
    receiver.push(Buffer.concat([lines(1, 2), Buffer.from('{"cut')]));
    receiver.end();
    expect(events).toEqual([]);
    if (why === 'nobody listens') listen();
    receiver.resume();
    expect(events.slice(0, 4)).toEqual(['message 1', 'message 2', 'message AIRS_MCP_MESSAGE_TRUNCATED', 'end']);
  });

  it('counts each message once, also one that waited', () => {
    const { receiver, listen, manager } = setUp();
    receiver.push(lines(1, 2));
    receiver.end();
    listen();
    expect(manager.metrics().transfers.messagesReceived).toBe(2);
  });

  it('is not told after a close', () => {
    const { receiver, events } = setUp();
    receiver.close();
    receiver.end();
    expect(events).toEqual([]);
  });
});

describe('receiving into buffers', () => {
  it('serves calls in order, before the listener', async () => {
    const { receiver, events, listen, manager } = setUp();
    const [first, second] = [await manager.acquireReadBuffer(), await manager.acquireReadBuffer()];
    const calls = [receiver.receiveInto(first), receiver.receiveInto(second)];
    listen();
    receiver.push(lines(1, 22, 3));
    expect(await Promise.all(calls)).toEqual([line(1).length - 1, line(22).length - 1]);
    expect([first, second].map(({ bytes }) => `${Buffer.from(bytes).toString()}\n`)).toEqual([line(1), line(22)]);
    expect(events).toEqual(['flow true', 'message 3']);
  });

  it('appends', async () => {
    const { receiver, manager } = setUp();
    const buffer = await manager.acquireReadBuffer();
    buffer.append('head ');
    receiver.push(lines(1));
    const length = await receiver.receiveInto(buffer);
    expect(Buffer.from(buffer.bytes).toString()).toBe(`head ${line(1).trim()}`);
    expect(length).toBe(line(1).length - 1);
  });

  it('reads only while calls wait', () => {
    const { receiver, events, manager } = setUp();
    const buffer = manager.tryAcquireReadBuffer();
    if (buffer === null) throw new Error('no buffer');
    void receiver.receiveInto(buffer);
    expect(receiver.reading).toBe(true);
    receiver.push(lines(1, 2, 3));
    expect(receiver.reading).toBe(false);
    expect(events).toEqual(['flow true', 'flow false']);
  });

  it('keeps what does not fit for the next call, and counts it once', async () => {
    const { receiver, manager } = setUp({ writeBufferCapacity: 10 });
    const [small, large] = [await manager.acquireWriteBuffer(), await manager.acquireReadBuffer()];
    receiver.push(lines(1, 2));
    const calls = [receiver.receiveInto(small), receiver.receiveInto(small), receiver.receiveInto(large)];
    await expect(calls[0]).rejects.toMatchObject({ code: 'AIRS_MCP_BUFFER_FULL' });
    await expect(calls[1]).rejects.toMatchObject({ code: 'AIRS_MCP_BUFFER_FULL' });
    expect(await calls[2]).toBe(line(1).length - 1);
    expect(small.length).toBe(0);
    expect(manager.metrics().transfers.messagesReceived).toBe(1);
  });

  it('gives what does not fit to the listener, if there is one', async () => {
    const { receiver, events, listen, manager } = setUp({ writeBufferCapacity: 10 });
    const call = receiver.receiveInto(await manager.acquireWriteBuffer());
    listen();
    receiver.push(lines(1));
    await expect(call).rejects.toMatchObject({ code: 'AIRS_MCP_BUFFER_FULL' });
    expect(events).toEqual(['flow true', 'message 1']);
  });

  it('refuses a buffer that was released, and loses nothing', async () => {
    const { receiver, events, listen, manager } = setUp();
    const buffer = await manager.acquireReadBuffer();
    buffer.release();
    receiver.push(lines(1));
    await expect(receiver.receiveInto(buffer)).rejects.toMatchObject({ code: 'AIRS_MCP_BUFFER_RELEASED' });
    listen();
    expect(events).toContain('message 1');
  });

  it('passes over bad frames, and reports them', async () => {
    const { receiver, events, manager } = setUp();
    const buffer = await manager.acquireReadBuffer();
    const call = receiver.receiveInto(buffer);
    receiver.push(Buffer.concat([Buffer.from('noise\n[]\n'), lines(1)]));
    expect(await call).toBe(line(1).length - 1);
    expect(events).toEqual(['flow true', 'error AIRS_MCP_PARSE_ERROR', 'error AIRS_MCP_INVALID_REQUEST', 'flow false']);
  });

  it.each(['close', 'end'] as const)('is refused at the %s, and after it', async (how) => {
    const { receiver, manager } = setUp();
    const buffer = await manager.acquireReadBuffer();
    const call = receiver.receiveInto(buffer);
    receiver[how]();
    await expect(call).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
    await expect(receiver.receiveInto(buffer)).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
  });

  it('still gives what came before the end', async () => {
    const { receiver, events, manager } = setUp();
    const buffer = await manager.acquireReadBuffer();
    receiver.push(lines(1));
    receiver.end();
    expect(events).toEqual([]);
    expect(await receiver.receiveInto(buffer)).toBe(line(1).length - 1);
    expect(events).toContain('end');
  });
});

describe('being held back', () => {
  it('ends when the listener resumes, when memory is given back, and at the close', async () => {
    const { receiver, manager } = setUp({ backpressureThreshold: 100 });
    expect(await stateOf(receiver.released())).toBe('fulfilled');
    receiver.pause();
    const resumed = receiver.released();
    expect(await stateOf(resumed)).toBe('pending');
    receiver.resume();
    expect(await stateOf(resumed)).toBe('fulfilled');
    manager.hold(1_000);
    const relieved = receiver.released();
    expect(await stateOf(relieved)).toBe('pending');
    manager.unhold(1_000);
    expect(await stateOf(relieved)).toBe('fulfilled');
    receiver.pause();
    const closed = receiver.released();
    receiver.close();
    expect(await stateOf(closed)).toBe('fulfilled');
  });
});

describe('a closed receiver', () => {
  it('lends memory that nobody uses, takes nothing in, and is told of no pressure', () => {
    const { receiver, events, listen, manager } = setUp({ backpressureThreshold: 100 });
    listen();
    fill(receiver, lines(1));
    receiver.close();
    receiver.close();
    fill(receiver, lines(2));
    receiver.push(lines(3));
    manager.hold(1_000);
    manager.unhold(1_000);
    expect(events).toEqual(['flow true', 'message 1']);
    expect(lent(manager)).toBe(0);
  });

  it('is let go of by memory that goes on without it', async () => {
    const { manager, held } = ((): { manager: BufferManager; held: WeakRef<Receiver> } => {
      const made = setUp();
      made.listen();
      fill(made.receiver, lines(1));
      made.receiver.close();
      return { manager: made.manager, held: new WeakRef(made.receiver) };
    })();
    for (let turn = 0; turn < 100 && held.deref() !== undefined; turn++) {
      await nextTurn();
      globalThis.gc?.();
    }
    expect(held.deref()).toBeUndefined();
    expect(lent(manager)).toBe(0);
  });

  it('releases a message that nobody took', () => {
    const { receiver, manager } = setUp();
    receiver.push(lines(1, 2));
    receiver.end();
    receiver.close();
    expect(lent(manager)).toBe(0);
    expect(manager.metrics()).toMatchObject({ doubleReleases: 0 });
  });
});

describe('memory that runs out', () => {
  it('is reported, not thrown', () => {
    const allocate = (): ArrayBuffer => {
      throw new RangeError('out of memory');
    };
    const manager = new BufferManager({}, { allocate });
    const broken: string[] = [];
    const receiver = new Receiver(createFramer(manager, {}), manager, {
      transport: {},
      onflow: () => undefined, onerror: () => undefined, onend: () => undefined,
      onbroken: (error) => broken.push(error.message),
    });
    receiver.push(lines(1));
    expect(receiver.window().length).toBeGreaterThan(0);
    receiver.end();
    expect(receiver.reading).toBe(false);
    expect(broken).toEqual(['out of memory']);
  });
});
