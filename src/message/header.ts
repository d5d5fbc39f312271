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
/** What is kept of a header that makes no sense (bytes). */
const KEPT_HEADER = 256;
/** Bytes that are searched at a time for the next header. */
const SEARCH_PIECE = 1024;
const LENGTH_FIELD = 'content-length:';
const TWO_LENGTHS = 'there are two Content-Length headers';

/**
 * Messages behind a `Content-Length` header (Language Server Protocol, "Base Protocol").
 *
 * A header that is malformed, or a body that is not JSON, costs itself only: the framer goes on at the
 * next thing that looks like a length header, which it also looks for inside a body that proved broken
 * or was cut short, since a length that lies may have swallowed it.
 */
export class HeaderFramer extends Framer {
  /** Length of the body that is due, or -1 while a header is. */
  private due = -1;
  /** The body being passed over, and how much of it is still to come. */
  private refusal: Refusal | null = null;
  private left = 0;
  /** Looking for the next header, after one that made no sense. */
  private lost = false;
  /** Bytes that may still be looked at a second time: as many as were received, so that time stays linear. */
  private credit = 0;

  override end(): void {
    const { buffer } = this;
    this.settle();
    for (let first = true; this.cutShort(first); first = false) this.settle();
    this.lost = false;
    this.credit = 0;
    buffer.start = buffer.complete = buffer.end;
  }

  protected override absorb(from: number): void {
    this.credit += this.buffer.end - from;
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
      this.loseTrack('the header block is too long', start + 1);
      return true;
    }
    const bodyStart = start + length + HEADER_END.length;
    const due = contentLength(bytes.latin1Slice(start, start + length));
    if (typeof due === 'string') {
      this.loseTrack(due, due === TWO_LENGTHS ? bodyStart : start + 1);
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
    else if (this.records.broken) this.resume(start, stop);
    buffer.complete = buffer.start;
    return true;
  }

  /** Reports what the end of the input cut short. True where a body whose length lied shows a header to go on at. */
  private cutShort(first: boolean): boolean {
    const { buffer, due, refusal } = this;
    const { bytes, start, end } = buffer;
    this.due = -1;
    this.refusal = null;
    const nothing = refusal === null && due < 0 && (!first || bytes.latin1Slice(start, end).trim() === '');
    if (this.lost || nothing) return false;
    const cut = refusal ?? new Refusal(new AirsMcpError('AIRS_MCP_MESSAGE_TRUNCATED'), bytes, start, end);
    this.queue.push(cut.toMessage(false));
    return due >= 0 && this.resume(start, end);
  }

  /**
   * After the broken body `[start, stop)`: its length may have been a lie, so the next header is looked for, inside
   * it first. True where one is there.
   */
  private resume(start: number, stop: number): boolean {
    const at = findField(this.buffer.bytes, start, stop);
    const found = at >= 0 && stop - at <= this.credit;
    if (found) this.credit -= stop - at;
    // Not found: the body may still have swallowed the first letters of one.
    this.buffer.start = this.buffer.complete = found ? at : Math.max(start, stop - LENGTH_FIELD.length + 1);
    this.lost = true;
    return found;
  }

  /** Reports a header that makes no sense; the next is searched for from `next` on. */
  private loseTrack(reason: string, next: number): void {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    const refusal = new Refusal(new AirsMcpError('AIRS_MCP_BAD_HEADER', reason), bytes, start, Math.min(end, start + KEPT_HEADER));
    this.queue.push(refusal.toMessage(false));
    buffer.start = buffer.complete = next;
    this.lost = true;
  }

  /** Drops bytes up to the next length field; false when there is none yet. */
  private findHeader(): boolean {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    const at = findField(bytes, start, end);
    this.lost = at < 0;
    // The field's name may have arrived in part.
    buffer.start = buffer.complete = at < 0 ? Math.max(start, end - LENGTH_FIELD.length) : at;
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
    this.queue.push(refusal.toMessage(true));
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
    if (length !== undefined && length !== Number(digits)) return TWO_LENGTHS;
    length = Number(digits);
  }
  if (length === undefined) return 'Content-Length is missing';
  return length > MAX_MESSAGE_SIZE_CEILING ? 'Content-Length is beyond any message' : length;
}

/** Offset of the first length field in `[start, end)`, or -1. */
function findField(bytes: DirectBuffer, start: number, end: number): number {
  // Piece by piece: the next field is often near, and the rest is looked at again later.
  for (let at = start; at < end; at += SEARCH_PIECE) {
    const piece = bytes.latin1Slice(at, Math.min(end, at + SEARCH_PIECE + LENGTH_FIELD.length - 1));
    const found = piece.toLowerCase().indexOf(LENGTH_FIELD);
    if (found >= 0) return at + found;
  }
  return -1;
}

function emptyBody(bytes: DirectBuffer): DirectBuffer {
  return bytes.subarray(0, 0) as DirectBuffer;
}
