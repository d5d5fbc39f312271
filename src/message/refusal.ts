import { type DirectBuffer, copyBytes } from '../base/bytes.js';
import type { AirsMcpError } from '../base/errors.js';
import { JsonRpcMessage } from './message.js';
import { salvageSuffix } from './salvage.js';

/** What is kept of a frame's beginning and end to find its id in (bytes). */
const PREFIX = 4096;
const SUFFIX = 512;

/** A frame that is passed over without being kept: its first and last bytes, for the sake of its id. */
export class Refusal {
  private prefix: Buffer;
  private suffix: Buffer;

  /** @param bytes what was received of the frame so far; copied */
  constructor(private readonly failure: AirsMcpError, bytes: DirectBuffer, start: number, end: number) {
    this.prefix = copyBytes(bytes, start, Math.min(end, start + PREFIX));
    this.suffix = copyBytes(bytes, Math.max(start, end - SUFFIX), end);
  }

  /** Notes further bytes of the frame. */
  pass(bytes: DirectBuffer, start: number, end: number): void {
    const first = bytes.subarray(start, Math.min(end, start + PREFIX - this.prefix.length));
    if (first.length > 0) this.prefix = Buffer.concat([this.prefix, first]);
    const fresh = bytes.subarray(Math.max(start, end - SUFFIX), end);
    this.suffix = Buffer.concat([this.suffix.subarray(Math.max(0, this.suffix.length + fresh.length - SUFFIX)), fresh]);
  }

  /**
   * The message that stands in the frame's place.
   *
   * @param whole whether the frame's end was seen: the last bytes of one that was cut short tell nothing
   */
  toMessage(whole: boolean): JsonRpcMessage {
    return JsonRpcMessage.refused(this.failure, this.prefix as DirectBuffer, whole ? salvageSuffix(this.suffix as DirectBuffer) : undefined);
  }
}
