import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StderrDrain } from '../../src/transport/stderr.js';
import { seededRandom } from '../buffer/memory.js';
import { stateOf } from './support.js';

afterEach(() => {
  vi.restoreAllMocks();
});

async function drained(drain: StderrDrain, chunks: Uint8Array[]): Promise<void> {
  const source = new PassThrough();
  drain.attach(source);
  for (const chunk of chunks) source.write(chunk);
  source.end();
  await drain.done;
}

describe('the tail', () => {
  it('is all, while that is not too much', async () => {
    const drain = new StderrDrain('ignore', 10);
    expect(drain.tail()).toBe('');
    await drained(drain, [Buffer.from('12345'), Buffer.from('67890')]);
    expect(drain.tail()).toBe('1234567890');
  });

  it('is the last bytes, however they came', async () => {
    const random = seededRandom(3);
    for (let round = 0; round < 200; round++) {
      const limit = 1 + random(20);
      const text = Buffer.from(Array.from({ length: random(80) }, () => 'abcdefghij'[random(10)] as string).join(''));
      const chunks: Uint8Array[] = [];
      for (let from = 0; from < text.length; ) {
        const length = 1 + random(30);
        chunks.push(text.subarray(from, from + length));
        from += length;
      }
      const drain = new StderrDrain('ignore', limit);
      await drained(drain, chunks);
      expect(drain.tail()).toBe(text.subarray(Math.max(0, text.length - limit)).toString());
    }
  });

  it('starts with a whole character and has those whole that came in pieces', async () => {
    const text = 'é€😀'.repeat(5);
    for (let limit = 9; limit < 30; limit++) {
      const drain = new StderrDrain('ignore', limit);
      await drained(drain, Array.from(Buffer.from(text), (byte) => Buffer.of(byte)));
      expect(drain.tail()).not.toContain('\ufffd');
      expect(text.endsWith(drain.tail())).toBe(true);
      expect(Buffer.byteLength(drain.tail())).toBeGreaterThan(limit - 4);
    }
  });
});

describe('the end', () => {
  it.each(['error', 'destroy', 'close'])('comes also by %s', async (how) => {
    const source = new PassThrough();
    const drain = new StderrDrain('pipe', 10);
    drain.stream?.resume();
    drain.attach(source);
    expect(await stateOf(drain.done)).toBe('pending');
    if (how === 'close') drain.close();
    else source.destroy(how === 'error' ? new Error('gone') : undefined);
    await drain.done;
    expect(drain.stream?.writableEnded).toBe(true);
    expect(source.destroyed).toBe(true);
  });

  it('is there at once where there is nothing to read', async () => {
    const drain = new StderrDrain('ignore', 10);
    drain.attach(null);
    expect(await stateOf(drain.done)).toBe('fulfilled');
  });
});

describe('what is written', () => {
  it('goes to a stream in full, if that is read', async () => {
    const drain = new StderrDrain('pipe', 10);
    let length = 0;
    drain.stream?.on('data', (chunk: Buffer) => (length += chunk.length));
    const closed = new Promise((resolve) => drain.stream?.once('close', resolve));
    await drained(drain, Array.from({ length: 100 }, () => Buffer.alloc(64 * 1024)));
    await closed;
    expect(length).toBe(100 * 64 * 1024);
  });

  it('is dropped past some bound, if it is not read', async () => {
    const drain = new StderrDrain('pipe', 10);
    await drained(drain, Array.from({ length: 100 }, () => Buffer.alloc(64 * 1024)));
    const { stream } = drain;
    expect((stream?.readableLength ?? 0) + (stream?.writableLength ?? 0)).toBeLessThan(1 << 20);
  });

  it("goes to this process's standard error, and survives its failures", async () => {
    const { stderr } = process;
    const before = stderr.listenerCount('error');
    const written: string[] = [];
    let fails = false;
    vi.spyOn(stderr, 'write').mockImplementation(((chunk: Buffer, done: (error?: Error) => void) => {
      written.push(chunk.toString());
      process.nextTick(() => {
        done(fails ? new Error('EPIPE') : undefined);
        if (fails) stderr.emit('error', new Error('EPIPE'));
      });
      return true;
    }) as never);
    const drain = new StderrDrain('inherit', 10);
    const source = new PassThrough();
    drain.attach(source);
    for (const text of ['one', 'two', 'three']) {
      source.write(text);
      await setImmediate();
      fails = true;
    }
    expect(written).toEqual(['one', 'two', 'three']);
    expect(stderr.listenerCount('error')).toBe(before);
    expect(drain.tail()).toBe('netwothree'.slice(-10));
  });

  it('goes nowhere where that is asked for', async () => {
    const write = vi.spyOn(process.stderr, 'write');
    await drained(new StderrDrain('ignore', 10), [Buffer.from('text')]);
    expect(write).not.toHaveBeenCalled();
  });
});
