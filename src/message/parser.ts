import { Transform, type TransformCallback } from 'node:stream';
import { TransformStream } from 'node:stream/web';
import { AirsMcpError } from '../base/errors.js';
import { OptionReader } from '../base/options.js';
import { BUFFER_NUMBERS } from '../buffer/config.js';
import { BufferManager } from '../buffer/manager.js';
import type { Framer, Framing } from './framer.js';
import { createFramer, readFraming } from './framing.js';
import type { JsonRpcMessage } from './message.js';
import { MessageQueue } from './queue.js';

/** Options of a {@link StreamingParser}. */
export interface StreamingConfig {
  /** Longest message accepted, without its line end (bytes); default 50 MiB. A longer one arrives as an invalid message. */
  maxMessageSize: number;
  /** Capacity of the buffer that input is gathered in (bytes); default 256 KiB. Longer messages get memory of their own. */
  readBufferSize: number;
  /**
   * True (default): accept exactly what JSON.parse accepts, and only valid UTF-8. False is the fast path: what is
   * visited is checked now, and what is skipped when it is read.
   */
  strictValidation: boolean;
  /** `newline` (default): one message per line. `content-length`: LSP's header before each. */
  framing: Framing;
}

/** Sizes in bytes. */
export interface ParserBufferStats {
  /** Memory that input is gathered in now. */
  capacity: number;
  /** Of it, bytes that wait for the rest of their message. */
  used: number;
  /** The limit on one message. */
  maxSize: number;
  /** used / capacity, 0 to 1. */
  utilization: number;
}

/**
 * An incremental parser: bytes in any pieces, messages out, in order.
 *
 * It copies its input once, so chunks may be reused by their owner at once. It never throws for input: a bad
 * or oversize frame comes in its place as a message of kind `invalid`. Beyond the message being received it
 * keeps nothing; the time per byte doesn't depend on sizes or on how the input is cut.
 */
export class StreamingParser {
  private readonly manager: BufferManager;
  private readonly framer: Framer;
  private readonly ready = new MessageQueue();

  /** @throws `AIRS_MCP_INVALID_CONFIG`, naming every invalid option */
  constructor(config: Partial<StreamingConfig> = {}) {
    const reader = new OptionReader('parser', config);
    const { maxMessageSize } = readFraming(reader);
    const readBufferCapacity = reader.number('readBufferSize', BUFFER_NUMBERS.readBufferCapacity);
    reader.check();
    this.manager = new BufferManager({ maxMessageSize, readBufferCapacity });
    this.framer = createFramer(this.manager, config);
  }

  /**
   * Takes in a chunk and gives the next message, or null when none is complete. A chunk may complete several:
   * the others come with the following calls, for which the chunk may be empty.
   */
  parseFromBytes(chunk: Uint8Array): JsonRpcMessage | null {
    this.absorb(chunk);
    return this.ready.shift() ?? this.framer.next();
  }

  /** Takes in a chunk and gives all messages that are complete. */
  parseMultipleFromBytes(chunk: Uint8Array): JsonRpcMessage[] {
    this.absorb(chunk);
    return this.takeReady();
  }

  /**
   * The end of the input. Gives what was still due: a last message without its line end, or an invalid one
   * (`AIRS_MCP_MESSAGE_TRUNCATED`) for a frame that was cut short. Then the parser is as new.
   */
  end(): JsonRpcMessage[] {
    this.framer.end();
    this.drain();
    this.framer.close();
    return this.takeReady();
  }

  /**
   * The messages of a stream of chunks. What `source` throws passes through; a consumer who stops early closes `source`.
   * Whichever way it ends, what was not delivered is released, and the parser is as new.
   */
  async *parse(source: AsyncIterable<Uint8Array>): AsyncGenerator<JsonRpcMessage, void, undefined> {
    try {
      for await (const chunk of source) {
        this.absorb(chunk);
        yield* this.deliver();
      }
      this.framer.end();
      this.drain();
      yield* this.deliver();
    } finally {
      this.discard();
    }
  }

  /** The parser as a Node stream: bytes in, {@link JsonRpcMessage} objects out, with the streams' own backpressure. */
  toTransform(): Transform {
    const parse = (chunk: Uint8Array): JsonRpcMessage[] => this.parseMultipleFromBytes(chunk);
    const end = (): JsonRpcMessage[] => this.end();
    const discard = (): void => this.discard();
    return new Transform({
      readableObjectMode: true,
      readableHighWaterMark: 64,
      transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
        settle(this, done, () => parse(chunk));
      },
      flush(done: TransformCallback): void {
        settle(this, done, end);
      },
      destroy(error: Error | null, done: (error?: Error | null) => void): void {
        discard();
        done(error);
      },
    });
  }

  /** The parser as a web stream: bytes in, {@link JsonRpcMessage} objects out. */
  toTransformStream(): TransformStream<Uint8Array, JsonRpcMessage> {
    return new TransformStream<Uint8Array, JsonRpcMessage>({
      transform: (chunk, controller) => {
        for (const message of this.parseMultipleFromBytes(chunk)) controller.enqueue(message);
      },
      flush: (controller) => {
        for (const message of this.end()) controller.enqueue(message);
      },
    });
  }

  /** How much memory gathers input now. */
  bufferStats(): ParserBufferStats {
    const { capacity, used } = this.framer;
    return { capacity, used, maxSize: this.manager.config.maxMessageSize, utilization: capacity === 0 ? 0 : used / capacity };
  }

  private absorb(chunk: Uint8Array): void {
    if (!(chunk instanceof Uint8Array)) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'a chunk is a Uint8Array');
    // The messages of the last piece stay offsets until they are asked for.
    for (let from = 0; from < chunk.length; ) {
      this.drain();
      from += this.framer.push(chunk, from);
    }
  }

  private drain(): void {
    for (let message = this.framer.next(); message !== null; message = this.framer.next()) this.ready.push(message);
  }

  private *deliver(): Generator<JsonRpcMessage, void, undefined> {
    this.drain();
    for (let message = this.ready.shift(); message !== null; message = this.ready.shift()) yield message;
  }

  private takeReady(): JsonRpcMessage[] {
    this.drain();
    return this.ready.takeAll();
  }

  /** Drops all that was received and not delivered. */
  private discard(): void {
    this.ready.clear();
    for (const message of this.end()) message.release();
  }
}

/** Runs one step of a Transform: what it gives is pushed, what it throws ends the stream. */
function settle(stream: Transform, done: TransformCallback, step: () => JsonRpcMessage[]): void {
  try {
    for (const message of step()) stream.push(message);
    done();
  } catch (error) {
    done(error as Error);
  }
}
