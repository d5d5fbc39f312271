import { SCAN_FLAG } from '../backend/contract.js';
import type { DirectBuffer } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import { MAX_MESSAGE_SIZE_CEILING } from '../base/limits.js';
import { Framer } from './framer.js';
import { JsonRpcMessage } from './message.js';
import { Refusal } from './refusal.js';

const HEADER_END = '\r\n\r\n';
/** Longest header block accepted (bytes). */
const MAX_HEADER = 8192;
const LENGTH_FIELD = 'content-length:';

/**
 * Messages behind a `Content-Length` header (Language Server Protocol, "Base Protocol").
 *
 * A header that is malformed, or a body that is not JSON, costs itself only: the framer goes on at the
 * next thing that looks like a length header, which it also looks for inside a body that proved broken,
 * since a length that lies may have swallowed it.
 */
export class HeaderFramer extends Framer {
  /** Length of the body that is due, or -1 while a header is. */
  private due = -1;
  /** The body being passed over, and how much of it is still to come. */
  private refusal: Refusal | null = null;
  private left = 0;
  /** Looking for the next header, after one that made no sense. */
  private lost = false;

  override end(): void {
    const { buffer } = this;
    this.settle();
    const { bytes, start, end } = buffer;
    if (this.refusal !== null || this.due >= 0 || bytes.utf8Slice(start, end).trim() !== '') {
      const cut = new Refusal(new AirsMcpError('AIRS_MCP_MESSAGE_TRUNCATED'), bytes, start, end);
      if (!this.lost) this.queue.push((this.refusal ?? cut).toMessage());
    }
    this.refusal = null;
    this.due = -1;
    buffer.start = buffer.complete = buffer.end;
  }

  protected override absorb(): void {
    // A body's length is known: make room for it at once instead of growing towards it.
    const missing = this.due - (this.buffer.end - this.buffer.start);
    if (missing > 0) this.buffer.reserve(missing);
    else if (this.refusal !== null) this.passOver(this.refusal);
  }

  protected override advance(): boolean {
    if (this.refusal !== null) return this.passOver(this.refusal);
    if (this.lost && !this.findHeader()) return false;
    if (this.due < 0 && !this.readHeader()) return false;
    if (this.due < 0 || this.refusal !== null || this.lost) return true;
    return this.readBody();
  }

  /** Reads the header block at the start; false when it is not there in full. */
  private readHeader(): boolean {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    const length = bytes.subarray(start, Math.min(end, start + MAX_HEADER)).indexOf(HEADER_END, 0, 'latin1');
    if (length < 0) {
      if (end - start < MAX_HEADER) return false;
      this.loseTrack('the header block is too long', end);
      return true;
    }
    const bodyStart = start + length + HEADER_END.length;
    const due = contentLength(bytes.latin1Slice(start, start + length));
    if (typeof due === 'string') {
      this.loseTrack(due, bodyStart);
      return true;
    }
    buffer.start = buffer.complete = bodyStart;
    if (due > this.maxMessageSize) {
      this.refusal = new Refusal(this.tooLarge(), bytes, bodyStart, bodyStart);
      this.left = due;
    } else {
      this.due = due;
    }
    return true;
  }

  private readBody(): boolean {
    const { buffer, due } = this;
    if (buffer.end - buffer.start < due) return false;
    const { bytes, start } = buffer;
    const stop = start + due;
    this.due = -1;
    this.records.scan(buffer, stop, SCAN_FLAG.WHOLE | (this.strict ? SCAN_FLAG.STRICT : 0));
    buffer.start = stop;
    if (!this.records.pending) this.queue.push(JsonRpcMessage.refused(new AirsMcpError('AIRS_MCP_PARSE_ERROR'), emptyBody(bytes)));
    else if (this.records.broken) buffer.start = swallowedHeader(bytes, start, stop);
    buffer.complete = buffer.start;
    return true;
  }

  /** Reports a header that makes no sense; what follows is searched for the next. */
  private loseTrack(reason: string, seen: number): void {
    const { buffer } = this;
    const { bytes, start } = buffer;
    const refusal = new Refusal(new AirsMcpError('AIRS_MCP_BAD_HEADER', reason), bytes, start, seen);
    this.queue.push(refusal.toMessage());
    buffer.start = buffer.complete = start + 1;
    this.lost = true;
  }

  /** Drops bytes up to the next length field; false when there is none yet. */
  private findHeader(): boolean {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    const at = bytes.latin1Slice(start, end).toLowerCase().indexOf(LENGTH_FIELD);
    this.lost = at < 0;
    // The field's name may have arrived in part.
    buffer.start = buffer.complete = at < 0 ? Math.max(start, end - LENGTH_FIELD.length) : start + at;
    return at >= 0;
  }

  private passOver(refusal: Refusal): boolean {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    const stop = Math.min(end, start + this.left);
    refusal.pass(bytes, start, stop);
    this.left -= stop - start;
    buffer.start = buffer.complete = stop;
    if (this.left > 0) return false;
    this.queue.push(refusal.toMessage());
    this.refusal = null;
    return true;
  }
}

/** The Content-Length of a header block, or what is wrong with it. */
function contentLength(block: string): number | string {
  let length: number | undefined;
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) return 'a header line has no name';
    if (line.slice(0, colon).toLowerCase() !== 'content-length') continue;
    const digits = line.slice(colon + 1).trim();
    if (!/^[0-9]{1,15}$/.test(digits)) return 'Content-Length is not a whole number';
    if (length !== undefined && length !== Number(digits)) return 'there are two Content-Length headers';
    length = Number(digits);
  }
  if (length === undefined) return 'Content-Length is missing';
  return length > MAX_MESSAGE_SIZE_CEILING ? 'Content-Length is beyond any message' : length;
}

function swallowedHeader(bytes: DirectBuffer, start: number, stop: number): number {
  const at = bytes.latin1Slice(start, stop).toLowerCase().indexOf(LENGTH_FIELD);
  return at < 0 ? stop : start + at;
}

function emptyBody(bytes: DirectBuffer): DirectBuffer {
  return bytes.subarray(0, 0) as DirectBuffer;
}
