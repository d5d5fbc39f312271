import { PassThrough, type Readable } from 'node:stream';

/** Where a child's standard error goes besides the tail that is always kept. */
export type StderrMode = 'inherit' | 'pipe' | 'ignore';

/**
 * Reads a child's standard error, always, so that a child which logs much never blocks. The last bytes are
 * kept; the rest goes where the mode says.
 */
export class StderrDrain {
  /** For mode `pipe`: what the child writes. Bytes that nobody reads are dropped once its buffer is full. */
  readonly stream: PassThrough | null;
  private readonly kept: Buffer;
  private written = 0;

  /** @param limit most bytes of the tail */
  constructor(private readonly mode: StderrMode, limit: number) {
    this.stream = mode === 'pipe' ? new PassThrough() : null;
    this.kept = Buffer.alloc(limit);
  }

  attach(source: Readable): void {
    source.on('data', (chunk: Buffer) => this.take(chunk));
    source.on('end', () => this.stream?.end());
    source.on('error', () => this.stream?.end());
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

  private take(chunk: Buffer): void {
    this.keep(chunk);
    if (this.mode === 'inherit') process.stderr.write(chunk);
    else if (this.stream !== null && !this.stream.writableNeedDrain) this.stream.write(chunk);
  }

  /** A ring: the byte that was written n-th lies at n modulo the limit. */
  private keep(chunk: Buffer): void {
    const limit = this.kept.length;
    const skipped = Math.max(0, chunk.length - limit);
    const fresh = chunk.subarray(skipped);
    const at = (this.written + skipped) % limit;
    const first = Math.min(fresh.length, limit - at);
    fresh.copy(this.kept, at, 0, first);
    fresh.copy(this.kept, 0, first);
    this.written += chunk.length;
  }
}
