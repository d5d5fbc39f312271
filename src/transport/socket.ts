import { type NetConnectOpts, Socket, connect } from 'node:net';
import { AirsMcpError } from '../base/errors.js';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import type { TransportOptions } from './contract.js';
import { SocketSource, StreamSource, directRead } from './source.js';
import type { NumberRules } from './options.js';
import { type Ends, StreamTransport, within } from './stream.js';

/**
 * What to connect to: `{ port, host }` for TCP, `{ path }` for a Unix socket or a Windows named pipe
 * (`\\.\pipe\name`). Or a socket that is connected already, such as a server accepts.
 */
export type SocketTarget = NetConnectOpts | Socket;

/** Options of a {@link SocketTransport}. */
export interface SocketOptions extends TransportOptions {
  /** How long connecting may take (ms); from 1, default 10,000. */
  connectTimeout?: number | undefined;
}

const DEFAULT_CONNECT_TIMEOUT = 10_000;
const NUMBERS: NumberRules = { connectTimeout: { preset: DEFAULT_CONNECT_TIMEOUT, min: 1, max: MAX_TIMER_DELAY, unit: 'ms' } };

/**
 * A transport over TCP, a Unix socket, or a named pipe. Where it makes the connection, bytes land in pooled memory
 * directly; from a socket that it is given they are copied once. It owns the socket from then on.
 */
export class SocketTransport extends StreamTransport {
  private socket: Socket | null;
  private readonly connectTimeout: number;

  constructor(private readonly target: SocketTarget, options: SocketOptions = {}) {
    super(options, NUMBERS);
    this.socket = target instanceof Socket ? target : null;
    this.connectTimeout = this.numbers['connectTimeout'] as number;
  }

  /** @throws `AIRS_MCP_CONNECT_FAILED` */
  protected override async open(): Promise<Ends> {
    if (this.target instanceof Socket) {
      // A peer that has sent all it has may still wait for answers.
      this.target.allowHalfOpen = true;
      return { source: new StreamSource(this.target, this.receiver, this.sourceEnded), sink: this.target };
    }
    const socket = await this.connect(this.target);
    socket.setNoDelay(true);
    return { source: new SocketSource(socket, true, this.sourceEnded), sink: socket };
  }

  protected override abandon(): void {
    if (this.target !== this.socket) this.socket?.destroy();
  }

  protected override async part(): Promise<void> {
    const { socket } = this;
    if (socket === null || socket.destroyed) return;
    if (socket.writableLength === 0) {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.end();
      // Closing a socket with unread input makes the kernel throw away what the peer has not read yet. So input is
      // read, and dropped, until the peer ends its side as well.
      this.receiver.discard();
      socket.resume();
      await within(closed, this.closeTimeout);
    }
    socket.destroy();
  }

  private connect(target: NetConnectOpts): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        this.socket?.destroy();
        reject(new AirsMcpError('AIRS_MCP_CONNECT_FAILED', `connecting failed: ${cause.message}`, { cause }));
      };
      const timer = setTimeout(() => fail(new Error(`no connection within ${this.connectTimeout} ms`)), this.connectTimeout);
      try {
        const options = { allowHalfOpen: true, ...target, onread: directRead(this.receiver) } as NetConnectOpts;
        const socket = connect(options);
        this.socket = socket;
        // Both stay: a failure right after the connection must not bring the process down.
        socket.on('error', fail);
        socket.on('close', () => fail(new Error('closed before it was made')));
        socket.on('connect', () => {
          clearTimeout(timer);
          resolve(socket);
        });
        socket.pause();
      } catch (cause) {
        fail(cause as Error);
      }
    });
  }
}
