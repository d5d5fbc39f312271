import { CONTROL, FIELD, ID_TYPE, RECORD_FLAG, RECORD_INTS, SCAN_FLAG, STATUS } from '../backend/contract.js';
import { selectBackend } from '../backend/select.js';
import { type DirectBuffer, copyBytes, encodeText } from '../base/bytes.js';
import { AirsMcpError } from '../base/errors.js';
import { DEFAULT_MAX_BATCH_SIZE, EXPOSE_FROM, MAX_MESSAGE_SIZE_CEILING } from '../base/limits.js';
import type { MessageKind, RequestId, WireErrorObject, WireMessage } from '../base/wire.js';
import type { BufferManager } from '../buffer/manager.js';
import type { PooledBuffer } from '../buffer/pooled.js';
import type { Slab } from '../buffer/slab.js';
import {
  type Draft, type Encoded, appendDraft, draftCall, draftError, draftObject, draftPayloadBytes, draftResponse, draftToObject, encodeDraft,
  joinEncoded, reidentify, writeId,
} from './draft.js';
import { failureOf, isUnread } from './failure.js';
import { RawJson, parseText } from './json.js';
import { methodName } from './methods.js';
import { checkPointer, resolvePointer } from './pointer.js';
import { type Intent, type Salvage, salvagePrefix } from './salvage.js';

/** The scan's kind numbers as names. */
const KIND_NAMES: readonly MessageKind[] = ['invalid', 'request', 'notification', 'response', 'error', 'invalid'];

/** Stands for a payload or an id that nobody has read yet. */
const UNREAD = Symbol('unread');

const PAYLOAD_KEY = { request: '/params', notification: '/params', response: '/result', error: '/error', invalid: '' } as const;

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

  // A built message has a draft; a received one has bytes, in a slab or of its own.
  private readonly draft: Draft | null;
  private bytes: DirectBuffer | null = null;
  private slab: Slab | null = null;
  private holder: BufferManager | null = null;
  private references = 1;

  private start = 0;
  private end = 0;
  private flags = 0;
  private idType: number = ID_TYPE.NONE;
  private idValue = 0;
  private idStart = 0;
  private idEnd = 0;
  private methodStart = 0;
  private methodEnd = 0;
  private methodHash = 0;
  private payloadStart = 0;
  private payloadEnd = 0;
  private status = 0;

  private cachedId: RequestId | undefined | typeof UNREAD = UNREAD;
  private cachedPayload: unknown = UNREAD;
  private salvaged: { found: Salvage | undefined; intent: Intent } | undefined = undefined;
  private cause: AirsMcpError | undefined = undefined;
  /** A built message is written once, however often it is asked for: what it holds must not change after that. */
  private encoded: Encoded | null = null;

  private constructor(kind: MessageKind, batch: BatchInfo | undefined, draft: Draft | null) {
    this.kind = kind;
    this.batch = batch;
    this.draft = draft;
  }

  /**
   * A request (JSON-RPC 2.0 section 4).
   *
   * @param id must be unique among the requests in flight
   * @param params an object or array, or {@link rawJson}; left out when undefined
   */
  static request(id: RequestId, method: string, params?: unknown): JsonRpcMessage {
    const message = new JsonRpcMessage('request', undefined, draftCall(writeId(id), method, params));
    if (Number.isInteger(id) && ((id as number) | 0) === id) {
      // Needs no reading back from its text.
      message.idType = ID_TYPE.INT32;
      message.idValue = id | 0; // of -0, the 0 that is written
    }
    return message;
  }

  /** A notification (section 4.1): a call without an answer. */
  static notification(method: string, params?: unknown): JsonRpcMessage {
    return new JsonRpcMessage('notification', undefined, draftCall(undefined, method, params));
  }

  /**
   * A successful answer (section 5).
   *
   * @param id the request's id; give the request itself to repeat the exact bytes of its id
   * @param result any JSON value or {@link rawJson}; undefined is sent as null
   */
  static response(id: RequestId | JsonRpcMessage, result: unknown): JsonRpcMessage {
    return new JsonRpcMessage('response', undefined, draftResponse(echoId(id), result));
  }

  /**
   * A failed answer (section 5.1).
   *
   * @param id the request's id or the request itself; null where it could not be read
   */
  static error(id: RequestId | JsonRpcMessage, error: WireErrorObject): JsonRpcMessage {
    return new JsonRpcMessage('error', undefined, draftError(echoId(id), error));
  }

  /**
   * A message from a plain object, for whoever has one already.
   *
   * @throws `AIRS_MCP_INVALID_ARGUMENT` where it is not a JSON-RPC 2.0 message
   */
  static fromObject(message: WireMessage): JsonRpcMessage {
    const draft = draftObject(message);
    return new JsonRpcMessage(draft.kind, undefined, draft);
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

  /** @internal A message at record `base` of `table`; shares `bytes`, which lie in `slab` unless it is null. */
  static fromRecord(
    table: Int32Array, base: number, bytes: DirectBuffer, slab: Slab | null, holder: BufferManager | null, batch: BatchInfo | undefined,
  ): JsonRpcMessage {
    const kind = KIND_NAMES[table[base + FIELD.KIND] as number] as MessageKind;
    const message = new JsonRpcMessage(kind, batch, null);
    message.bytes = bytes;
    message.slab = slab;
    message.holder = holder;
    message.flags = table[base + FIELD.FLAGS] as number;
    message.start = table[base + FIELD.START] as number;
    message.end = table[base + FIELD.END] as number;
    message.idType = table[base + FIELD.ID_TYPE] as number;
    message.idValue = table[base + FIELD.ID_VALUE] as number;
    message.idStart = table[base + FIELD.ID_START] as number;
    message.idEnd = table[base + FIELD.ID_END] as number;
    message.methodStart = table[base + FIELD.METHOD_START] as number;
    message.methodEnd = table[base + FIELD.METHOD_END] as number;
    message.methodHash = table[base + FIELD.METHOD_HASH] as number;
    message.payloadStart = table[base + FIELD.PAYLOAD_START] as number;
    message.payloadEnd = table[base + FIELD.PAYLOAD_END] as number;
    message.status = table[base + FIELD.STATUS] as number;
    return message;
  }

  /** @internal A frame that was refused without a scan; `prefix` is what was kept of it. */
  static refused(failure: AirsMcpError, prefix: DirectBuffer, suffix?: Salvage): JsonRpcMessage {
    const message = new JsonRpcMessage('invalid', undefined, null);
    message.bytes = prefix;
    message.end = prefix.length;
    message.cause = failure;
    const { found, intent } = salvagePrefix(prefix, 0, prefix.length);
    message.salvaged = { found: suffix ?? found, intent };
    return message;
  }

  /**
   * The id, or undefined where there is none. Of an invalid frame: the id where it can be read.
   * A number past 2^53 loses digits here; {@link idText} keeps them.
   */
  get id(): RequestId | undefined {
    if (this.idType === ID_TYPE.INT32) return this.idValue;
    if (this.cachedId === UNREAD) this.cachedId = this.readId();
    return this.cachedId;
  }

  /** The id exactly as it was written, quotes included: what tells `1`, `1.0` and `"1"` apart. */
  get idText(): string | undefined {
    if (this.draft !== null) return this.draft.idText;
    if (this.idType === ID_TYPE.INT32) return String(this.idValue);
    if (this.idType === ID_TYPE.NONE) return this.salvage()?.found?.idText;
    return this.memory().utf8Slice(this.idStart, this.idEnd);
  }

  /** The method of a request or notification. */
  get method(): string | undefined {
    if (this.draft !== null) return this.draft.method;
    if (this.methodEnd === 0) return undefined;
    const bytes = this.memory();
    if ((this.flags & RECORD_FLAG.METHOD_ESCAPED) !== 0) {
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
    return (this.cause ??= failureOf(this.status));
  }

  /** Of an invalid message: whether it was going to be a call (ours to answer) or an answer (to a call of ours). */
  get intent(): Intent {
    if (this.kind === 'invalid') return this.salvage()?.intent;
    return this.kind === 'request' || this.kind === 'notification' ? 'call' : 'answer';
  }

  /** Whether it is invalid only since it has neither method, result, nor error: what an answer without a result looks like. */
  get isHollow(): boolean {
    return this.status === STATUS.NO_METHOD;
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
    return selectBackend().find(bytes, start, end, rest, RANGE) ? parseText(bytes, RANGE[0] as number, RANGE[1] as number) : undefined;
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
    return parseText(this.memory(), this.start, this.end) as object;
  }

  /**
   * Keeps the message's bytes for one more user, who calls {@link release} in turn. The bytes
   * count as held: past the buffer manager's threshold, the sources that share it pause.
   */
  retain(): this {
    if (this.references === 0) throw new AirsMcpError('AIRS_MCP_MESSAGE_RELEASED');
    this.references++;
    this.holder?.hold(this.end - this.start, this.slab ?? undefined);
    return this;
  }

  /** Gives the message's bytes back. Once per {@link retain}, and once for the receiver. More often is harmless. */
  release(): void {
    if (this.references === 0) return;
    this.references--;
    if (this.references > 0) this.holder?.unhold(this.end - this.start, this.slab ?? undefined);
    if (this.references === 0 && this.draft === null) {
      this.slab?.release();
      this.slab = null;
      this.bytes = null;
    }
  }

  /** As `release()`, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal The message's text in pieces. The raw piece of a received message is good until its release. */
  encode(): Encoded {
    if (this.draft !== null) return (this.encoded ??= encodeDraft(this.draft));
    return { head: '', raw: this.memory().subarray(this.start, this.end), tail: '' };
  }

  private memory(): DirectBuffer {
    if (this.bytes === null) throw new AirsMcpError('AIRS_MCP_MESSAGE_RELEASED');
    return this.bytes;
  }

  private readId(): RequestId | undefined {
    if (this.draft !== null) return this.draft.idText === undefined ? undefined : (JSON.parse(this.draft.idText) as RequestId);
    switch (this.idType) {
      case ID_TYPE.NULL: return null;
      case ID_TYPE.NONE: return this.salvage()?.found?.id;
      case ID_TYPE.STRING:
        if ((this.flags & RECORD_FLAG.ID_ESCAPED) === 0) return this.memory().utf8Slice(this.idStart + 1, this.idEnd - 1);
    }
    return parseText(this.memory(), this.idStart, this.idEnd) as RequestId;
  }

  private salvage(): { found: Salvage | undefined; intent: Intent } | undefined {
    if (this.kind !== 'invalid') return undefined;
    if (this.salvaged !== undefined) return this.salvaged;
    const { found, intent } = salvagePrefix(this.memory(), this.start, this.end);
    // The id of a frame that was read is what the scan found, or deliberately none.
    return (this.salvaged = { found: isUnread(this.status) ? found : undefined, intent });
  }

  private payload(): unknown {
    if (this.cachedPayload === UNREAD) this.cachedPayload = this.readPayload();
    return this.cachedPayload;
  }

  private readPayload(): unknown {
    if (this.draft === null) return this.payloadEnd === 0 ? undefined : parseText(this.memory(), this.payloadStart, this.payloadEnd);
    const { payload } = this.draft;
    return payload instanceof RawJson ? payload.toJSON() : payload;
  }

  private rawPayload(): Uint8Array | undefined {
    if (this.draft !== null) return draftPayloadBytes(this.draft);
    return this.payloadEnd === 0 ? undefined : this.view(this.memory(), this.payloadStart, this.payloadEnd);
  }

  private view(bytes: DirectBuffer, start: number, end: number): Uint8Array {
    if (this.slab === null) return bytes.subarray(start, end);
    return end - start < EXPOSE_FROM && !this.slab.exposed ? copyBytes(bytes, start, end) : this.slab.expose(start, end);
  }
}

/** Where `find` leaves its answer; read before anything else runs. */
const RANGE = new Int32Array(2);

function echoId(id: RequestId | JsonRpcMessage): string {
  return id instanceof JsonRpcMessage ? (id.idText ?? 'null') : writeId(id);
}

/** Room for a message alone, and for a batch's header so that it can be told from one. */
const TABLE = new Int32Array(RECORD_INTS * 2);

function parseOne(bytes: Uint8Array): JsonRpcMessage {
  if (!(bytes instanceof Uint8Array)) throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'fromBytes takes a Uint8Array');
  const copy = copyBytes(bytes, 0, bytes.length);
  TABLE[CONTROL.START] = 0;
  TABLE[CONTROL.SEARCH] = 0;
  TABLE[CONTROL.END] = copy.length;
  TABLE[CONTROL.FLAGS] = SCAN_FLAG.STRICT | SCAN_FLAG.WHOLE;
  TABLE[CONTROL.MAX_MESSAGE] = MAX_MESSAGE_SIZE_CEILING;
  TABLE[CONTROL.MAX_BATCH] = DEFAULT_MAX_BATCH_SIZE;
  const count = selectBackend().scan(copy, TABLE);
  if (TABLE[CONTROL.MORE] !== 0) throw new AirsMcpError('AIRS_MCP_INVALID_REQUEST', 'a batch is not one message');
  if (count === 0) throw new AirsMcpError('AIRS_MCP_PARSE_ERROR', 'there is no message, only white space');
  const message = JsonRpcMessage.fromRecord(TABLE, RECORD_INTS, copy, null, null, undefined);
  if (message.failure !== undefined) throw message.failure;
  return message;
}
