import type { ChildProcess, StdioOptions as SpawnStdio } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable, Stream } from 'node:stream';
import { nativeSystem } from '../backend/select.js';
import { CHILD_EXIT } from '../base/channels.js';
import { AirsMcpError } from '../base/errors.js';
import { DEFAULT_STDERR_TAIL, MAX_STDERR_TAIL } from '../base/limits.js';
import type { TransportOptions } from './contract.js';
import { childEnvironment } from './environment.js';
import { launch } from './launch.js';
import type { NumberRules } from './options.js';
import { adopt, disown, signalTree } from './process-tree.js';
import { DescriptorSource, HandleSource, READS_DESCRIPTORS, type Source, StreamSource, takeHandle } from './source.js';
import { StderrDrain, type StderrMode } from './stderr.js';
import { type Ends, StreamTransport, within } from './stream.js';

/** Options of a {@link ChildProcessTransport}. */
export interface ChildProcessOptions extends TransportOptions {
  /** The program: a path, or a name to look up in PATH. On Windows also a script such as `npx`. */
  command: string;
  args?: readonly string[] | undefined;
  /** Variables besides the default safe list; they win over it. */
  env?: Readonly<Record<string, string>> | undefined;
  /** Working directory. Default: this process's. */
  cwd?: string | undefined;
  /**
   * Where the child's standard error goes: `inherit` (default) to this process's, `pipe` to the transport's `stderr`
   * stream, `ignore` nowhere. It is read in any case, and its end kept for `stderrTail`. A descriptor or a stream that has
   * one is the child's own: it writes there directly, and nothing is kept.
   */
  stderr?: StderrMode | number | Stream | undefined;
  /** Most of standard error that is kept (bytes); 0 to 16 MiB, default 64 KiB. */
  stderrTailSize?: number | undefined;
  /** How long `close()` waits for the child after the end of its input, and again after SIGTERM (ms). Default 2,000. */
  closeTimeout?: number | undefined;
}

const NUMBERS: NumberRules = { stderrTailSize: { preset: DEFAULT_STDERR_TAIL, min: 0, max: MAX_STDERR_TAIL, unit: 'bytes' } };

/** How long output that is still on its way is waited for after the child has exited (ms). */
const LAST_OUTPUT = 200;
/** How long a child that has closed one of its pipes, and so is most often about to exit, is given for that (ms). */
const LAST_STEPS = 1000;

/** Most of a child's last words that its error repeats (UTF-16 units); `stderrTail` has them all. */
const QUOTED = 2_000;

/**
 * Starts a server process, speaks to it over its standard input and output, and owns it with all its descendants:
 * `close()` ends its input, waits, signals SIGTERM, waits, and signals SIGKILL. `onclose` comes with the child's exit,
 * even when a descendant holds its pipes open.
 */
export class ChildProcessTransport extends StreamTransport {
  private child: ChildProcess | null = null;
  private exited: Promise<void> = Promise.resolve();
  private readonly errors: StderrDrain;
  private readonly process: ChildProcessOptions;

  constructor(options: ChildProcessOptions) {
    super(options, NUMBERS);
    if (typeof options.command !== 'string' || options.command === '') {
      throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'command is the name or path of a program');
    }
    this.process = options;
    const { stderr = 'inherit' } = options;
    this.errors = new StderrDrain(typeof stderr === 'string' ? stderr : 'ignore', this.numbers['stderrTailSize'] as number);
  }

  /** The child's process id; null before `start()` and after its exit. */
  get pid(): number | null {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null ? (this.child.pid ?? null) : null;
  }

  /** The child's standard error, for `stderr: 'pipe'`; there from construction on. */
  get stderr(): Readable | null {
    return this.errors.stream;
  }

  /** The last of what the child wrote to standard error, up to `stderrTailSize` bytes. */
  get stderrTail(): string {
    return this.errors.tail();
  }

  /** Signals the child and all that it started. On Windows every signal ends them; where the child has ended nothing happens there. */
  signal(signal: NodeJS.Signals): void {
    if (this.child !== null) signalTree(this.child, signal);
  }

  /** @throws `AIRS_MCP_SPAWN_FAILED` */
  protected override async open(): Promise<Ends> {
    // Node's own pipe would be read into memory of Node's; our end of a socket pair is read into ours.
    const [ours, theirs] = (READS_DESCRIPTORS ? nativeSystem()?.socketPair() : undefined) ?? [];
    try {
      const child = this.spawn(theirs ?? 'pipe');
      await this.spawned(child);
      this.child = child;
    } catch (cause) {
      if (ours !== undefined) closeSync(ours);
      throw new AirsMcpError('AIRS_MCP_SPAWN_FAILED', `${this.process.command} did not start: ${(cause as Error).message}`, { cause });
    } finally {
      if (theirs !== undefined) closeSync(theirs);
    }
    return this.attach(this.child, ours);
  }

  protected override async part(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    // What the child did not take in time would keep the end of its input from it.
    if ((child.stdin?.writableLength ?? 0) > 0) child.stdin?.destroy();
    else child.stdin?.end();
    await within(this.exited, this.closeTimeout);
    signalTree(child, 'SIGTERM');
    if (this.pid !== null) await within(this.exited, this.closeTimeout);
    signalTree(child, 'SIGKILL');
    await within(this.exited, this.closeTimeout);
    disown(child);
    // A descendant that left the group may hold the other ends.
    child.stdout?.destroy();
    this.errors.close();
  }

  /** A pipe breaks most often because the child is about to exit; if it does, that is what is reported. */
  protected override sinkFailed(cause: Error): void {
    void within(this.exited, LAST_STEPS).then(() => {
      if (this.pid !== null) super.sinkFailed(cause);
    });
  }

  /** A child that closes its output is most often about to exit; if it does, that is what is reported. */
  protected override ended(): void {
    void within(this.exited, LAST_STEPS).then(() => {
      if (this.pid !== null) super.ended();
    });
  }

  private spawn(stdout: 'pipe' | number): ChildProcess {
    const { command, args = [], env, cwd, stderr } = this.process;
    const stdio: SpawnStdio = ['pipe', stdout, typeof stderr === 'object' || typeof stderr === 'number' ? stderr : 'pipe'];
    return launch(command, args, { env: childEnvironment(env), stdio, cwd, windowsHide: true });
  }

  private spawned(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      // Stays: a later failure to signal the child must not bring this process down.
      child.on('error', reject);
    });
  }

  private attach(child: ChildProcess, fd: number | undefined): Ends {
    adopt(child);
    this.errors.attach(child.stderr);
    this.exited = new Promise((resolve) => child.once('exit', () => resolve()));
    child.once('exit', (code, signal) => void this.childExited(code, signal));
    const source = fd === undefined ? this.sourceOf(child.stdout as Readable) : new DescriptorSource(fd, this.receiver, true, this.sourceEnded);
    return { source, sink: child.stdin as NonNullable<ChildProcess['stdin']> }; // 'pipe' gives a stream
  }

  private sourceOf(stdout: Readable): Source {
    const handle = takeHandle(stdout);
    return handle === undefined
      ? new StreamSource(stdout, this.receiver, this.sourceEnded)
      : new HandleSource(handle, this.receiver, this.sourceEnded);
  }

  private async childExited(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (CHILD_EXIT.hasSubscribers) {
      CHILD_EXIT.publish({ transport: this, pid: this.child?.pid, exitCode: code ?? undefined, signal: signal ?? undefined });
    }
    // Its last words may still be in the pipes; a descendant that holds them open is not waited for.
    await within(Promise.all([this.sourceDone, this.errors.done]), LAST_OUTPUT);
    const how = signal === null ? `with code ${code}` : `by ${signal}`;
    const tail = this.stderrTail.trim().slice(-QUOTED);
    const error = new AirsMcpError('AIRS_MCP_CHILD_EXITED', `the server ended ${how}${tail === '' ? '' : `; its last words: ${tail}`}`);
    this.refuseSends(error);
    // What it said before waits for a consumer that takes a break.
    while (this.receiver.heldBack) {
      await this.receiver.released();
      await within(this.delivered, LAST_OUTPUT);
    }
    this.fail(error, code === 0);
  }
}
