import { SCAN_FLAG } from '../backend/contract.js';
import { AirsMcpError } from '../base/errors.js';
import { Framer } from './framer.js';
import type { JsonRpcMessage } from './message.js';
import { Refusal } from './refusal.js';

const LF = 0x0a;
const CR = 0x0d;
const BOM = [0xef, 0xbb, 0xbf] as const;

/**
 * One message per line, ended by LF or CR LF; blank lines are ignored (MCP, "stdio" transport).
 *
 * A line past the limit is passed over to its end without being kept, and stands as an
 * invalid message in its place. A byte order mark is tolerated at the very start only.
 */
export class LineFramer extends Framer {
  /** The line being passed over, if one is. Nothing is in the buffer then but what was just received. */
  private refusal: Refusal | null = null;
  private atStart = true;
  /** So many bytes of the line that is due hold no line feed. Counted from its start, since the bytes may move before it is scanned. */
  private searched = 0;

  override end(): void {
    const { buffer } = this;
    this.settle();
    if (this.refusal !== null) this.refuse(this.refusal, false);
    else if (buffer.end > buffer.complete) this.endUnfinished();
    buffer.start = buffer.complete = buffer.end;
    this.atStart = true;
  }

  protected override absorb(from: number): void {
    if (this.atStart) {
      const begin = this.passBom();
      if (begin < 0) return;
      from = begin;
    }
    if (this.refusal !== null) {
      from = this.passOver(this.refusal, from);
      if (from < 0) return;
    }
    const { buffer } = this;
    const { bytes, end } = buffer;
    this.searched = buffer.start < buffer.complete ? 0 : from - buffer.start;
    const last = bytes[end - 1] === LF ? end - 1 : bytes.subarray(from, end).lastIndexOf(LF) + from;
    if (last >= from) buffer.complete = last + 1;
    // One byte more than the limit may still turn out to be the CR of a line end.
    const tail = end - buffer.complete;
    if (tail > this.maxMessageSize && (tail > this.maxMessageSize + 1 || bytes[end - 1] !== CR)) this.giveUp();
  }

  protected override advance(): boolean {
    const { buffer } = this;
    if (buffer.start >= buffer.complete) return false;
    this.records.scan(buffer, buffer.complete, this.strict ? SCAN_FLAG.STRICT : 0, buffer.start + this.searched);
    this.searched = 0;
    return true;
  }

  /** Skips a byte order mark. Returns where to go on, or -1 while it is not clear whether there is one. */
  private passBom(): number {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    for (let i = 0; i < BOM.length; i++) {
      if (start + i === end) return -1;
      if (bytes[start + i] !== BOM[i]) {
        this.atStart = false;
        return start;
      }
    }
    this.atStart = false;
    buffer.start = buffer.complete = start + BOM.length;
    return buffer.start;
  }

  /** The unfinished line is too long: from here on it is passed over. */
  private giveUp(): void {
    const { buffer } = this;
    this.settle();
    this.refusal = new Refusal(this.tooLarge(), buffer.bytes, buffer.complete, buffer.end);
    buffer.start = buffer.complete = buffer.end;
  }

  /** Drops new bytes up to the line's end. Returns where the next line starts, or -1 while there is no end. */
  private passOver(refusal: Refusal, from: number): number {
    const { buffer } = this;
    const { bytes, end } = buffer;
    const length = bytes.subarray(from, end).indexOf(LF);
    const stop = length < 0 ? end : from + length;
    refusal.pass(bytes, from, stop);
    buffer.start = buffer.complete = length < 0 ? end : stop + 1;
    if (length < 0) return -1;
    this.refuse(refusal, true);
    return buffer.start;
  }

  private refuse(refusal: Refusal, whole: boolean): void {
    this.queue.push(refusal.toMessage(whole));
    this.refusal = null;
  }

  /** The input ended without a line end: the rest is a message if it is whole, else it was cut short. */
  private endUnfinished(): void {
    const { buffer } = this;
    const { bytes, complete, end } = buffer;
    const cut = new Refusal(new AirsMcpError('AIRS_MCP_MESSAGE_TRUNCATED'), bytes, complete, end);
    this.records.scan(buffer, end, SCAN_FLAG.WHOLE | (this.strict ? SCAN_FLAG.STRICT : 0));
    for (let message = this.records.next(); message !== null; message = this.records.next()) {
      if (isBroken(message)) {
        message.release();
        this.queue.push(cut.toMessage(false));
      } else {
        this.queue.push(message);
      }
    }
  }
}

function isBroken(message: JsonRpcMessage): boolean {
  const code = message.failure?.code;
  return code === 'AIRS_MCP_PARSE_ERROR' || code === 'AIRS_MCP_INVALID_UTF8';
}
