/** A message that is built from values: what it says, and how it is written as JSON text. */

import { type DirectBuffer, encodeText } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import type { MessageKind, RequestId, WireErrorObject, WireMessage } from '../base/wire.js';
import type { PooledBuffer } from '../buffer/pooled.js';
import { RawJson, writeJson } from './json.js';
import { type Around, writeLong } from './long-writing.js';

export interface Draft {
  readonly kind: Exclude<MessageKind, 'invalid'>;
  /** The id as JSON text; undefined where there is none. */
  readonly idText: string | undefined;
  readonly method: string | undefined;
  /** params, result, or error; undefined where there is none. */
  readonly payload: unknown;
  /** The plain object that the draft was made from, whose every member is sent. */
  readonly source: WireMessage | undefined;
  /** Its text once it was written: that is done once, however often it is asked for, so that what it holds must not change after that. */
  encoded: Encoded | undefined;
}

/** A message's JSON text in up to three pieces: the raw bytes stand between head and tail. */
export interface Encoded {
  readonly head: string;
  readonly raw: Uint8Array | undefined;
  readonly tail: string;
}

/** @throws `AIRS_MCP_INVALID_ARGUMENT` for what JSON-RPC 2.0 section 4 does not allow as an id */
export function writeId(id: RequestId): string {
  // The same text as JSON.stringify's, without the call.
  if (typeof id === 'number' && Number.isFinite(id)) return `${id}`;
  if (typeof id === 'string' || id === null) return JSON.stringify(id);
  throw refuse('an id is a string, a finite number, or null');
}

function refuse(reason: string): AirsMcpError {
  return new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', reason);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

export function draftCall(idText: string | undefined, method: string, params: unknown): Draft {
  if (typeof method !== 'string') throw refuse('a method is a string');
  if (params !== undefined && typeof params !== 'object') throw refuse('params is an object or an array');
  const kind = idText === undefined ? 'notification' : 'request';
  return { kind, idText, method, payload: params, source: undefined, encoded: undefined };
}

export function draftResponse(idText: string, result: unknown): Draft {
  return { kind: 'response', idText, method: undefined, payload: result === undefined ? null : result, source: undefined, encoded: undefined };
}

export function draftError(idText: string, error: WireErrorObject): Draft {
  if (!isObject(error) || !Number.isInteger(error.code) || typeof error.message !== 'string') {
    throw refuse('an error is an object with an integer code and a string message');
  }
  return { kind: 'error', idText, method: undefined, payload: error, source: undefined, encoded: undefined };
}

type Member = 'jsonrpc' | 'id' | 'method' | 'params' | 'result' | 'error';

/** @throws `AIRS_MCP_INVALID_ARGUMENT` where `source` is no JSON-RPC 2.0 message */
export function draftObject(source: WireMessage): Draft {
  if (!isObject(source)) throw refuse('a message is an object');
  const { jsonrpc, id, method, params, result, error } = source as Partial<Record<Member, unknown>>;
  if (jsonrpc !== '2.0') throw refuse('jsonrpc is "2.0"');
  const parts = [method, result, error].filter((part) => part !== undefined).length;
  if (parts !== 1) throw refuse('a message has one of a method, a result, and an error');
  const idText = id === undefined ? undefined : writeId(id as RequestId);
  if (method !== undefined) return { ...draftCall(idText, method as string, params), source };
  if (error !== undefined && !isObject(error)) throw refuse('an error is an object');
  if (error !== undefined) return { kind: 'error', idText, method: undefined, payload: error, source, encoded: undefined };
  if (idText === undefined) throw refuse('a result has an id');
  return { kind: 'response', idText, method: undefined, payload: result, source, encoded: undefined };
}

/** The member that holds the payload. */
const PAYLOAD_KEY = { request: 'params', notification: 'params', response: 'result', error: 'error' } as const;
/** What stands before its value. */
const PAYLOAD_MEMBER = { request: ',"params":', notification: ',"params":', response: ',"result":', error: ',"error":' } as const;
const VERSION = '{"jsonrpc":"2.0"';
const VERSION_AND_ID = '{"jsonrpc":"2.0","id":';

/** All that stands before the payload, or before the last brace where there is none. */
function writeHead({ kind, idText, method, payload }: Draft): string {
  const id = idText === undefined ? VERSION : VERSION_AND_ID + idText;
  const call = method === undefined ? id : id + writeMethod(method);
  return payload === undefined ? call : call + PAYLOAD_MEMBER[kind];
}

/** The same into a buffer, for a draft with a payload: piece by piece, since V8 would have to copy them together first. */
function appendHead({ kind, idText, method }: Draft, buffer: PooledBuffer): void {
  if (idText === undefined) buffer.append(VERSION);
  else buffer.append(VERSION_AND_ID).append(idText);
  if (method !== undefined) buffer.append(writeMethod(method));
  buffer.append(PAYLOAD_MEMBER[kind]);
}

/** The methods that were written last, as JSON: a program calls few, and to write one anew costs as much as short params do. */
const METHODS = new Map<string, string>();
const KEPT_METHODS = 256;
const LONGEST_KEPT = 128;

function writeMethod(method: string): string {
  const known = METHODS.get(method);
  if (known !== undefined) return known;
  const text = `,"method":${JSON.stringify(method)}`;
  if (method.length > LONGEST_KEPT) return text;
  if (METHODS.size >= KEPT_METHODS) METHODS.clear();
  METHODS.set(method, text);
  return text;
}

/** @throws `AIRS_MCP_NOT_SERIALISABLE` where the payload cannot be written as JSON */
export function encodeDraft(draft: Draft): Encoded {
  if (draft.source !== undefined) return encodeSource(draft, draft.source);
  const head = writeHead(draft);
  if (draft.payload === undefined) return { head: `${head}}`, raw: undefined, tail: '' };
  if (draft.payload instanceof RawJson) return { head, raw: draft.payload.bytes, tail: '}' };
  return encodeLong(head, draft.payload, '}') ?? { head: `${head}${writeJson(draft.payload)}}`, raw: undefined, tail: '' };
}

const fresh = (bytes: number): DirectBuffer => Buffer.allocUnsafeSlow(bytes) as DirectBuffer;

/** `payload`, or what is around it, between head and tail if its weight is in long strings, else undefined. */
function encodeLong(head: string, payload: unknown, tail: string, around?: Around): Encoded | undefined {
  const text = writeLong(payload, fresh, around);
  if (text === undefined) return undefined;
  const raw = text.parts.length === 1 ? text.parts[0] : Buffer.concat(text.parts);
  return { head: head + text.head, raw, tail: text.tail + tail };
}

function appendEncoded({ head, raw, tail }: Encoded, buffer: PooledBuffer): void {
  buffer.append(head);
  if (raw !== undefined) buffer.append(raw).append(tail);
}

/**
 * Writes the message behind what `buffer` holds, all of it or nothing.
 *
 * @throws `AIRS_MCP_BUFFER_FULL` where it does not fit; as {@link encodeDraft}
 */
export function appendDraft(draft: Draft, buffer: PooledBuffer): void {
  const before = buffer.length;
  try {
    if (draft.source !== undefined || draft.payload === undefined || draft.payload instanceof RawJson) {
      return appendEncoded(encodeDraft(draft), buffer);
    }
    appendHead(draft, buffer);
    const long = encodeLong('', draft.payload, '}');
    if (long === undefined) buffer.append(writeJson(draft.payload)).append('}');
    else appendEncoded(long, buffer);
  } catch (error) {
    buffer.commit(before);
    throw error;
  }
}

function encodeSource(draft: Draft, source: WireMessage): Encoded {
  const key = PAYLOAD_KEY[draft.kind];
  if (!(draft.payload instanceof RawJson)) {
    return encodeLong('', draft.payload, '', { object: source, key }) ?? { head: writeJson(source), raw: undefined, tail: '' };
  }
  // At least jsonrpc is left, so that a comma may follow.
  const rest = writeJson({ ...source, [key]: undefined });
  return { head: `${rest.slice(0, -1)},"${key}":`, raw: draft.payload.bytes, tail: '}' };
}

/** The same message under another id. */
export function reidentify(draft: Draft, id: RequestId): Draft {
  const source = draft.source === undefined ? undefined : ({ ...draft.source, id } as WireMessage);
  return { ...draft, idText: writeId(id), source, encoded: undefined };
}

/** The payload alone as JSON text; undefined where there is none. */
export function draftPayloadBytes(draft: Draft): Uint8Array | undefined {
  if (draft.payload === undefined) return undefined;
  return draft.payload instanceof RawJson ? draft.payload.bytes : encodeText(writeJson(draft.payload));
}

/** The message as a plain object, with its payload as it was given. */
export function draftToObject(draft: Draft): object {
  const payload = draft.payload instanceof RawJson ? draft.payload.toJSON() : draft.payload;
  if (draft.source !== undefined) return payload === draft.payload ? draft.source : { ...draft.source, [PAYLOAD_KEY[draft.kind]]: payload };
  const object: Record<string, unknown> = { jsonrpc: '2.0' };
  if (draft.idText !== undefined) object['id'] = JSON.parse(draft.idText) as RequestId;
  if (draft.method !== undefined) object['method'] = draft.method;
  if (payload !== undefined) object[PAYLOAD_KEY[draft.kind]] = payload;
  return object;
}

/** The text of an encoded message in one piece. */
export function joinEncoded(encoded: Encoded): DirectBuffer {
  if (encoded.raw === undefined) return encodeText(encoded.head);
  return Buffer.concat([encodeText(encoded.head), encoded.raw, encodeText(encoded.tail)]) as DirectBuffer;
}
