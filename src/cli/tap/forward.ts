import type { Readable, Writable } from 'node:stream';

export interface ForwardOptions {
  /** Whether the end of the source ends the sink. */
  readonly endsSink: boolean;
  /** Sees each chunk after it was given to the sink. */
  readonly observe: (chunk: Uint8Array) => void;
}

/**
 * Moves bytes as they are, one chunk at a time: while the sink has no room, the source is not read. A sink that fails
 * or closes destroys the source, so that whoever writes there learns of it.
 */
export class Forward {
  /** Resolves when the source is over and the sink has taken all, or takes no more. */
  readonly done: Promise<void>;
  /** Chunks so far. */
  chunks = 0;
  private waiting = false;

  constructor(private readonly source: Readable, private readonly sink: Writable, private readonly options: ForwardOptions) {
    this.done = new Promise((resolve) => this.connect(resolve));
  }

  /** Resolves with `done`, or when for `ms` nothing arrived although the sink had room. */
  async quiet(ms: number): Promise<void> {
    for (let before = -1; before !== this.chunks || this.waiting;) {
      before = this.chunks;
      if (await this.doneWithin(ms)) return;
    }
  }

  private doneWithin(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      void this.done.then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  private connect(resolve: () => void): void {
    const { source, sink, options } = this;
    const ended = (): void => {
      if (options.endsSink) sink.end(() => resolve());
      else sink.write(new Uint8Array(0), () => resolve());
    };
    const failed = (): void => {
      source.destroy();
      resolve();
    };
    source.on('data', (chunk: Uint8Array) => {
      this.waiting = !sink.write(chunk);
      if (this.waiting) source.pause();
      this.chunks++;
      options.observe(chunk);
    });
    sink.on('drain', () => {
      this.waiting = false;
      source.resume();
    });
    source.once('end', ended);
    // A descriptor that breaks ends what it had to say.
    source.on('error', ended);
    sink.on('error', failed);
    sink.once('close', failed);
  }
}
