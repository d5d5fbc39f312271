import { DEFAULT_READ_BUFFER_CAPACITY } from '../../base/limits.js';
import type { JsonRpcMessage } from '../../message/message.js';
import { StreamingParser } from '../../message/parser.js';

/** Longest line that is kept whole to be looked into (bytes). Of longer ones both ends are, in which the id is looked for. */
export const LOOK_LIMIT = 16 * 1024 * 1024;

const LF = 10;

/** Takes a line's messages (more than one in a batch, and none in a blank line) and its length without the line end. */
export type TakeLine = (messages: readonly JsonRpcMessage[], bytes: number) => void;

/** One direction's bytes as lines. Only envelopes are read: payloads stay bytes, whatever their size. */
export class LineReader {
  private readonly parser = new StreamingParser({ maxMessageSize: LOOK_LIMIT, readBufferSize: DEFAULT_READ_BUFFER_CAPACITY });
  private length = 0;
  /** Whether the rest of a line is passed over, because its beginning was not seen. */
  private lost = false;

  constructor(private readonly take: TakeLine) {}

  push(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length;) {
      const lf = chunk.indexOf(LF, start);
      const stop = lf < 0 ? chunk.length : lf + 1;
      if (!this.lost) this.pushPiece(chunk.subarray(start, stop), lf >= 0);
      else if (lf >= 0) this.lost = false;
      start = stop;
    }
  }

  /** Bytes were left out here: the line that they are in is given up. */
  skip(): void {
    for (const message of this.parser.end()) message.release();
    this.length = 0;
    this.lost = true;
  }

  /** The end of the input: a last line may lack its end. */
  end(): void {
    this.give(this.parser.end());
  }

  private pushPiece(piece: Uint8Array, completes: boolean): void {
    this.length += piece.length - (completes ? 1 : 0);
    const messages = this.parser.parseMultipleFromBytes(piece);
    if (completes) this.give(messages);
  }

  private give(messages: readonly JsonRpcMessage[]): void {
    const { length } = this;
    this.length = 0;
    if (messages.length > 0) this.take(messages, length);
    for (const message of messages) message.release();
  }
}
