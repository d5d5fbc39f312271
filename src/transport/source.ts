import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Receiver } from './receiver.js';

/** Where a transport's bytes come from. */
export interface Source {
  /** Starts or stops reading. */
  flow(reading: boolean): void;
  /** Reads no more. The descriptor is closed if it is the source's own. */
  close(): void;
}

/** How a source ends: `undefined` at the end of the input. */
export type SourceEnd = (error: Error | undefined) => void;

/** Any readable stream: its chunks are copied once, into the receiver's memory. */
export class StreamSource implements Source {
  private readonly ondata = (chunk: Uint8Array | string): void => this.receiver.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  private readonly onfinish: () => void;
  private readonly onerror: (error: Error) => void;

  constructor(private readonly stream: Readable, private readonly receiver: Receiver, done: SourceEnd) {
    this.onfinish = () => done(undefined);
    this.onerror = (error) => done(error);
    stream.on('data', this.ondata);
    stream.on('end', this.onfinish);
    stream.on('close', this.onfinish);
    stream.on('error', this.onerror);
    stream.pause();
  }

  flow(reading: boolean): void {
    if (reading) this.stream.resume();
    else this.stream.pause();
  }

  close(): void {
    this.stream.off('data', this.ondata);
    this.stream.off('end', this.onfinish);
    this.stream.off('close', this.onfinish);
    // The error listener stays: an error after the close must not bring the process down.
    this.stream.pause();
  }
}

/** What `net` takes for reading into memory of ours. */
export interface DirectRead {
  buffer: () => Uint8Array;
  callback: (count: number) => boolean;
}

/** Reads a socket's bytes straight into the receiver's memory. */
export function directRead(receiver: Receiver): DirectRead {
  return {
    buffer: () => receiver.window(),
    callback(count) {
      receiver.received(count);
      return receiver.reading;
    },
  };
}

/**
 * A pipe or socket by its descriptor: the kernel writes straight into the receiver's memory.
 *
 * The window that was last lent to the kernel stays as it is while reading is paused, because it cannot be
 * exchanged then: nothing else reserves room in the receiver while this source is open.
 */
export class DescriptorSource implements Source {
  private readonly socket: Socket;

  /**
   * @param owned whether closing the source closes the descriptor. This process's own standard input is left
   *   open: its number could otherwise be given to a file while `process.stdin` still refers to it.
   * @throws ERR_INVALID_FD_TYPE where the descriptor is neither a pipe nor a socket, EEXIST where it is read already
   */
  constructor(fd: number, receiver: Receiver, private readonly owned: boolean, done: SourceEnd) {
    // `onread` is documented for connections; the constructor takes it as well.
    const options = { fd, readable: true, writable: false, onread: directRead(receiver) };
    this.socket = new Socket(options);
    this.socket.on('end', () => done(undefined));
    this.socket.on('close', () => done(undefined));
    this.socket.on('error', (error) => done(error));
    this.socket.pause();
  }

  flow(reading: boolean): void {
    if (reading) this.socket.resume();
    else this.socket.pause();
  }

  close(): void {
    this.socket.pause();
    if (this.owned) this.socket.destroy();
    else this.socket.unref();
  }
}
