import type { IOType } from 'node:child_process';
import type { PassThrough, Stream } from 'node:stream';
import { AirsMcpError } from '../base/errors.js';
import type { WireErrorObject } from '../base/wire.js';
import { ChildProcessTransport, type ChildProcessOptions } from '../transport/child.js';
import { sendOver } from './outgoing.js';
import type { Settings } from './options.js';
import { CONNECTION_CLOSED, type FrameCounts, Session } from './session.js';
import { type JSONRPCMessage, type RequestId, isAnswer } from './wire.js';

/** What a server process is started from; the names are the SDKs'. */
export interface ServerCommand {
  /** The program to run. */
  command: string;
  args?: string[] | undefined;
  /** Variables beside the default ones; they win over them. */
  env?: Record<string, string> | undefined;
  /**
   * Where the server's standard error goes: `inherit` (default), `pipe` or `overlapped` to the transport's `stderr`
   * stream, `ignore`. It is read in any case, and its end kept. A stream or a descriptor is handed to the server as it
   * is, and then nothing is kept: `2` does what `inherit` does in the SDKs.
   */
  stderr?: IOType | Stream | number | undefined;
  cwd?: string | undefined;
  /** Most of standard error that is kept for errors (bytes). Default 64 KiB. */
  stderrTailSize?: number | undefined;
}

/** What a link tells its transport. */
export interface LinkHost {
  deliver(message: JSONRPCMessage): void;
  report(error: Error): void;
  closed(link: Link): void;
  /** Where the process's standard error goes, for `stderr: 'pipe'`. */
  readonly stderr: PassThrough | null;
}

/** One server process, and the session with it. */
export class Link {
  /** What ended it, unless it was asked to end. */
  cause: Error | undefined;
  private readonly child: ChildProcessTransport;
  private readonly session: Session;

  constructor(command: ServerCommand, settings: Settings, counts: FrameCounts, host: LinkHost) {
    const child = new ChildProcessTransport({ ...settings.transport, ...childOptions(command) });
    this.child = child;
    this.session = new Session(settings, counts, {
      isListening: () => true,
      deliver: (message) => host.deliver(message),
      answer: (message) => void sendOver(child, message),
      report: (error) => host.report(error),
      abandon: () => void child.close(),
    });
    child.onmessage = this.session.take;
    child.onerror = (error) => {
      this.cause = error;
      host.report(error);
    };
    child.onclose = () => {
      this.session.flush();
      host.closed(this);
    };
    child.stderr?.on('data', (chunk: Buffer) => {
      const { stderr } = host;
      // A child that logs more than anybody reads goes on all the same.
      if (stderr !== null && stderr.writable && !stderr.writableNeedDrain) stderr.write(chunk);
    });
  }

  get pid(): number | null {
    return this.child.pid;
  }

  /** Rejects with what `spawn` says, such as an error with code `ENOENT`. */
  async start(): Promise<void> {
    try {
      await this.child.start();
    } catch (error) {
      throw error instanceof AirsMcpError && error.code === 'AIRS_MCP_SPAWN_FAILED' ? error.cause : error;
    }
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.session.noteOutgoing(message);
    return sendOver(this.child, message);
  }

  /** Whether `message` answers a request that this process did not make. */
  isStale(message: JSONRPCMessage): boolean {
    const { id } = message as { id?: RequestId };
    return isAnswer(message) && id !== undefined && !this.session.isOpen(id);
  }

  /** Fails what waits for an answer of the process, which is gone. */
  failCalls(): void {
    this.session.failCalls(this.obituary());
  }

  /** Closes without waiting for the process to end by itself. */
  dispose(): Promise<void> {
    this.child.signal('SIGTERM');
    return this.close();
  }

  close(): Promise<void> {
    return this.child.close();
  }

  private obituary(): WireErrorObject {
    const { cause } = this;
    const code = cause instanceof AirsMcpError ? cause.code : 'AIRS_MCP_TRANSPORT_CLOSED';
    const tail = this.child.stderrTail.trim();
    const reason = cause?.message ?? `the server ended${tail === '' ? '' : `; its last words: ${tail}`}`;
    return { code: CONNECTION_CLOSED, message: `Connection closed: ${reason}`, data: { code } };
  }
}

function childOptions(command: ServerCommand): ChildProcessOptions {
  const { args, env, cwd, stderr, stderrTailSize } = command;
  return { command: command.command, args, env, cwd, stderr: stderr === 'overlapped' ? 'pipe' : stderr, stderrTailSize };
}
