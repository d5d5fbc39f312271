import { Duplex } from 'node:stream';
import type { TransportOptions, ZeroCopyTransport } from './contract.js';
import { StreamSource } from './source.js';
import { type Ends, StreamTransport } from './stream.js';

/** What one end accepts before the other has read it (bytes). */
const BUFFERED = 64 * 1024;

type Done = (error?: Error | null) => void;

/** One end of an in-memory duplex; what is written to it is read from its twin. */
class End extends Duplex {
  twin!: End; // set right after construction, by createMemoryTransportPair
  /** Lets the twin write on: its last chunk did not leave room for another. */
  private taken: Done | null = null;

  constructor() {
    super({ readableHighWaterMark: BUFFERED, writableHighWaterMark: BUFFERED });
  }

  override _read(): void {
    this.proceed();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.twin.destroyed) return done(brokenPipe());
    // The writer reuses its memory once `done` is called, while the reader still queues the chunk.
    const more = this.twin.push(Buffer.from(chunk));
    if (more) process.nextTick(done);
    else this.twin.taken = done;
  }

  override _final(done: Done): void {
    if (!this.twin.destroyed) this.twin.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // Neither end waits for the other from here on.
    this.proceed(brokenPipe());
    this.twin.proceed(brokenPipe());
    if (!this.twin.destroyed) this.twin.push(null);
    done(error);
  }

  private proceed(error?: Error): void {
    const { taken } = this;
    this.taken = null;
    taken?.(error);
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('the other end is closed'), { code: 'EPIPE' });
}

class MemoryTransport extends StreamTransport {
  constructor(private readonly end: End, options: TransportOptions) {
    super(options);
  }

  protected override open(): Promise<Ends> {
    return Promise.resolve({ source: new StreamSource(this.end, this.receiver, this.sourceEnded), sink: this.end });
  }

  protected override part(): Promise<void> {
    // What was written is the twin's already; it sees the end behind it.
    this.end.destroy();
    return Promise.resolve();
  }
}

/**
 * Two transports that are connected in memory: what one sends, the other receives, as bytes that are framed and
 * scanned like any others. For tests, and for peers in one process.
 */
export function createMemoryTransportPair(options: TransportOptions = {}): [ZeroCopyTransport, ZeroCopyTransport] {
  const [left, right] = [new End(), new End()];
  left.twin = right;
  right.twin = left;
  return [new MemoryTransport(left, options), new MemoryTransport(right, options)];
}
