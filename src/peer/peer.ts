import { AirsMcpError } from '../base/errors.js';
import { REPLY_BACKLOG } from '../base/limits.js';
import type { RequestId } from '../base/wire.js';
import type { ProcessorConfig } from '../concurrency/config.js';
import type { HandlerContext } from '../concurrency/job.js';
import { ConcurrentJsonRpcProcessor } from '../concurrency/processor.js';
import type { CorrelationConfig } from '../correlation/config.js';
import { CorrelationManager } from '../correlation/manager.js';
import type { RequestOptions } from '../correlation/options.js';
import { JsonRpcMessage } from '../message/message.js';
import type { Transport } from '../transport/contract.js';
import { RequestContext } from './context.js';
import { type Dialect, LSP, MCP } from './dialect.js';
import type { AnyMethods, CallArguments, Handler, Handlers, MethodName, ParamsOf, ResultOf } from './methods.js';
import { BatchReply, Reply } from './replies.js';

const METHOD_NOT_FOUND = -32601;
const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;

export interface PeerOptions<Local = AnyMethods> {
  /** Handlers by method, for requests and notifications of the other side. */
  handlers?: Handlers<Local> | undefined;
  /** Takes methods without a handler. Without it, requests are answered with -32601 and notifications ignored. */
  fallback?: Handler | undefined;
  /** How our calls wait. */
  correlation?: Partial<CorrelationConfig> | undefined;
  /** How their calls run. */
  processor?: Partial<ProcessorConfig> | undefined;
  /** How cancelling and progress are said: as in MCP (default) or in LSP. */
  protocol?: 'mcp' | 'lsp' | undefined;
  /** What the end of the input does to requests in flight: finish and answer them (`drain`, default), or `abort` them. */
  onEndOfInput?: 'drain' | 'abort' | undefined;
}

/** One call of a batch. */
export interface BatchCall {
  method: string;
  params?: unknown;
  /** Whether it is a notification, which has no answer; default false. */
  notification?: boolean | undefined;
}

/**
 * Both directions of JSON-RPC 2.0 over one transport: our calls settle exactly once, theirs run bounded.
 *
 * The type parameters map methods to `{ params; result }`: `Remote` for what we call, `Local` for what we handle.
 */
export class JsonRpcPeer<Remote = AnyMethods, Local = AnyMethods> {
  /** Called for failures of the connection, and for frames that can't be read. */
  onerror: ((error: Error) => void) | undefined;
  /** Called once, when all is closed and settled. */
  onclose: (() => void) | undefined;
  /** Our calls. */
  readonly correlation: CorrelationManager;
  /** Their calls. */
  readonly processor: ConcurrentJsonRpcProcessor;

  private readonly dialect: Dialect;
  private readonly handlers: Map<string, Handler>;
  private readonly fallback: Handler | undefined;
  private readonly drains: boolean;
  /** Their requests in flight. */
  private readonly running = new Map<number | string, Reply>();
  private gathering: BatchReply | null = null;
  private lastId = 0;
  private lastSent: Promise<void> | null = null;
  private failure: Error | null = null;
  private choked = false;
  private closing: Promise<void> | null = null;

  /**
   * @param transport not started; the peer owns it from now on
   * @throws `AIRS_MCP_INVALID_CONFIG`
   */
  constructor(private readonly transport: Transport, options: PeerOptions<NoInfer<Local>> = {}) {
    this.dialect = options.protocol === 'lsp' ? LSP : MCP;
    this.handlers = new Map(Object.entries(options.handlers ?? {}) as [string, Handler][]);
    this.fallback = options.fallback;
    this.drains = options.onEndOfInput !== 'abort';
    this.correlation = new CorrelationManager(options.correlation, { onAbandoned: (id, reason) => this.sayCancelled(id, reason) });
    this.processor = new ConcurrentJsonRpcProcessor(options.processor ?? {}, (message, context) => this.handle(message, context));
    this.processor.onPressure(() => this.updateFlow());
  }

  /** Opens the transport and begins to serve. Throws as the transport's `start`, and as the processor's. */
  async start(): Promise<void> {
    const { transport } = this;
    transport.onmessage = (message) => this.take(message);
    transport.onerror = (error) => this.report(error);
    transport.onend = () => void this.endOfInput();
    transport.onclose = () => this.closed();
    await this.processor.start();
    await transport.start();
  }

  /**
   * Calls a method of the other side.
   *
   * Rejects with `AIRS_MCP_REMOTE` for the other side's error, `AIRS_MCP_REQUEST_TIMEOUT`, `AIRS_MCP_CANCELLED`,
   * `AIRS_MCP_TOO_MANY_PENDING`, `AIRS_MCP_SHUTDOWN`, or what became of the transport. A call that is given up is
   * cancelled on the other side as well. With `options.raw` the promise gives the message, its result unparsed, for
   * the caller to release.
   */
  request<Name extends MethodName<Remote>>(
    method: Name, params: ParamsOf<Remote, Name>, options: RequestOptions & { raw: true },
  ): Promise<JsonRpcMessage>;
  request<Name extends MethodName<Remote>>(
    method: Name, ...rest: CallArguments<ParamsOf<Remote, Name>, RequestOptions>
  ): Promise<ResultOf<Remote, Name>>;
  request(method: string, params?: unknown, options?: RequestOptions): Promise<unknown> {
    const id = ++this.lastId;
    const withProgress = options !== undefined && (options.onProgress !== undefined || options.resetTimeoutOnProgress === true);
    const message = JsonRpcMessage.request(id, method, withProgress ? this.dialect.withToken(params, id) : params);
    const result = this.correlation.registerRequest(message, options);
    if (this.correlation.isPending(id)) this.post(message, id);
    return result;
  }

  /** Sends a notification. Settles and throws as the transport's `send`. */
  notify<Name extends MethodName<Remote>>(method: Name, ...[params]: CallArguments<ParamsOf<Remote, Name>, never>): Promise<void> {
    return this.transport.send(JsonRpcMessage.notification(method, params));
  }

  /**
   * Sends several calls as one batch (JSON-RPC 2.0 section 6; MCP has had batches in its revision 2025-03-26 only).
   *
   * @returns a promise for each call, as {@link request} gives; a notification's resolves when it is sent
   */
  batch(calls: readonly BatchCall[], options?: RequestOptions): Promise<unknown>[] {
    const messages: JsonRpcMessage[] = [];
    const results = calls.map(({ method, params, notification = false }) => {
      const message = notification ? JsonRpcMessage.notification(method, params) : JsonRpcMessage.request(++this.lastId, method, params);
      const result = notification ? null : this.correlation.registerRequest(message, options);
      if (notification || this.correlation.isPending(message)) messages.push(message);
      return result;
    });
    if (messages.length === 0) return results.map((result) => result ?? Promise.resolve());
    const sent = this.transport.send(messages);
    sent.catch((error: unknown) => {
      for (const message of messages) if (message.kind === 'request') this.correlation.failRequest(message, error as Error);
    });
    return results.map((result) => result ?? sent);
  }

  /**
   * Takes no more calls of the other side, lets those accepted finish (or, with `drain: false`, aborts them), writes
   * everything out, closes the transport, and settles all calls of ours with `AIRS_MCP_SHUTDOWN`. Never rejects.
   */
  close(options: { drain?: boolean | undefined } = {}): Promise<void> {
    return (this.closing ??= this.shutDown(options.drain ?? true));
  }

  /** @internal Sends progress for a request that asked for it and is still in flight. */
  sendProgress(request: JsonRpcMessage, value: unknown): Promise<void> {
    const token = this.dialect.tokenOf(request);
    if (token === undefined || request.kind !== 'request' || !this.running.has(keyOf(request))) return Promise.resolve();
    return this.transport.send(JsonRpcMessage.notification(this.dialect.progressMethod, this.dialect.progressParams(token, value)));
  }

  /** @internal A request of theirs is settled. */
  settled(key: number | string, response: JsonRpcMessage | null, batch: BatchReply | null): void {
    this.running.delete(key);
    if (batch !== null) batch.add(response);
    else if (response !== null) this.reply(response);
  }

  private take(message: JsonRpcMessage): void {
    switch (message.kind) {
      case 'request':
        this.takeRequest(message);
        break;
      case 'notification':
        this.takeNotification(message);
        break;
      case 'invalid':
        this.takeInvalid(message);
        return;
      default:
        // Taken messages are released by the correlation, or passed on raw.
        if (!this.correlation.correlateResponse(message)) message.release();
        return;
    }
    message.release();
  }

  private takeRequest(message: JsonRpcMessage): void {
    const key = keyOf(message);
    const batch = message.batch === undefined ? null : this.batchOf(message);
    if (this.running.has(key)) {
      const error = { code: INVALID_REQUEST, message: `a request with the id ${message.idText} is in flight` };
      return this.answerNow(JsonRpcMessage.error(message, error), batch);
    }
    const reply = new Reply(this, key, batch);
    this.running.set(key, reply);
    try {
      const job = this.processor.submit(message, reply);
      if (job !== null) {
        reply.job = job;
        return;
      }
      this.running.delete(key);
      this.answerNow(refusal(message, new AirsMcpError('AIRS_MCP_QUEUE_FULL')), batch);
    } catch (error) {
      this.running.delete(key);
      this.answerNow(refusal(message, error as AirsMcpError), batch);
    }
  }

  private takeNotification(message: JsonRpcMessage): void {
    const { method } = message;
    if (method === this.dialect.cancelMethod) this.cancelTheirs(this.dialect.cancelledId(message));
    else if (method === this.dialect.progressMethod) this.takeProgress(message);
    if (this.handlers.has(method as string) || this.fallback !== undefined) this.runNotification(message);
    if (message.batch !== undefined) this.batchOf(message).add(null);
  }

  private runNotification(message: JsonRpcMessage): void {
    const ignore = (): void => undefined;
    try {
      const job = this.processor.submit(message, { answer: ignore, refuse: ignore });
      if (job === null) this.report(new AirsMcpError('AIRS_MCP_QUEUE_FULL', `a notification was dropped: ${message.method}`));
    } catch (error) {
      this.report(error as Error);
    }
  }

  /** A frame that is no message: it fails the call it would have answered, or is answered if it would have been a call. */
  private takeInvalid(message: JsonRpcMessage): void {
    const failure = message.failure as AirsMcpError; // an invalid message has one
    const batch = message.batch === undefined ? null : this.batchOf(message);
    this.report(failure);
    const { id } = message;
    const isCall = message.intent !== 'answer' && (id !== undefined || this.dialect.answersUnreadable || batch !== null);
    if (isCall) this.answerNow(refusal(message, failure), batch);
    else batch?.add(null);
    if (!this.correlation.correlateResponse(message)) message.release();
  }

  private takeProgress(message: JsonRpcMessage): void {
    const { token, value } = this.dialect.readProgress(message);
    if (typeof token !== 'string' && typeof token !== 'number') return;
    try {
      this.correlation.correlateProgress(token, value);
    } catch (error) {
      this.report(error as Error);
    }
  }

  private handle(message: JsonRpcMessage, context: HandlerContext): unknown {
    const method = message.method as string; // a call has one
    const handler = this.handlers.get(method) ?? this.fallback;
    if (handler === undefined) throw new MethodNotFound(method);
    return handler(new RequestContext(message, context, this));
  }

  private cancelTheirs(id: unknown): void {
    if (typeof id !== 'string' && typeof id !== 'number') return;
    const job = this.running.get(typeof id === 'number' ? id : JSON.stringify(id))?.job ?? null;
    if (job !== null) this.processor.cancel(job, 'the other side cancelled it');
  }

  private sayCancelled(id: RequestId, reason: AirsMcpError): void {
    const params = this.dialect.cancelParams(id, reason.message);
    void this.transport.send(JsonRpcMessage.notification(this.dialect.cancelMethod, params));
  }

  /** Sends a request of ours; where it can't be sent, its promise rejects. */
  private post(message: JsonRpcMessage, id: number): void {
    const sent = this.transport.send(message);
    // Those written together share a promise, whose failure is the transport's: it ends all calls anyway.
    if (sent === this.lastSent) return;
    this.lastSent = sent;
    sent.catch((error: unknown) => this.correlation.failRequest(id, error as Error));
  }

  private answerNow(response: JsonRpcMessage, batch: BatchReply | null): void {
    if (batch === null) this.reply(response);
    else batch.add(response);
  }

  private reply(response: JsonRpcMessage | JsonRpcMessage[]): void {
    const sent = this.transport.send(response);
    if (this.choked || this.transport.queued <= REPLY_BACKLOG) return;
    // The other side doesn't read its answers: it shall not make us write more of them.
    this.choked = true;
    this.updateFlow();
    const released = (): void => {
      this.choked = false;
      this.updateFlow();
    };
    sent.then(released, released);
  }

  private updateFlow(): void {
    if (this.choked || this.processor.underPressure) this.transport.pause();
    else this.transport.resume();
  }

  /** The reply to the batch that `message` is a member of. Members come one after the other. */
  private batchOf({ batch }: JsonRpcMessage): BatchReply {
    if (this.gathering?.batch !== batch) {
      this.gathering = new BatchReply(batch as NonNullable<typeof batch>, (responses) => this.reply(responses));
    }
    return this.gathering as BatchReply;
  }

  private report(error: Error): void {
    this.failure = error;
    this.onerror?.(error);
  }

  private async endOfInput(): Promise<void> {
    this.correlation.failAll(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED', 'the other side ended the connection'));
    await this.close({ drain: this.drains });
  }

  private async shutDown(drain: boolean): Promise<void> {
    await this.processor.shutdown({ drain });
    await this.transport.close();
    await this.correlation.shutdown();
  }

  /** The transport is closed, by us or by what happened to it. */
  private closed(): void {
    const ended = this.closing === null ? (this.failure ?? new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED')) : null;
    if (ended !== null) this.correlation.failAll(ended);
    void this.close({ drain: false }).then(() => this.onclose?.());
  }
}

/** What tells requests in flight apart: a number, or the exact text of any other id. */
function keyOf(request: JsonRpcMessage): number | string {
  const { id } = request;
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : (request.idText as string); // a request has an id
}

/** The error response to what could not be taken. */
function refusal(message: JsonRpcMessage, error: AirsMcpError): JsonRpcMessage {
  const { code, rpcCode, retryable } = error;
  return JsonRpcMessage.error(message, { code: rpcCode ?? INTERNAL_ERROR, message: error.message, data: { code, retryable } });
}

class MethodNotFound extends Error {
  readonly code = METHOD_NOT_FOUND;

  constructor(method: string) {
    super(`no such method: ${method}`);
  }
}
