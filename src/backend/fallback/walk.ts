/** The state of one walk over bytes, and the moves that every part of the walk shares. */

import { Buffer } from 'node:buffer';
import { JSON_SPACE, LINE_SPACE } from './byte.js';

/** Past this many bytes, offsets into the underlying memory do not fit the word loops' 32 bits. */
const MOST_MEMORY = 2 ** 30;

/** How a walk treats what it does not visit. */
export interface WalkMode {
  /** Every byte is checked against JSON's grammar. Otherwise brackets and quotes alone are followed. */
  readonly strict: boolean;
  /** Line feeds are white space. Otherwise they end the frame. */
  readonly whole: boolean;
  /** The text was checked before: long strings are searched for their quote only. */
  readonly trusting: boolean;
}

/**
 * Bytes are always a Buffer here, so that the hot loops see one hidden class. Positions are offsets
 * into `bytes`; the functions that move return the new position, or -1 for malformed text.
 */
export class Walk implements WalkMode {
  readonly bytes: Buffer;
  /** No byte at or past this offset is read. */
  end: number;
  readonly strict: boolean;
  readonly whole: boolean;
  readonly trusting: boolean;
  /** The table of white space in this mode. */
  readonly space: Uint8Array;
  /** Whether a byte past ASCII was passed since the flag was cleared. May be true without one, never false with one. */
  high = false;
  /** Whether the string passed last holds a backslash. May be true without one where `trusting`. */
  escaped = false;
  /** Where the payload at hand is expected to end, and to be checked by making its value; -1 where it is to be walked. */
  foreseen = -1;
  /** The value that was made of the frame, null where it could not be, and where its text starts; -1 where none was tried. */
  made: object | null = null;
  madeAt = -1;
  /** The bytes from `textStart` on as text, a unit for each; empty where they were not decoded. */
  text = '';
  textStart = 0;
  /** Distance in bytes from the first of `words` to `bytes[0]`. */
  readonly skew: number;
  /** The same memory as 32-bit words: word n holds the bytes from `4 * n - skew`. All of `bytes` but its tail is covered. */
  readonly words: Int32Array;

  constructor(bytes: Uint8Array, end: number, mode: WalkMode) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = end;
    this.strict = mode.strict;
    this.whole = mode.whole;
    this.trusting = mode.trusting;
    this.space = mode.whole ? JSON_SPACE : LINE_SPACE;
    const { buffer, byteOffset, byteLength } = bytes;
    if (buffer.byteLength % 4 === 0 && buffer.byteLength <= MOST_MEMORY) {
      // A view of all memory costs a third of any other: it counts where a chunk is one short message.
      this.skew = byteOffset;
      this.words = new Int32Array(buffer);
    } else {
      this.skew = byteOffset % 4;
      this.words = new Int32Array(buffer, byteOffset - this.skew, (byteLength + this.skew) >>> 2);
    }
  }

  /** The byte at `i`, or 0 past the end, which no place outside a string accepts. */
  at(i: number): number {
    return i < this.end ? (this.bytes[i] as number) : 0;
  }

  /** The first position from `i` on that is not white space. */
  pastSpace(i: number): number {
    const { bytes, end, space } = this;
    let next = i;
    while (next < end && space[bytes[next] as number] === 1) next++;
    return next;
  }
}
