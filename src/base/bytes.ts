/** Bytes to strings and back, by the paths that measure fastest for each size. */

import { Buffer, isAscii } from 'node:buffer';

/**
 * Node's direct coders. They skip the encoding dispatch of `toString` and `write` (about 30 ns a call);
 * Node, Bun and Deno all have them, but their types are not published.
 */
export interface DirectBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  utf8Write(text: string, offset: number, length: number): number;
  latin1Write(text: string, offset: number, length: number): number;
}

/** From here on, asking whether the bytes are ASCII and taking the Latin-1 path beats decoding UTF-8. */
const ASCII_TEST_FROM = 1024;

/** A Buffer over the same memory as `bytes`, without a copy. */
export function asBuffer(bytes: Uint8Array): DirectBuffer {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as DirectBuffer;
}

/** The text of `bytes[start, end)`, which is UTF-8. */
export function decodeText(bytes: DirectBuffer, start: number, end: number): string {
  if (end - start >= ASCII_TEST_FROM && isAscii(bytes.subarray(start, end))) return bytes.latin1Slice(start, end);
  return bytes.utf8Slice(start, end);
}

/** Up to here a loop over ASCII characters beats the call that encodes them (characters). */
const LOOP_TO = 32;

/** Writes the UTF-8 of `text` at `offset`, where there is room for `length` bytes. @returns the bytes written */
export function writeText(bytes: DirectBuffer, text: string, offset: number, length: number): number {
  return writeShort(bytes, text, offset, length) ? text.length : bytes.utf8Write(text, offset, length);
}

/** Whether the text is short, fits, and is ASCII: then it is written. */
function writeShort(bytes: DirectBuffer, text: string, offset: number, length: number): boolean {
  if (text.length > LOOP_TO || text.length > length) return false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return false;
    bytes[offset + at] = unit;
  }
  return true;
}

/** A private copy of `bytes[start, end)`. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): DirectBuffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  copy.set(bytes.subarray(start, end));
  return copy as DirectBuffer;
}

/** The UTF-8 bytes of `text`. */
export function encodeText(text: string): DirectBuffer {
  return Buffer.from(text, 'utf8') as DirectBuffer;
}
