import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Forward } from '../../../src/cli/tap/forward.js';

afterEach(() => vi.useRealTimers());

/** A sink that takes one chunk at a time, when told to. */
class SlowSink extends Writable {
  readonly taken: Buffer[] = [];
  private done: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.taken.push(chunk);
    this.done = done;
  }

  take(): void {
    const { done } = this;
    this.done = undefined;
    done?.();
  }
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await setImmediate();
};

describe('forwarding', () => {
  it('repeats bytes exactly, and shows each chunk after it was passed on', async () => {
    const source = new PassThrough();
    const sink = new PassThrough();
    const order: string[] = [];
    const write = vi.spyOn(sink, 'write').mockImplementation(((chunk: Buffer) => (order.push(`sent ${chunk.toString()}`), true)) as typeof sink.write);
    new Forward(source, sink, { endsSink: false, observe: (chunk) => order.push(`seen ${Buffer.from(chunk).toString()}`) });
    source.write('one\n');
    await settle();
    source.write('\u0000\ufffd two');
    await settle();
    expect(order).toEqual(['sent one\n', 'seen one\n', 'sent \u0000\ufffd two', 'seen \u0000\ufffd two']);
    write.mockRestore();
  });

  it('does not read while the sink has no room', async () => {
    const source = new PassThrough({ highWaterMark: 1 });
    const sink = new SlowSink();
    const seen: number[] = [];
    new Forward(source, sink, { endsSink: false, observe: (chunk) => seen.push(chunk.length) });
    source.write('a');
    await settle();
    source.write('b');
    await settle();
    expect({ seen: seen.length, paused: source.isPaused() }).toEqual({ seen: 1, paused: true });
    sink.take();
    await settle();
    expect(seen).toHaveLength(2);
  });

  it('ends the sink with the source where it is told to, and is done when all was taken', async () => {
    const source = new PassThrough();
    const sink = new SlowSink();
    const forward = new Forward(source, sink, { endsSink: true, observe: () => undefined });
    const done = vi.fn();
    void forward.done.then(done);
    source.end('last');
    await settle();
    expect({ ended: sink.writableEnded, done: done.mock.calls.length }).toEqual({ ended: true, done: 0 });
    sink.take();
    await forward.done;
  });

  it('leaves the sink open where it is another\'s, and waits for it to take all', async () => {
    const source = new PassThrough();
    const sink = new SlowSink();
    const forward = new Forward(source, sink, { endsSink: false, observe: () => undefined });
    const done = vi.fn();
    void forward.done.then(done);
    source.end('last');
    await settle();
    expect(done).not.toHaveBeenCalled();
    sink.take();
    await settle();
    sink.take();
    await forward.done;
    expect(sink.writableEnded).toBe(false);
  });

  it('closes the source when the sink fails, so that who writes there learns of it', async () => {
    const source = new PassThrough();
    const sink = new PassThrough();
    const forward = new Forward(source, sink, { endsSink: true, observe: () => undefined });
    sink.destroy(new Error('EPIPE'));
    await forward.done;
    expect(source.destroyed).toBe(true);
  });

  it('takes a source that breaks as one that ended', async () => {
    const source = new PassThrough();
    const sink = new PassThrough();
    const forward = new Forward(source, sink, { endsSink: true, observe: () => undefined });
    source.destroy(new Error('EIO'));
    await forward.done;
    expect(sink.writableEnded).toBe(true);
  });
});

describe('waiting for quiet', () => {
  it('goes on while chunks arrive, and ends when none has for that long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const source = new PassThrough();
    const forward = new Forward(source, new PassThrough(), { endsSink: false, observe: () => undefined });
    const quiet = vi.fn();
    void forward.quiet(100).then(quiet);
    for (let i = 0; i < 3; i++) {
      source.write('x');
      await settle();
      await vi.advanceTimersByTimeAsync(99);
    }
    expect(quiet).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(250);
    expect(quiet).toHaveBeenCalledOnce();
  });

  it('does not end while the sink has no room: what waits is not lost', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const source = new PassThrough();
    const sink = new SlowSink();
    const forward = new Forward(source, sink, { endsSink: false, observe: () => undefined });
    source.write('x');
    await settle();
    const quiet = vi.fn();
    void forward.quiet(100).then(quiet);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(quiet).not.toHaveBeenCalled();
    sink.take();
    await settle();
    await vi.advanceTimersByTimeAsync(250);
    expect(quiet).toHaveBeenCalledOnce();
  });
});
