import { PassThrough, type Readable } from 'node:stream';

/** Where a child's standard error goes besides the tail that is always kept. */
export type StderrMode = 'inherit' | 'pipe' | 'ignore';

/** Standard error that may wait for whoever reads it (bytes). */
const BUFFERED = 256 * 1024;

const ignore = (): void => undefined;

/**
 * Reads a child's standard error, always, so that a child which logs much never blocks. The last bytes are
 * kept; the rest goes where the mode says.
 */
export class StderrDrain {
  /** For mode `pipe`: what the child writes. Bytes that nobody reads are dropped once 256 KiB of them wait. */
  readonly stream: PassThrough | null;
  /** Resolves when the child's standard error has ended. */
  readonly done: Promise<void>;
  private readonly kept: Buffer;
  private source: Readable | null = null;
  private written = 0;
  private markDone!: () => void; // set in the constructor

  /** @param limit most bytes of the tail */
  constructor(private readonly mode: StderrMode, limit: number) {
    this.stream = mode === 'pipe' ? new PassThrough({ highWaterMark: BUFFERED }) : null;
    this.kept = Buffer.alloc(limit);
    this.done = new Promise((resolve) => {
      this.markDone = resolve;
    });
  }

  attach(source: Readable | null): void {
    this.source = source;
    source?.on('data', (chunk: Buffer) => this.take(chunk));
    for (const end of ['end', 'error', 'close']) source?.on(end, () => this.finish());
    if (source === null) this.finish();
  }

  /** Reads no more. */
  close(): void {
    this.source?.destroy();
    this.finish();
  }

  /** The last bytes as text, from the start of a character. */
  tail(): string {
    const limit = this.kept.length;
    if (this.written <= limit) return this.kept.toString('utf8', 0, this.written);
    const seam = this.written % limit;
    const tail = Buffer.concat([this.kept.subarray(seam), this.kept.subarray(0, seam)]);
    let start = 0;
    while (start < 3 && ((tail[start] ?? 0) & 0xc0) === 0x80) start++;
    return tail.toString('utf8', start);
  }

  private finish(): void {
    this.stream?.end();
    this.markDone();
  }

  private take(chunk: Buffer): void {
    this.keep(chunk);
    if (this.mode === 'inherit') forward(chunk);
    else if (this.stream !== null && this.stream.writableLength < BUFFERED) this.stream.write(chunk);
  }

  /** A ring: the byte that was written n-th lies at n modulo the limit. */
  private keep(chunk: Buffer): void {
    const limit = this.kept.length;
    if (limit === 0) return;
    const skipped = Math.max(0, chunk.length - limit);
    const fresh = chunk.subarray(skipped);
    const at = (this.written + skipped) % limit;
    const first = Math.min(fresh.length, limit - at);
    fresh.copy(this.kept, at, 0, first);
    fresh.copy(this.kept, 0, first);
    this.written += chunk.length;
  }
}

/** Passes on to this process's standard error, whose own failure must not bring the process down. */
function forward(chunk: Buffer): void {
  const { stderr } = process;
  if (stderr.writableLength >= BUFFERED) return;
  stderr.once('error', ignore);
  stderr.write(chunk, (error) => {
    // The event follows the callback.
    if (!error) stderr.off('error', ignore);
  });
}
