import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { asBuffer } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import { DIRECT_SEND_FROM, FLUSH_THRESHOLD } from '../base/limits.js';
import { refused } from '../base/rejection.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Slab } from '../buffer/slab.js';
import type { Framing } from '../message/framer.js';
import type { Encoded } from '../message/draft.js';
import { Portions } from './portions.js';
import { Settlement } from './settlement.js';

const LF = 0x0a;
const SPACE = 0x20;

/**
 * Text up to here goes to the kernel's streams as it is (UTF-16 units): Node.js encodes as much on its stack, 3 bytes for
 * each unit, which is half a microsecond cheaper than a buffer.
 */
const SHORT_TEXT = 5_461;

const RESOLVED = Promise.resolve();

/** Keeps memory for as long as a write is under way. */
export interface Keeper {
  retain(): unknown;
  release(): void;
}

/**
 * Messages out to a stream. What is written in one tick is gathered in pooled memory and leaves in one write, or in a few
 * {@link Portions} where the kernel takes them; long pieces that are bytes already leave uncopied, in their place.
 *
 * Short texts are joined before they are encoded: to encode each by itself costs three times as much.
 */
export class Writer {
  /** Text that follows the bytes in the slab, not encoded yet: less than {@link FLUSH_THRESHOLD} characters. */
  private text = '';
  private slab: Slab | null = null;
  private length = 0;
  /** Whether the end of this tick is waited for. */
  private scheduled = false;
  private readonly portions = new Portions();
  private failure: AirsMcpError | null = null;
  /** The stream refused a write: nothing more is given to it. */
  private broken = false;
  /** Settles with what is gathered now. */
  private batch: Settlement | null = null;
  /** Settlements that wait for the stream to have room again. */
  private readonly stalled: Settlement[] = [];
  private needDrain = false;
  private inFlight = 0;
  /** Bytes that the stream holds beyond its `writableLength`, which counts characters of text. */
  private uncounted = 0;
  private idle: Settlement | null = null;
  /**
   * Whether the stream is done with a chunk once it has called back, so that the chunk's memory may be reused. Those of
   * the kernel are; others, such as a PassThrough, may have passed it on.
   */
  private readonly letsGo: boolean;

  /** @param onbroken called once when a write fails; what is unsettled then waits for {@link fail} */
  constructor(
    private readonly stream: Writable,
    private readonly manager: BufferManager,
    private readonly framing: Framing,
    private readonly maxQueue: number,
    private readonly onbroken: (cause: Error) => void,
  ) {
    this.letsGo = stream instanceof Socket || stream === process.stdout;
    stream.on('drain', this.ondrain);
  }

  /** Bytes accepted and not yet taken by the stream's consumer; of text that is not encoded yet, characters. */
  get queued(): number {
    return this.length + this.text.length + this.stream.writableLength + this.uncounted;
  }

  /**
   * Accepts one message.
   * @param keeper holds the memory of the raw piece until it is written; undefined where the promise stands for that
   * @throws what `keeper.retain` throws; nothing was accepted then
   */
  write({ head, raw, tail }: Encoded, keeper?: Keeper): Promise<void> {
    const longest = (head.length + tail.length) * 3 + (raw?.length ?? 0);
    // The text is measured only where its upper bound does not settle the question.
    const refusal = this.refusal(longest) && this.refusal(exactLength(head, raw, tail));
    if (refusal !== null) return refused(refusal);
    const piece = raw && this.prepared(raw);
    const direct = piece !== undefined && this.isDirect(piece);
    if (direct) keeper?.retain();
    if (this.framing === 'content-length') this.append(lengthHeader(exactLength(head, raw, tail)));
    this.append(head);
    if (direct) this.pass(piece, keeper);
    else if (piece !== undefined) this.copy(piece);
    this.append(tail);
    return this.complete(direct);
  }

  /** Accepts one message in parts that are JSON text together. */
  writeParts(parts: readonly Uint8Array[]): Promise<void> {
    const total = parts.reduce((sum, part) => sum + part.length, 0);
    const refusal = this.refusal(total);
    if (refusal !== null) return refused(refusal);
    if (this.framing === 'content-length') this.append(lengthHeader(total));
    let direct = false;
    for (const part of parts.map((bytes) => this.prepared(bytes))) {
      if (this.isDirect(part)) {
        this.pass(part, undefined);
        direct = true;
      } else {
        this.copy(part);
      }
    }
    return this.complete(direct);
  }

  /** Hands what is gathered to the stream now. */
  flush(): void {
    const { batch } = this;
    if (this.failure !== null || this.broken || batch === null) return;
    this.batch = null;
    this.handGathered();
    if (this.needDrain) this.stalled.push(batch);
    else batch.resolve();
  }

  /** Resolves when all that was accepted has been written, or has failed. */
  finish(): Promise<void> {
    this.flush();
    if (this.inFlight === 0 || this.failure !== null || this.broken) return Promise.resolve();
    return (this.idle ??= new Settlement()).promise;
  }

  /** Refuses all that is unsettled, and all that is to come. */
  fail(error: AirsMcpError): void {
    if (this.failure !== null) return;
    this.failure = error;
    this.stream.off('drain', this.ondrain);
    this.slab?.release();
    this.slab = null;
    this.length = 0;
    this.text = '';
    this.batch?.reject(error);
    for (const settlement of this.stalled.splice(0)) settlement.reject(error);
    this.idle?.resolve();
  }

  private refusal(bytes: number): AirsMcpError | null {
    if (this.failure !== null) return this.failure;
    // A character is three bytes at most: only close to the limit it matters what the text takes.
    if (this.queued + this.text.length * 2 + bytes <= this.maxQueue) return null;
    this.encode();
    if (this.queued + bytes <= this.maxQueue) return null;
    return new AirsMcpError('AIRS_MCP_SEND_QUEUE_FULL', `more than ${this.maxQueue} bytes wait to be sent`);
  }

  /** Ends a message. `direct`: its bytes went to the stream uncopied. */
  private complete(direct: boolean): Promise<void> {
    if (this.framing === 'newline') this.append('\n');
    const { counters } = this.manager;
    counters.messagesSent++;
    if (direct && this.letsGo) counters.zeroCopySends++;
    else counters.copiedSends++;
    const { promise } = (this.batch ??= new Settlement());
    this.schedule();
    return promise;
  }

  private readonly ondrain = (): void => {
    this.needDrain = false;
    for (const settlement of this.stalled.splice(0)) settlement.resolve();
    this.flush();
  };

  /** Flushes at the end of the tick, and before it what is enough; when the stream is full, at its drain. */
  private schedule(): void {
    if (this.needDrain) return;
    if (!this.scheduled) {
      this.scheduled = true;
      // Cheaper than queueMicrotask, which makes a resource to be traced each time.
      void RESOLVED.then(this.endTick);
    }
    if (this.length + this.text.length >= FLUSH_THRESHOLD || this.completesPortion()) this.flush();
  }

  /** Whether the other side should get what is gathered now. One that has yet to read what the stream holds needs no more. */
  private completesPortion(): boolean {
    return this.letsGo && this.portions.add() && this.stream.writableLength === 0;
  }

  private readonly endTick = (): void => {
    this.scheduled = false;
    this.portions.restart();
    if (!this.needDrain) this.flush();
  };

  private append(text: string): void {
    if (text.length < FLUSH_THRESHOLD) {
      this.text += text;
      if (this.text.length >= FLUSH_THRESHOLD) this.encode();
    } else {
      // Not joined: that would be one more copy.
      this.encode();
      this.put(text);
    }
  }

  /** Turns the text gathered into bytes. */
  private encode(): void {
    const { text } = this;
    if (text === '') return;
    this.text = '';
    this.put(text);
  }

  private put(text: string): void {
    let room = text.length * 3;
    if (room > this.room()) room = Buffer.byteLength(text);
    const slab = this.reserve(room);
    this.length += slab.bytes.utf8Write(text, this.length, slab.capacity - this.length);
  }

  private prepared(raw: Uint8Array): Uint8Array {
    return this.framing === 'newline' ? withoutLineFeeds(raw) : raw;
  }

  /** Whether the bytes go to the stream as they are. */
  private isDirect(bytes: Uint8Array): boolean {
    return bytes.length >= DIRECT_SEND_FROM && this.manager.config.enableZeroCopy;
  }

  private copy(bytes: Uint8Array): void {
    this.encode();
    const slab = this.reserve(bytes.length);
    slab.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Gives bytes to the stream as they are. The keeper's hold on them ends with the write. */
  private pass(bytes: Uint8Array, keeper: Keeper | undefined): void {
    this.handGathered();
    // Whoever waits for this message waits for the stream to be done with its bytes.
    const batch = (this.batch ??= new Settlement());
    batch.hold();
    this.hand(bytes, keeper, batch);
  }

  private room(): number {
    return this.slab === null ? 0 : this.slab.capacity - this.length;
  }

  private reserve(bytes: number): Slab {
    if (this.slab !== null && this.room() >= bytes) return this.slab;
    this.handEncoded();
    return (this.slab = this.manager.takeWriteSlab(Math.max(bytes, this.manager.config.writeBufferCapacity)));
  }

  private handGathered(): void {
    if (this.handText()) return;
    this.encode();
    this.handEncoded();
  }

  /** Hands over short text as it is, where nothing precedes it; false where it has to be encoded. */
  private handText(): boolean {
    const { text, stream } = this;
    if (!this.letsGo || this.slab !== null || text.length > SHORT_TEXT || text === '' || stream.writableLength > 0) return false;
    this.text = '';
    this.inFlight++;
    const bytes = Buffer.byteLength(text);
    this.manager.counters.bytesSent += bytes;
    if (!stream.write(text, this.ontext)) this.needDrain = true;
    if (stream.writableLength > 0) this.uncounted = bytes - text.length;
    return true;
  }

  private readonly ontext = (error?: Error | null): void => {
    this.uncounted = 0;
    this.written(error);
  };

  private handEncoded(): void {
    const { slab, length } = this;
    if (slab === null) return;
    this.slab = null;
    this.length = 0;
    if (length === 0) slab.release();
    else this.hand(length === slab.capacity ? slab.bytes : slab.bytes.subarray(0, length), slab);
  }

  /** Gives bytes to the stream; `keeper` is released, and `settlement` let go, when it is done with them. */
  private hand(bytes: Uint8Array, keeper: Keeper | undefined, settlement?: Settlement): void {
    this.inFlight++;
    this.manager.counters.bytesSent += bytes.length;
    const accepted = this.stream.write(this.letsGo ? bytes : Buffer.from(bytes), (error) => {
      keeper?.release();
      if (!error) settlement?.letGo();
      this.written(error);
    });
    if (!accepted) this.needDrain = true;
  }

  private written(error: Error | null | undefined): void {
    this.inFlight--;
    if (error) this.breakDown(error);
    if (this.inFlight === 0) this.idle?.resolve();
  }

  private breakDown(cause: Error): void {
    if (this.broken || this.failure !== null) return;
    this.broken = true;
    this.idle?.resolve();
    this.onbroken(cause);
  }
}

function exactLength(head: string, raw: Uint8Array | undefined, tail: string): number {
  return Buffer.byteLength(head) + (raw?.length ?? 0) + tail.length;
}

function lengthHeader(bytes: number): string {
  return `Content-Length: ${bytes}\r\n\r\n`;
}

/** Line feeds in JSON text are white space, since strings hold them escaped: a space says the same. */
function withoutLineFeeds(bytes: Uint8Array): Uint8Array {
  // A Buffer's search is many times faster than an array's.
  if (asBuffer(bytes).indexOf(LF) < 0) return bytes;
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(LF); at >= 0; at = copy.indexOf(LF, at + 1)) copy[at] = SPACE;
  return copy;
}
