import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Receiver } from './receiver.js';

/** Where a transport's bytes come from. It starts without reading. */
export interface Source {
  /** Starts or stops reading. */
  flow(reading: boolean): void;
  /** Reads no more. The descriptor is closed if it is the source's own. */
  close(): void;
}

/** How a source ends: `undefined` at the end of the input. Called once, also where the stream had ended before. */
export type SourceEnd = (error: Error | undefined) => void;

const ignore = (): void => undefined;

/** From here on, errors of the stream that nobody else listens to do not bring the process down. */
export function muteErrors(stream: EventEmitter): void {
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
}

/**
 * Tells how a stream ends. One that is destroyed without an error has ended, too: an unfinished frame shows where
 * that cut something off. Returns what makes it stop watching; errors after that are ignored.
 */
export function watchEnd(stream: Readable, done: SourceEnd): () => void {
  let over = false;
  const tell: SourceEnd = (error) => {
    if (!over) done(error);
    over = true;
  };
  const onend = (): void => tell(undefined);
  const onclose = (): void => tell(stream.errored ?? undefined);
  stream.on('end', onend);
  stream.on('close', onclose);
  stream.on('error', tell);
  if (stream.destroyed || stream.readableEnded) queueMicrotask(onclose);
  return () => {
    over = true;
    stream.off('end', onend);
    stream.off('close', onclose);
    stream.off('error', tell);
    muteErrors(stream);
  };
}

/** Any readable stream: its chunks are copied once, into the receiver's memory. */
export class StreamSource implements Source {
  private readonly unwatch: () => void;
  private readonly ondata = (chunk: Uint8Array | string): void => this.receiver.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);

  constructor(private readonly stream: Readable, private readonly receiver: Receiver, done: SourceEnd) {
    stream.on('data', this.ondata);
    stream.pause();
    this.unwatch = watchEnd(stream, done);
  }

  flow(reading: boolean): void {
    if (reading) this.stream.resume();
    else this.stream.pause();
  }

  /** The stream is paused and left to its owner. */
  close(): void {
    this.unwatch();
    this.stream.off('data', this.ondata);
    this.stream.pause();
  }
}

/**
 * Whether a {@link DescriptorSource} of standard input can be had: not on Windows, and Bun ends such a socket at once.
 * Elsewhere ordinary streams do, whose chunks are copied once.
 */
export const READS_STDIN = process.platform !== 'win32' && process.versions['bun'] === undefined;
/** Whether one of a descriptor that the addon opened can be had: Deno knows only those that it opened itself. */
export const READS_DESCRIPTORS = READS_STDIN && process.versions['deno'] === undefined;

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
 * A socket that was opened with a {@link directRead}.
 *
 * The window that was last lent to the kernel stays as it is while reading is paused, because it cannot be
 * exchanged then: nothing else reserves room in the receiver while this source is open. Once reading has
 * stopped for good nothing is written there, since libuv reads only when asked to and data is ready.
 */
export class SocketSource implements Source {
  private readonly unwatch: () => void;

  /** @param owned whether closing the source destroys the socket */
  constructor(private readonly socket: Socket, private readonly owned: boolean, done: SourceEnd) {
    this.unwatch = watchEnd(socket, done);
    socket.pause();
  }

  flow(reading: boolean): void {
    if (reading) this.socket.resume();
    else this.socket.pause();
  }

  close(): void {
    this.unwatch();
    this.socket.pause();
    if (this.owned) this.socket.destroy();
    else this.socket.unref();
  }
}

/** A pipe or socket by its descriptor: the kernel writes straight into the receiver's memory. */
export class DescriptorSource extends SocketSource {
  /**
   * @param owned whether closing the source closes the descriptor. This process's own standard input is left
   *   open: its number could otherwise be given to a file while `process.stdin` still refers to it.
   * @throws ERR_INVALID_FD_TYPE where the descriptor is neither a pipe nor a socket, EEXIST where it is read already
   */
  constructor(fd: number, receiver: Receiver, owned: boolean, done: SourceEnd) {
    // `onread` is documented for connections; the constructor takes it as well.
    const options = { fd, readable: true, writable: false, onread: directRead(receiver) };
    super(new Socket(options), owned, done);
  }
}

/** What Node's streams over pipes and sockets keep, undocumented. */
interface HandleHolder {
  _handle?: { useUserBuffer?: unknown } | null;
}

/**
 * What is behind a stream of Node's that nobody has read yet, taken out of it; undefined where it can't be had. For pipes that Node opened:
 * a stream reads them into new memory, 64 KiB at a time, whose collections stop the event loop.
 */
export function takeHandle(stream: Readable): object | undefined {
  const holder = stream as HandleHolder;
  const handle = holder._handle;
  if (!READS_DESCRIPTORS || stream.readableLength > 0 || typeof handle?.useUserBuffer !== 'function') return undefined;
  holder._handle = null;
  return handle;
}

/** A pipe or socket that was opened by Node, by what {@link takeHandle} gave. */
export class HandleSource extends SocketSource {
  constructor(handle: object, receiver: Receiver, done: SourceEnd) {
    const options = { handle, readable: true, writable: false, onread: directRead(receiver) };
    super(new Socket(options), true, done);
  }
}
