import { Duplex } from 'node:stream';
import type { TransportOptions, ZeroCopyTransport } from './contract.js';
import { StdioTransport } from './stdio.js';

/** What one end accepts before the other has read it (bytes). */
const BUFFERED = 64 * 1024;

/** One end of an in-memory duplex; what is written to it is read from its twin. */
class End extends Duplex {
  twin!: End; // set right after construction, by duplexPair
  private taken: (() => void) | null = null;

  constructor() {
    super({ readableHighWaterMark: BUFFERED, writableHighWaterMark: BUFFERED });
  }

  override _read(): void {
    const { taken } = this;
    this.taken = null;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    // The writer reuses its memory once `done` is called, while the reader still queues the chunk.
    const more = this.twin.push(Buffer.from(chunk));
    if (more) process.nextTick(done);
    else this.twin.taken = done;
  }

  override _final(done: () => void): void {
    this.twin.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.taken?.();
    if (!this.twin.destroyed && !this.twin.readableEnded) this.twin.push(null);
    done(error);
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
  return [
    new StdioTransport({ ...options, input: left, output: left }),
    new StdioTransport({ ...options, input: right, output: right }),
  ];
}
