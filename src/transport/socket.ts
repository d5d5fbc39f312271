import { type NetConnectOpts, Socket, connect } from 'node:net';
import { AirsMcpError } from '../base/errors.js';
import type { TransportOptions } from './contract.js';
import { type Source, StreamSource, directRead } from './source.js';
import { type Ends, StreamTransport } from './stream.js';

/**
 * What to connect to: `{ port, host }` for TCP, `{ path }` for a Unix socket or a Windows named pipe
 * (`\\.\pipe\name`). Or a socket that is connected already, such as a server accepts.
 */
export type SocketTarget = NetConnectOpts | Socket;

export interface SocketOptions extends TransportOptions {
  /** How long connecting may take (ms). Default 10,000. */
  connectTimeout?: number | undefined;
}

const DEFAULT_CONNECT_TIMEOUT = 10_000;

/**
 * A transport over TCP, a Unix socket, or a named pipe. Where it makes the connection, bytes land in pooled memory
 * directly; from a socket that it is given they are copied once. It owns the socket from then on.
 */
export class SocketTransport extends StreamTransport {
  private socket: Socket | null = null;
  private readonly connectTimeout: number;

  constructor(private readonly target: SocketTarget, options: SocketOptions = {}) {
    super(options);
    this.connectTimeout = options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT;
  }

  /** @throws `AIRS_MCP_CONNECT_FAILED` */
  protected override async open(): Promise<Ends> {
    if (this.target instanceof Socket) {
      this.socket = this.target;
      return { source: new StreamSource(this.target, this.receiver, this.sourceEnded), sink: this.target };
    }
    const socket = connect({ ...this.target, onread: directRead(this.receiver) } as NetConnectOpts);
    this.socket = socket;
    await this.connected(socket);
    socket.setNoDelay(true);
    return { source: new ConnectedSource(socket, this.sourceEnded), sink: socket };
  }

  protected override part(): Promise<void> {
    const { socket } = this;
    if (socket === null || socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      // What was accepted is written by now, or never will be: the peer need not close its side first.
      socket.once('close', () => resolve());
      socket.end(() => socket.destroy());
      setTimeout(() => socket.destroy(), this.closeTimeout).unref();
    });
  }

  private connected(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => {
        socket.destroy();
        reject(new AirsMcpError('AIRS_MCP_CONNECT_FAILED', `connecting failed: ${cause.message}`, { cause }));
      };
      const timer = setTimeout(() => fail(new Error(`no connection within ${this.connectTimeout} ms`)), this.connectTimeout);
      socket.once('error', fail);
      socket.once('close', () => clearTimeout(timer));
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        resolve();
      });
    });
  }
}

/** A socket that was opened with a direct read. */
class ConnectedSource implements Source {
  constructor(private readonly socket: Socket, done: (error: Error | undefined) => void) {
    socket.on('end', () => done(undefined));
    socket.on('close', () => done(undefined));
    socket.on('error', (error) => done(error));
    socket.pause();
  }

  flow(reading: boolean): void {
    if (reading) this.socket.resume();
    else this.socket.pause();
  }

  close(): void {
    this.socket.destroy();
  }
}
