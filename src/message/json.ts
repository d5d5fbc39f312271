/** JSON values on their way in and out: errors with codes, and payloads that are JSON already. */

import { type DirectBuffer, asBuffer, decodeText } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';

/** A value that is JSON text already; made by {@link rawJson}. */
export class RawJson {
  /** UTF-8 JSON text. Not copied: do not change it while a message that holds it is unsent. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The value that the text stands for, for `JSON.stringify` of something that contains this. */
  toJSON(): unknown {
    const bytes = asBuffer(this.bytes);
    return parseText(bytes, 0, bytes.length);
  }
}

/**
 * Marks bytes as JSON text, so that they are sent as they are: as the `params` or `result` of a
 * message, neither parsed nor written again. The text must hold no line feed when the framing is
 * one message per line, and is otherwise not checked.
 *
 * @param bytes UTF-8 JSON text; referenced, not copied
 */
export function rawJson(bytes: Uint8Array): RawJson {
  if (!(bytes instanceof Uint8Array)) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'rawJson takes a Uint8Array');
  return new RawJson(bytes);
}

/**
 * `JSON.parse` of `bytes[start, end)`.
 *
 * @throws `AIRS_MCP_PARSE_ERROR`, with V8's SyntaxError as its cause
 */
export function parseText(bytes: DirectBuffer, start: number, end: number): unknown {
  try {
    return JSON.parse(decodeText(bytes, start, end));
  } catch (cause) {
    throw new AirsMcpError('AIRS_MCP_PARSE_ERROR', undefined, { cause });
  }
}

/**
 * `JSON.stringify`, where undefined (and what JSON.stringify leaves out) becomes `null`.
 *
 * @throws `AIRS_MCP_NOT_SERIALISABLE` for a BigInt, a cycle, or a toJSON that throws
 */
export function writeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (cause) {
    throw new AirsMcpError('AIRS_MCP_NOT_SERIALISABLE', undefined, { cause });
  }
}
