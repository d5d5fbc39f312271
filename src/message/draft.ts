/** A message that is built from values: what it says, and how it is written as JSON text. */

import { type DirectBuffer, encodeText } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import type { MessageKind, RequestId, WireErrorObject, WireMessage } from '../base/wire.js';
import { RawJson, writeJson } from './json.js';

export interface Draft {
  readonly kind: Exclude<MessageKind, 'invalid'>;
  /** The id as JSON text; undefined where there is none. */
  readonly idText: string | undefined;
  readonly method: string | undefined;
  /** params, result, or error; undefined where there is none. */
  readonly payload: unknown;
  /** The plain object that the draft was made from, whose every member is sent. */
  readonly source: WireMessage | undefined;
}

/** A message's JSON text in up to three pieces: the raw bytes stand between head and tail. */
export interface Encoded {
  readonly head: string;
  readonly raw: Uint8Array | undefined;
  readonly tail: string;
}

/** @throws `AIRS_MCP_INVALID_ARGUMENT` for what JSON-RPC 2.0 section 4 does not allow as an id */
export function writeId(id: RequestId): string {
  if (typeof id === 'string' || id === null || (typeof id === 'number' && Number.isFinite(id))) return JSON.stringify(id);
  throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'an id is a string, a finite number, or null');
}

function checkMethod(method: string): string {
  if (typeof method !== 'string') throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'a method is a string');
  return method;
}

export function draftCall(idText: string | undefined, method: string, params: unknown): Draft {
  const kind = idText === undefined ? 'notification' : 'request';
  return { kind, idText, method: checkMethod(method), payload: params, source: undefined };
}

export function draftResponse(idText: string, result: unknown): Draft {
  return { kind: 'response', idText, method: undefined, payload: result === undefined ? null : result, source: undefined };
}

export function draftError(idText: string, error: WireErrorObject): Draft {
  if (!Number.isInteger(error.code) || typeof error.message !== 'string') {
    throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'an error has an integer code and a string message');
  }
  return { kind: 'error', idText, method: undefined, payload: error, source: undefined };
}

/** @throws `AIRS_MCP_INVALID_ARGUMENT` where `source` is no JSON-RPC 2.0 message */
export function draftObject(source: WireMessage): Draft {
  const { id, method, params, result, error } = source as Partial<Record<'id' | 'method' | 'params' | 'result' | 'error', unknown>>;
  const idText = id === undefined ? undefined : writeId(id as RequestId);
  if (method !== undefined) return { ...draftCall(idText, method as string, params), source };
  if (error !== undefined) return { kind: 'error', idText, method: undefined, payload: error, source };
  if (result === undefined || idText === undefined) {
    throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'a message has a method, an error, or an id and a result');
  }
  return { kind: 'response', idText, method: undefined, payload: result, source };
}

function payloadKey(kind: Draft['kind']): 'params' | 'result' | 'error' {
  if (kind === 'response') return 'result';
  return kind === 'error' ? 'error' : 'params';
}

/** @throws `AIRS_MCP_NOT_SERIALISABLE` where the payload cannot be written as JSON */
export function encodeDraft(draft: Draft): Encoded {
  if (draft.source !== undefined) return { head: writeJson(draft.source), raw: undefined, tail: '' };
  let head = '{"jsonrpc":"2.0"';
  if (draft.idText !== undefined) head += `,"id":${draft.idText}`;
  if (draft.method !== undefined) head += `,"method":${JSON.stringify(draft.method)}`;
  if (draft.payload === undefined) return { head: `${head}}`, raw: undefined, tail: '' };
  head += `,"${payloadKey(draft.kind)}":`;
  if (draft.payload instanceof RawJson) return { head, raw: draft.payload.bytes, tail: '}' };
  return { head: `${head}${writeJson(draft.payload)}}`, raw: undefined, tail: '' };
}

/** The same message under another id. */
export function reidentify(draft: Draft, id: RequestId): Draft {
  const source = draft.source === undefined ? undefined : ({ ...draft.source, id } as WireMessage);
  return { ...draft, idText: writeId(id), source };
}

/** The payload alone as JSON text; undefined where there is none. */
export function draftPayloadBytes(draft: Draft): Uint8Array | undefined {
  if (draft.payload === undefined) return undefined;
  return draft.payload instanceof RawJson ? draft.payload.bytes : encodeText(writeJson(draft.payload));
}

/** The message as a plain object, with its payload as it was given. */
export function draftToObject(draft: Draft): object {
  if (draft.source !== undefined) return draft.source;
  const object: Record<string, unknown> = { jsonrpc: '2.0' };
  if (draft.idText !== undefined) object['id'] = JSON.parse(draft.idText) as RequestId;
  if (draft.method !== undefined) object['method'] = draft.method;
  if (draft.payload !== undefined) object[payloadKey(draft.kind)] = draft.payload instanceof RawJson ? draft.payload.toJSON() : draft.payload;
  return object;
}

/** The text of an encoded message in one piece. */
export function joinEncoded(encoded: Encoded): DirectBuffer {
  if (encoded.raw === undefined) return encodeText(encoded.head);
  return Buffer.concat([encodeText(encoded.head), encoded.raw, encodeText(encoded.tail)]) as DirectBuffer;
}
