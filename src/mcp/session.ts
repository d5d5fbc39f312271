import { AirsMcpError } from '../base/errors.js';
import type { WireErrorObject } from '../base/wire.js';
import type { BatchInfo, JsonRpcMessage } from '../message/message.js';
import { Delivery } from './delivery.js';
import type { Settings } from './options.js';
import { type JSONRPCErrorResponse, type JSONRPCMessage, type RequestId, faultOf, isAnswer, isRequestId } from './wire.js';

/** What happened to frames that are not messages (counts since the transport was made). */
export interface FrameCounts {
  /** Lines that are not JSON. */
  noise: number;
  /** Messages past the size limit. */
  oversize: number;
  /** Other frames that were refused: batches, and JSON that is no MCP message. */
  refused: number;
  /** Messages with invalid UTF-8, taken with U+FFFD in its place as the SDKs take them. */
  repaired: number;
}

/** What a session asks of its transport. */
export interface SessionHost {
  /** Whether anybody listens to messages. */
  isListening(): boolean;
  deliver(message: JSONRPCMessage): void;
  /** Sends an answer that nobody above will give. */
  answer(message: JSONRPCErrorResponse): void;
  report(error: Error): void;
  abandon(): void;
}

/** JSON-RPC's number for a connection that closed, as SDK 1.x has it. */
export const CONNECTION_CLOSED = -32000;

/** Section 5.1's number for a failure that is ours. */
const INTERNAL_ERROR = -32603;

/** Requests that stay open by design: nobody waits for their answer when the connection ends. */
const STANDING = 'subscriptions/listen';

/** The members that bookkeeping looks at. */
interface Outline {
  id?: RequestId;
  method?: string;
  params?: { requestId?: RequestId };
}

/**
 * The messages of one connection on their way up, as plain objects, and what is open in either direction. A frame that
 * can't be delivered fails the call that it belongs to, where that can be read, rather than leave it to time out.
 */
export class Session {
  /** Requests of ours that wait for an answer, with their method. */
  private readonly calls = new Map<RequestId, string>();
  /** Requests of the peer's that wait for our answer, with how many share the id. */
  private readonly work = new Map<RequestId, number>();
  private readonly delivery: Delivery;
  private refusedBatch: BatchInfo | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly counts: FrameCounts,
    private readonly host: SessionHost,
  ) {
    this.delivery = new Delivery((message) => host.deliver(message), (error) => host.report(error));
  }

  /** Whether all requests that were delivered have been answered. */
  get idle(): boolean {
    return this.work.size === 0;
  }

  /** Whether the peer waits for an answer to `id`. */
  isOpen(id: RequestId): boolean {
    return this.work.has(id);
  }

  /** A message or a bad frame came in. */
  readonly take = (message: JsonRpcMessage): void => {
    let object: JSONRPCMessage | undefined;
    try {
      object = this.read(message);
    } finally {
      message.release();
    }
    if (object === undefined) return;
    this.noteIncoming(object as Outline);
    this.delivery.push(object);
  };

  /** Delivers what was put off, now. */
  flush(): void {
    this.delivery.flush();
  }

  /** Notes a message that goes out. */
  noteOutgoing(message: JSONRPCMessage): void {
    const { id, method, params } = message as Outline;
    if (method === undefined) this.answered(id);
    else if (id !== undefined) this.calls.set(id, method);
    else if (method === 'notifications/cancelled') this.settled(params?.requestId);
  }

  /** Answers every open request of ours with `error`, for the peer can't any more. */
  failCalls(error: WireErrorObject): void {
    this.flush();
    const open = [...this.calls];
    this.calls.clear();
    for (const [id, method] of open) {
      // A probe for the protocol's version takes the closing itself for its answer.
      if (method !== 'server/discover') this.delivery.push({ jsonrpc: '2.0', id, error });
    }
  }

  private noteIncoming({ id, method, params }: Outline): void {
    if (method === undefined) this.settled(id);
    else if (id === undefined) {
      if (method === 'notifications/cancelled') this.answered(params?.requestId);
    } else if (method !== STANDING && this.host.isListening()) this.work.set(id, (this.work.get(id) ?? 0) + 1);
  }

  private answered(id: RequestId | undefined): void {
    if (id === undefined) return;
    const open = this.work.get(id);
    if (open === 1) this.work.delete(id);
    else if (open !== undefined) this.work.set(id, open - 1);
  }

  private settled(id: RequestId | undefined): void {
    // The SDKs take an answer to "1" for one to 1.
    if (id !== undefined && !this.calls.delete(id)) this.calls.delete(Number(id));
  }

  /** The message as an object; undefined where there is nothing to deliver. */
  private read(message: JsonRpcMessage): JSONRPCMessage | undefined {
    if (message.batch !== undefined) return this.refuseBatch(message.batch);
    if (message.kind === 'invalid') return this.readInvalid(message);
    const object = parse(message);
    if (object === undefined) return this.refuse(new AirsMcpError('AIRS_MCP_PARSE_ERROR'), message.id, message.intent);
    return this.checked(object);
  }

  private readInvalid(message: JsonRpcMessage): JSONRPCMessage | undefined {
    const failure = message.failure as AirsMcpError; // an invalid message has one
    const object = failure.code === 'AIRS_MCP_INVALID_UTF8' ? parse(message) : undefined;
    // An id and nothing else: of a call of ours it is the answer, whose result was `undefined`.
    if (object === undefined) return this.refuse(failure, message.id, message.isHollow ? (message.intent ?? 'answer') : message.intent);
    this.counts.repaired++;
    return this.checked(object);
  }

  private checked(object: object): JSONRPCMessage | undefined {
    const fault = faultOf(object);
    if (fault === null) return object as JSONRPCMessage;
    const error = new AirsMcpError('AIRS_MCP_INVALID_REQUEST', `not a message of MCP: ${fault}${peerError(object)}`);
    return this.refuse(error, (object as { id?: unknown }).id, isAnswer(object) ? 'answer' : 'call');
  }

  private refuse(why: AirsMcpError, id: unknown, intent: 'call' | 'answer' | undefined): undefined {
    const kind = kindOf(why);
    const failure = kind === 'oversize' ? this.tooLarge() : why;
    this.counts[kind]++;
    const named = isRequestId(id) ? id : undefined;
    const isOurs = intent === 'answer' && named !== undefined && this.calls.has(named);
    const isTheirs = intent === 'call' && named !== undefined;
    if (kind !== 'noise' || this.settings.reportsNoise || isOurs || isTheirs) this.host.report(failure);
    if (kind === 'oversize' && this.settings.closesOnOversize) this.host.abandon();
    else if (isTheirs) this.host.answer(refusalOf(named, failure));
    else if (isOurs) {
      this.settled(named);
      this.delivery.push(refusalOf(named, failure));
    }
    return undefined;
  }

  private tooLarge(): AirsMcpError {
    const reason = `a message is longer than maxBufferSize, ${this.settings.maxMessageSize} bytes`;
    return new AirsMcpError('AIRS_MCP_MESSAGE_TOO_LARGE', reason);
  }

  /** MCP has no batches on stdio: the SDKs report one and answer nothing. */
  private refuseBatch(batch: BatchInfo): undefined {
    if (batch === this.refusedBatch) return;
    this.refusedBatch = batch;
    this.counts.refused++;
    const reason = `a batch of ${batch.size} messages, which MCP over stdio does not have`;
    this.host.report(new AirsMcpError('AIRS_MCP_INVALID_REQUEST', reason));
  }
}

/** Undefined where the text is not JSON, or is too long for a string. */
function parse(message: JsonRpcMessage): object | undefined {
  try {
    return message.toJSON();
  } catch {
    return undefined;
  }
}

function kindOf({ code }: AirsMcpError): 'noise' | 'oversize' | 'refused' {
  if (code === 'AIRS_MCP_MESSAGE_TOO_LARGE') return 'oversize';
  return code === 'AIRS_MCP_PARSE_ERROR' || code === 'AIRS_MCP_INVALID_UTF8' ? 'noise' : 'refused';
}

/** The answer to a call whose message, or whose answer, can't be delivered. */
export function refusalOf(id: RequestId, { code, rpcCode, message }: AirsMcpError): JSONRPCErrorResponse {
  return { jsonrpc: '2.0', id, error: { code: rpcCode ?? INTERNAL_ERROR, message, data: { code } } };
}

/** What a peer says about a request that it could not read is worth passing on, though it names no call. */
function peerError(object: object): string {
  const { error } = object as { error?: { message?: unknown } | null };
  return typeof error?.message === 'string' ? `; the peer says: ${error.message}` : '';
}
