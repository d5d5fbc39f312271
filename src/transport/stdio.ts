import type { Readable, Writable } from 'node:stream';
import { nativeSystem } from '../backend/select.js';
import { PIPE_CAPACITY } from '../base/limits.js';
import type { TransportOptions } from './contract.js';
import { DescriptorSource, READS_STDIN, type Source, StreamSource } from './source.js';
import { type Ends, StreamTransport } from './stream.js';

/** Options of a {@link StdioTransport}. */
export interface StdioOptions extends TransportOptions {
  /**
   * Where to read. Default: this process's standard input, into pooled memory directly where it is a pipe or socket.
   * `close()` pauses it, and leaves it to its owner.
   */
  input?: Readable | undefined;
  /** Where to write. Default: this process's standard output. */
  output?: Writable | undefined;
  /**
   * Whether `close()` ends `output`, or destroys it where it did not take all within `closeTimeout`. Default true; this
   * process's standard output is left as it is.
   */
  endOutput?: boolean | undefined;
}

const STDIN = 0;
const STDOUT = 1;

/** A transport over this process's standard input and output, or over any pair of streams. */
export class StdioTransport extends StreamTransport {
  private readonly input: Readable | undefined;
  private readonly output: Writable | undefined;
  private readonly endOutput: boolean;

  constructor(options: StdioOptions = {}) {
    super(options);
    this.input = options.input;
    this.output = options.output;
    this.endOutput = options.endOutput ?? true;
  }

  protected override open(): Promise<Ends> {
    const sink = this.output ?? process.stdout;
    if (this.output === undefined) nativeSystem()?.setPipeCapacity(STDOUT, PIPE_CAPACITY);
    return Promise.resolve({ source: this.input === undefined ? this.openStdin() : this.read(this.input), sink });
  }

  protected override part(): Promise<void> {
    if (this.endOutput && this.output !== undefined && !this.output.destroyed) {
      // What the peer did not take in time would keep the end from it.
      if (this.output.writableLength > 0) this.output.destroy();
      else this.output.end();
    }
    return Promise.resolve();
  }

  private openStdin(): Source {
    nativeSystem()?.setPipeCapacity(STDIN, PIPE_CAPACITY);
    // The getter's first use would fail with EEXIST once a descriptor source reads the same pipe.
    const { stdin } = process;
    const shared = stdin.readableFlowing === true || stdin.listenerCount('data') + stdin.listenerCount('readable') > 0;
    if (shared || !READS_STDIN) return this.read(stdin);
    try {
      return new DescriptorSource(STDIN, this.receiver, false, this.sourceEnded);
    } catch {
      // A file, or a terminal.
      return this.read(stdin);
    }
  }

  private read(stream: Readable): Source {
    return new StreamSource(stream, this.receiver, this.sourceEnded);
  }
}
