import { CONTROL, FIELD, ID_TYPE, RECORD_FLAG, RECORD_INTS, STATUS } from '../backend/contract.js';
import { selectBackend } from '../backend/select.js';
import { type DirectBuffer, copyBytes, encodeText } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import { keepLayout } from '../base/layout.js';
import { EXPOSE_FROM } from '../base/limits.js';
import type { MessageKind, RequestId, WireErrorObject, WireMessage } from '../base/wire.js';
import type { PooledBuffer } from '../buffer/pooled.js';
import {
  type Draft, type Encoded, appendDraft, draftCall, draftError, draftObject, draftPayloadBytes, draftResponse, draftToObject, encodeDraft,
  joinEncoded, reidentify, writeId,
} from './draft.js';
import { failureOf, isUnread } from './failure.js';
import { RawJson, parseText } from './json.js';
import { parseLong } from './long-reading.js';
import { methodName } from './methods.js';
import { checkPointer, resolvePointer } from './pointer.js';
import { type Intent, type Salvage, salvagePrefix } from './salvage.js';
import { MessageSource } from './source.js';
import { WHOLE, scanWhole } from './whole.js';

/** The scan's kind numbers as names. */
const KIND_NAMES: readonly MessageKind[] = ['invalid', 'request', 'notification', 'response', 'error', 'invalid'];

/** Stands for a payload or an id that nobody has read yet. */
const UNREAD = Symbol('unread');

const PAYLOAD_KEY = { request: '/params', notification: '/params', response: '/result', error: '/error', invalid: '' } as const;

/** A message that was built has none: all 0. */
const NO_RECORD = new Int32Array(RECORD_INTS);

const ID_TYPE_SHIFT = 2;
const STATUS_SHIFT = 5;

/** Flags, id type and status of a record in one number: the flags keep their bits. */
const pack = (flags: number, idType: number, status: number): number => flags | (idType << ID_TYPE_SHIFT) | (status << STATUS_SHIFT);
const idTypeIn = (traits: number): number => (traits >> ID_TYPE_SHIFT) & 7;
const statusIn = (traits: number): number => traits >> STATUS_SHIFT;

interface Salvaged {
  readonly found: Salvage | undefined;
  readonly intent: Intent;
}

/** Of an invalid message, found out when somebody asks. */
interface Invalidity {
  failure: AirsMcpError | undefined;
  salvaged: Salvaged | undefined;
}

/** What the members of one batch share. */
export interface BatchInfo {
  /** How many messages the batch holds, invalid ones included. */
  readonly size: number;
}

/**
 * One JSON-RPC 2.0 message: bytes that arrived, or values to send.
 *
 * A received message is a view: its payload stays bytes until somebody reads it, and is parsed then,
 * by `JSON.parse`, once. It keeps the pooled memory that its bytes lie in: call {@link release} (or
 * declare it with `using`) when done, and the memory is reused. A message that is never released is
 * safe as well: its memory leaves the pool and goes with the garbage collector.
 */
export class JsonRpcMessage implements Disposable {
  /** What the frame turned out to be; `invalid` comes with a {@link failure}. */
  readonly kind: MessageKind;
  /** The batch that this message came in, if any. Members follow one another. */
  readonly batch: BatchInfo | undefined;

  // A built message has a draft; a received one has a source until its release. Fields are few since a message per
  // hundred bytes or so is made of them.
  private readonly draft: Draft | null;
  private source: MessageSource | null;
  private references = 1;

  /** The record's flags, id type and status in one number; see {@link pack}. */
  private readonly traits: number;
  private readonly start: number;
  private readonly end: number;
  private readonly idStart: number;
  private readonly idEnd: number;
  private readonly methodStart: number;
  private readonly methodEnd: number;
  private readonly methodHash: number;
  private readonly payloadStart: number;
  private readonly payloadEnd: number;

  private cachedId: RequestId | undefined | typeof UNREAD;
  private cachedPayload: unknown = UNREAD;
  private knownInvalidity: Invalidity | undefined = undefined;

  /** @param table holds the message's record at `base`; all 0 for one that has none */
  private constructor(
    kind: MessageKind, batch: BatchInfo | undefined, draft: Draft | null, source: MessageSource | null, table: Int32Array, base: number,
  ) {
    const idType = table[base + FIELD.ID_TYPE] as number;
    this.kind = kind;
    this.batch = batch;
    this.draft = draft;
    this.source = source;
    this.traits = pack(table[base + FIELD.FLAGS] as number, idType, table[base + FIELD.STATUS] as number);
    this.start = table[base + FIELD.START] as number;
    this.end = table[base + FIELD.END] as number;
    this.idStart = table[base + FIELD.ID_START] as number;
    this.idEnd = table[base + FIELD.ID_END] as number;
    this.methodStart = table[base + FIELD.METHOD_START] as number;
    this.methodEnd = table[base + FIELD.METHOD_END] as number;
    this.methodHash = table[base + FIELD.METHOD_HASH] as number;
    this.payloadStart = table[base + FIELD.PAYLOAD_START] as number;
    this.payloadEnd = table[base + FIELD.PAYLOAD_END] as number;
    this.cachedId = idType === ID_TYPE.INT32 ? (table[base + FIELD.ID_VALUE]) : UNREAD;
  }

  private static built(draft: Draft): JsonRpcMessage {
    return new JsonRpcMessage(draft.kind, undefined, draft, null, NO_RECORD, 0);
  }

  /**
   * A request (JSON-RPC 2.0 section 4).
   *
   * @param id must be unique among the requests in flight
   * @param params an object or array, or {@link rawJson}; left out when undefined
   */
  static request(id: RequestId, method: string, params?: unknown): JsonRpcMessage {
    const message = JsonRpcMessage.built(draftCall(writeId(id), method, params));
    // Needs no reading back from its text. Of -0, the 0 that is written.
    if (Number.isInteger(id) && ((id as number) | 0) === id) message.cachedId = id | 0;
    return message;
  }

  /** A notification (section 4.1): a call without an answer. */
  static notification(method: string, params?: unknown): JsonRpcMessage {
    return JsonRpcMessage.built(draftCall(undefined, method, params));
  }

  /**
   * A successful answer (section 5).
   *
   * @param id the request's id; give the request itself to repeat the exact bytes of its id
   * @param result any JSON value or {@link rawJson}; undefined is sent as null
   */
  static response(id: RequestId | JsonRpcMessage, result: unknown): JsonRpcMessage {
    return JsonRpcMessage.built(draftResponse(echoId(id), result));
  }

  /**
   * A failed answer (section 5.1).
   *
   * @param id the request's id or the request itself; null where it could not be read
   */
  static error(id: RequestId | JsonRpcMessage, error: WireErrorObject): JsonRpcMessage {
    return JsonRpcMessage.built(draftError(echoId(id), error));
  }

  /**
   * A message from a plain object, for whoever has one already.
   *
   * @throws `AIRS_MCP_INVALID_ARGUMENT` where it is not a JSON-RPC 2.0 message
   */
  static fromObject(message: WireMessage): JsonRpcMessage {
    return JsonRpcMessage.built(draftObject(message));
  }

  /**
   * One message from its JSON text, in strict mode. White space, line feeds too, may surround and
   * part its tokens. The bytes are copied.
   *
   * @throws `AIRS_MCP_PARSE_ERROR`, `AIRS_MCP_INVALID_UTF8`, `AIRS_MCP_INVALID_REQUEST`; a batch is refused
   */
  static fromBytes(bytes: Uint8Array): JsonRpcMessage {
    return parseOne(bytes);
  }

  /** @internal The message at record `base` of `table`, whose bytes lie in `source`; it holds the slab there, which the caller retained. */
  static fromRecord(table: Int32Array, base: number, source: MessageSource, batch: BatchInfo | undefined): JsonRpcMessage {
    const kind = KIND_NAMES[table[base + FIELD.KIND] as number] as MessageKind;
    return new JsonRpcMessage(kind, batch, null, source, table, base);
  }

  /** @internal A frame that was refused without a scan; `prefix` is what was kept of it. */
  static refused(failure: AirsMcpError, prefix: DirectBuffer, suffix?: Salvage): JsonRpcMessage {
    const record = new Int32Array(RECORD_INTS);
    record[FIELD.END] = prefix.length;
    const message = new JsonRpcMessage('invalid', undefined, null, new MessageSource(prefix, null, null), record, 0);
    const { found, intent } = salvagePrefix(prefix, 0, prefix.length);
    message.knownInvalidity = { failure, salvaged: { found: suffix ?? found, intent } };
    return message;
  }

  /**
   * The id, or undefined where there is none. Of an invalid frame: the id where it can be read.
   * A number past 2^53 loses digits here; {@link idText} keeps them.
   */
  get id(): RequestId | undefined {
    if (this.cachedId === UNREAD) this.cachedId = this.readId();
    return this.cachedId;
  }

  /** The id exactly as it was written, quotes included: what tells `1`, `1.0` and `"1"` apart. */
  get idText(): string | undefined {
    if (this.draft !== null) return this.draft.idText;
    const idType = idTypeIn(this.traits);
    if (idType === ID_TYPE.INT32) return String(this.cachedId);
    if (idType === ID_TYPE.NONE) return this.salvage()?.found?.idText;
    return this.memory().utf8Slice(this.idStart, this.idEnd);
  }

  /** The method of a request or notification. */
  get method(): string | undefined {
    if (this.draft !== null) return this.draft.method;
    if (this.methodEnd === 0) return undefined;
    const bytes = this.memory();
    if ((this.traits & RECORD_FLAG.METHOD_ESCAPED) !== 0) {
      return parseText(bytes, this.methodStart - 1, this.methodEnd + 1) as string;
    }
    return methodName(bytes, this.methodStart, this.methodEnd, this.methodHash);
  }

  /**
   * The params of a request or notification, parsed at the first read.
   *
   * @throws `AIRS_MCP_PARSE_ERROR` when the parser is not strict and they are malformed
   */
  get params(): unknown {
    return this.kind === 'request' || this.kind === 'notification' ? this.payload() : undefined;
  }

  /** The result of a response, parsed at the first read. Throws as {@link params}. */
  get result(): unknown {
    return this.kind === 'response' ? this.payload() : undefined;
  }

  /**
   * The error of an error response, parsed at the first read. Its members are the peer's: they are
   * what the specification says only if the peer keeps to it. Throws as {@link params}.
   */
  get error(): WireErrorObject | undefined {
    return this.kind === 'error' ? (this.payload() as WireErrorObject) : undefined;
  }

  /** Why the message is invalid; its `rpcCode` is what to answer (-32700 or -32600). */
  get failure(): AirsMcpError | undefined {
    if (this.kind !== 'invalid') return undefined;
    return (this.invalidity.failure ??= failureOf(statusIn(this.traits)));
  }

  /** Of an invalid message: whether it was going to be a call (ours to answer) or an answer (to a call of ours). */
  get intent(): Intent {
    if (this.kind === 'invalid') return this.salvage()?.intent;
    return this.kind === 'request' || this.kind === 'notification' ? 'call' : 'answer';
  }

  /** Whether it is invalid only since it has neither method, result, nor error: what an answer without a result looks like. */
  get isHollow(): boolean {
    return statusIn(this.traits) === STATUS.NO_METHOD;
  }

  /** The exact bytes of the params, unparsed; see {@link toBytes} for who owns them. */
  get rawParams(): Uint8Array | undefined {
    return this.kind === 'request' || this.kind === 'notification' ? this.rawPayload() : undefined;
  }

  /** The exact bytes of the result, unparsed; see {@link toBytes} for who owns them. */
  get rawResult(): Uint8Array | undefined {
    return this.kind === 'response' ? this.rawPayload() : undefined;
  }

  /** The length of the message's JSON text in bytes, without a line end. */
  get byteLength(): number {
    return this.draft !== null ? joinEncoded(encodeDraft(this.draft)).length : this.end - this.start;
  }

  /**
   * One value by its JSON pointer (RFC 6901), from the message's root: `at('/params/name')`. Only
   * that value is parsed; the way to it is scanned. Undefined where there is no such value.
   *
   * @throws `AIRS_MCP_INVALID_ARGUMENT` for text that is not a pointer
   */
  at(pointer: string): unknown {
    checkPointer(pointer);
    if (this.draft !== null) return resolvePointer(this.toJSON(), pointer);
    const bytes = this.memory();
    const key = PAYLOAD_KEY[this.kind];
    const inPayload = key !== '' && pointer.startsWith(key) && (pointer.length === key.length || pointer[key.length] === '/');
    if (inPayload && this.cachedPayload !== UNREAD) return resolvePointer(this.cachedPayload, pointer.slice(key.length));
    const start = inPayload ? this.payloadStart : this.start;
    const end = inPayload ? this.payloadEnd : this.end;
    const rest = inPayload ? pointer.slice(key.length) : pointer;
    return selectBackend().find(bytes, start, end, rest, RANGE) ? this.parse(bytes, RANGE[0] as number, RANGE[1] as number) : undefined;
  }

  /**
   * The same message under another id, spliced rather than written again: concatenate the parts.
   * The other bytes are repeated exactly.
   *
   * @throws `AIRS_MCP_INVALID_ARGUMENT` for a message that has no id
   */
  withId(id: RequestId): Uint8Array[] {
    const text = encodeText(writeId(id));
    if (this.idText === undefined) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'the message has no id to replace');
    if (this.draft !== null) return [joinEncoded(encodeDraft(reidentify(this.draft, id)))];
    if (this.idEnd === 0) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'the frame is too broken to be sent on');
    const bytes = this.memory();
    const { start, end, idStart, idEnd } = this;
    if (end - start < EXPOSE_FROM) {
      return [Buffer.concat([bytes.subarray(start, idStart), text, bytes.subarray(idEnd, end)])];
    }
    return [this.view(bytes, start, idStart), text, this.view(bytes, idEnd, end)];
  }

  /**
   * Writes the message's JSON text behind what `buffer` holds already.
   *
   * @returns the number of bytes written
   * @throws `AIRS_MCP_BUFFER_FULL` where it does not fit (nothing is written then), `AIRS_MCP_NOT_SERIALISABLE`
   */
  serializeToBuffer(buffer: PooledBuffer): number {
    const before = buffer.length;
    if (this.draft === null) buffer.append(this.memory().subarray(this.start, this.end));
    else appendDraft(this.draft, buffer);
    return buffer.length - before;
  }

  /**
   * The message's JSON text, without a line end. Of a received message the exact bytes: a private copy
   * where they are short, from 16 KiB on a view of the memory that they arrived in. Such a view stays good
   * for ever: memory that was viewed is not reused.
   */
  toBytes(): Uint8Array {
    if (this.draft !== null) return joinEncoded(encodeDraft(this.draft));
    return this.view(this.memory(), this.start, this.end);
  }

  /** The message as a plain object; all members of a received one, in their order. Of an invalid one: what it holds, if it is JSON. */
  toJSON(): object {
    if (this.draft !== null) return draftToObject(this.draft);
    return this.parse(this.memory(), this.start, this.end) as object;
  }

  /**
   * Keeps the message's bytes for one more user, who calls {@link release} in turn. The bytes
   * count as held: past the buffer manager's threshold, the sources that share it pause.
   */
  retain(): this {
    if (this.references === 0) throw new AirsMcpError('AIRS_MCP_MESSAGE_RELEASED');
    this.references++;
    this.source?.hold(this.end - this.start);
    return this;
  }

  /** Gives the message's bytes back. Once per {@link retain}, and once for the receiver. More often is harmless. */
  release(): void {
    if (this.references === 0) return;
    this.references--;
    if (this.references > 0) {
      this.source?.unhold(this.end - this.start);
    } else if (this.source !== null) {
      this.source.slab?.release();
      this.source = null;
    }
  }

  /** As `release()`, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal The message's text in pieces. The raw piece of a received message is good until its release. */
  encode(): Encoded {
    if (this.draft !== null) return (this.draft.encoded ??= encodeDraft(this.draft));
    return { head: '', raw: this.memory().subarray(this.start, this.end), tail: '' };
  }

  private memory(): DirectBuffer {
    if (this.source === null) throw new AirsMcpError('AIRS_MCP_MESSAGE_RELEASED');
    return this.source.bytes;
  }

  private readId(): RequestId | undefined {
    if (this.draft !== null) return this.draft.idText === undefined ? undefined : (JSON.parse(this.draft.idText) as RequestId);
    switch (idTypeIn(this.traits)) {
      case ID_TYPE.NULL: return null;
      case ID_TYPE.NONE: return this.salvage()?.found?.id;
      case ID_TYPE.STRING:
        if ((this.traits & RECORD_FLAG.ID_ESCAPED) === 0) return this.memory().utf8Slice(this.idStart + 1, this.idEnd - 1);
    }
    return parseText(this.memory(), this.idStart, this.idEnd) as RequestId;
  }

  private salvage(): Salvaged | undefined {
    return this.kind === 'invalid' ? (this.invalidity.salvaged ??= this.salvageNow()) : undefined;
  }

  private salvageNow(): Salvaged {
    const { found, intent } = salvagePrefix(this.memory(), this.start, this.end);
    // The id of a frame that was read is what the scan found, or deliberately none.
    return { found: isUnread(statusIn(this.traits)) ? found : undefined, intent };
  }

  /** What is known of an invalid message beyond its record. */
  private get invalidity(): Invalidity {
    return (this.knownInvalidity ??= { failure: undefined, salvaged: undefined });
  }

  private payload(): unknown {
    if (this.cachedPayload === UNREAD) this.cachedPayload = this.readPayload();
    return this.cachedPayload;
  }

  private readPayload(): unknown {
    if (this.draft === null) return this.payloadEnd === 0 ? undefined : this.readReceived();
    const { payload } = this.draft;
    return payload instanceof RawJson ? payload.toJSON() : payload;
  }

  private readReceived(): unknown {
    const bytes = this.memory();
    return this.source?.takePayload(this.end - this.start) ?? this.parse(bytes, this.payloadStart, this.payloadEnd);
  }

  /** A value of a received message. */
  private parse(bytes: DirectBuffer, start: number, end: number): unknown {
    return (this.kind === 'invalid' ? undefined : parseLong(bytes, start, end)) ?? parseText(bytes, start, end);
  }

  private rawPayload(): Uint8Array | undefined {
    if (this.draft !== null) return draftPayloadBytes(this.draft);
    return this.payloadEnd === 0 ? undefined : this.view(this.memory(), this.payloadStart, this.payloadEnd);
  }

  private view(bytes: DirectBuffer, start: number, end: number): Uint8Array {
    const slab = this.source?.slab ?? null;
    if (slab === null) return bytes.subarray(start, end);
    return end - start < EXPOSE_FROM && !slab.exposed ? copyBytes(bytes, start, end) : slab.expose(start, end);
  }
}

keepLayout(JsonRpcMessage.notification(''));

/** Where `find` leaves its answer; read before anything else runs. */
const RANGE = new Int32Array(2);

function echoId(id: RequestId | JsonRpcMessage): string {
  return id instanceof JsonRpcMessage ? (id.idText ?? 'null') : writeId(id);
}

function parseOne(bytes: Uint8Array): JsonRpcMessage {
  if (!(bytes instanceof Uint8Array)) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'fromBytes takes a Uint8Array');
  const copy = copyBytes(bytes, 0, bytes.length);
  const count = scanWhole(copy, copy.length);
  if (WHOLE[CONTROL.MORE] !== 0) throw new AirsMcpError('AIRS_MCP_INVALID_REQUEST', 'a batch is not one message');
  if (count === 0) throw new AirsMcpError('AIRS_MCP_PARSE_ERROR', 'there is no message, only white space');
  const message = JsonRpcMessage.fromRecord(WHOLE, RECORD_INTS, new MessageSource(copy, null, null), undefined);
  if (message.failure !== undefined) throw message.failure;
  return message;
}
