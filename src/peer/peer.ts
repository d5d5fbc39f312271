import { AsyncResource } from 'node:async_hooks';
import { AirsMcpError } from '../base/errors.js';
import type { RequestId } from '../base/wire.js';
import type { ConcurrentJsonRpcProcessor } from '../concurrency/processor.js';
import { currentJob } from '../concurrency/runner.js';
import { CorrelationManager } from '../correlation/manager.js';
import type { RequestOptions } from '../correlation/options.js';
import { JsonRpcMessage } from '../message/message.js';
import type { Transport } from '../transport/contract.js';
import { type Dialect, LSP, MCP } from './dialect.js';
import { Flow } from './flow.js';
import { Inbox } from './inbox.js';
import type { AnyMethods, BatchCall, BatchResults, CallArguments, MethodName, ParamsOf, ResultOf } from './methods.js';
import { Observer } from './observer.js';
import { type PeerOptions, checkPeerOptions } from './options.js';
import { Outbox } from './outbox.js';

export type { BatchCall } from './methods.js';
export type { PeerOptions } from './options.js';

/**
 * Both directions of JSON-RPC 2.0 over one transport: our calls settle exactly once, theirs run bounded.
 *
 * The type parameters map methods to `{ params; result }`: `Remote` for what we call, `Local` for what we handle.
 */
export class JsonRpcPeer<Remote = AnyMethods, Local = AnyMethods> {
  /** Called for failures of the connection, of notifications' handlers, and for frames that can't be read. */
  onerror: ((error: Error) => void) | undefined;
  /** Called once, when all is closed and settled. */
  onclose: (() => void) | undefined;
  /** Our calls. */
  readonly correlation: CorrelationManager;
  /** Their calls. */
  readonly processor: ConcurrentJsonRpcProcessor;

  private readonly dialect: Dialect;
  private readonly inbox: Inbox;
  private readonly outbox: Outbox;
  private readonly flow: Flow;
  private readonly observer: Observer;
  private readonly drains: boolean;
  /** Where no handler runs. What the transport causes is nobody's doing, whatever code it happened in. */
  private readonly outside = new AsyncResource('JsonRpcPeer');
  private lastId = 0;
  /** The latest promise of `send`; what is written together shares one, whose failure is that of the connection. */
  private lastSent: Promise<void> | null = null;
  /** Requests in flight whose end the other side is not to be told of. */
  private readonly uncancellable = new Set<RequestId>();
  /** Why no answer can come any more. */
  private lost: Error | null = null;
  private closing: Promise<void> | null = null;
  /** Whether the transport is closed by us. */
  private parting = false;

  /**
   * @param transport not started; the peer owns it from now on
   * @throws `AIRS_MCP_INVALID_CONFIG`
   */
  constructor(readonly transport: Transport, options: PeerOptions<NoInfer<Local>> = {}) {
    const handlers = checkPeerOptions(options);
    this.dialect = options.protocol === 'lsp' ? LSP : MCP;
    this.drains = options.onEndOfInput !== 'abort';
    this.correlation = new CorrelationManager(options.correlation, { onAbandoned: (id, reason) => this.sayCancelled(id, reason) });
    this.outbox = new Outbox(transport, () => this.flow.update());
    const report = (error: Error): void => this.report(error);
    const { fallback, instrumentation = null, processor = {} } = options;
    this.observer = new Observer(this, instrumentation, this.dialect.carriesMeta, report);
    this.inbox = new Inbox(transport, this.outbox, this.dialect, { handlers, fallback, processor, report, observer: this.observer });
    this.processor = this.inbox.processor;
    this.flow = new Flow(transport, this.processor, this.correlation, this.outbox, this.outside);
    this.processor.onPressure(() => this.flow.update());
  }

  /** Opens the transport and begins to serve. Throws as the transport's `start`, and as the processor's; it is closed then. */
  async start(): Promise<void> {
    const { transport } = this;
    await this.processor.start();
    transport.onmessage = (message) => this.take(message);
    transport.onerror = (error) => this.failed(error);
    transport.onend = () => this.outside.runInAsyncScope(() => this.endOfInput());
    transport.onclose = () => void this.outside.runInAsyncScope(() => this.closed());
    if (this.closing !== null) throw new AirsMcpError('AIRS_MCP_SHUTDOWN');
    try {
      await transport.start();
    } catch (error) {
      await this.close({ drain: false });
      throw error;
    }
  }

  /**
   * Calls a method of the other side. Nothing is thrown: what is wrong rejects the promise.
   *
   * Rejects with `AIRS_MCP_REMOTE` for the other side's error, `AIRS_MCP_REQUEST_TIMEOUT`, `AIRS_MCP_CANCELLED`,
   * `AIRS_MCP_TOO_MANY_PENDING`, `AIRS_MCP_SHUTDOWN`, `AIRS_MCP_SEND_QUEUE_FULL`, `AIRS_MCP_NOT_SERIALISABLE`,
   * `AIRS_MCP_INVALID_ARGUMENT`, `AIRS_MCP_OUT_OF_RANGE`, or what became of the transport. A call that is given up is
   * cancelled on the other side as well (but never `initialize`). With `options.raw` the promise gives the message, its
   * result unparsed, for the caller to release.
   *
   * With `onProgress` or `resetTimeoutOnProgress` the request asks for progress; its params must then be an object.
   */
  request<Name extends MethodName<Remote>>(
    method: Name, params: ParamsOf<Remote, Name>, options: RequestOptions & { raw: true },
  ): Promise<JsonRpcMessage>;
  request<Name extends MethodName<Remote>>(
    method: Name, ...rest: CallArguments<ParamsOf<Remote, Name>, RequestOptions>
  ): Promise<ResultOf<Remote, Name>>;
  request(method: string, params?: unknown, options?: RequestOptions): Promise<unknown> {
    if (!this.observer.watchesCalls) return this.call(method, params, options);
    const observed = this.observer.call('request', this.lastId + 1, method, params);
    return observed.follow(this.call(method, observed.params, options));
  }

  private call(method: string, params: unknown, options: RequestOptions | undefined): Promise<unknown> {
    if (this.lost !== null) return Promise.reject(this.lost);
    const id = ++this.lastId;
    let message: JsonRpcMessage;
    try {
      message = this.draft(id, method, params, options);
    } catch (error) {
      return rejected(error);
    }
    const result = this.correlation.registerRequest(message, options);
    if (!this.correlation.isPending(id)) return result;
    this.prepare(id, method, result);
    const sent = this.transport.send(message);
    if (sent !== this.lastSent) {
      this.lastSent = sent;
      sent.catch((error: unknown) => this.correlation.failRequest(id, error as Error));
    }
    return result;
  }

  /** Sends a notification. Settles as the transport's `send`; ignoring the promise is safe. */
  notify<Name extends MethodName<Remote>>(method: Name, ...[params]: CallArguments<ParamsOf<Remote, Name>, never>): Promise<void> {
    if (!this.observer.watchesCalls) return this.say(method, params);
    const observed = this.observer.call('notification', undefined, method, params);
    return observed.follow(this.say(method, observed.params));
  }

  private say(method: string, params: unknown): Promise<void> {
    try {
      return this.transport.send(JsonRpcMessage.notification(method, params));
    } catch (error) {
      return ignorable(rejected(error));
    }
  }

  /**
   * Sends several calls as one batch (JSON-RPC 2.0 section 6; MCP has had batches in its revision 2025-03-26 only).
   *
   * @param options of each of its requests
   * @returns a promise for each call, as {@link request} gives; a notification's resolves when it is sent
   * @throws `AIRS_MCP_INVALID_ARGUMENT` for what can't be a call; nothing is sent then
   */
  batch<const Calls extends readonly BatchCall<Remote>[]>(calls: Calls, options?: RequestOptions): BatchResults<Remote, Calls>;
  batch(calls: readonly BatchCall[], options?: RequestOptions): Promise<unknown>[] {
    if (!this.observer.watchesCalls) return this.sendBatch(calls, options);
    return this.observer.batch(calls, this.lastId + 1, (observed) => this.sendBatch(observed, options));
  }

  private sendBatch(calls: readonly BatchCall[], options: RequestOptions | undefined): Promise<unknown>[] {
    const drafts = calls.map(({ method, params, notification }) =>
      notification === true ? JsonRpcMessage.notification(method, params) : this.draft(++this.lastId, method, params, options));
    const { lost } = this;
    if (lost !== null) return drafts.map(({ kind }) => (kind === 'request' ? Promise.reject(lost) : ignorable(Promise.reject(lost))));
    const results = drafts.map((message) => (message.kind === 'request' ? this.register(message, options) : null));
    const messages = drafts.filter((message) => message.kind === 'notification' || this.correlation.isPending(message));
    const sent = messages.length === 0 ? Promise.resolve() : this.transport.send(messages);
    sent.catch((error: unknown) => {
      for (const message of messages) if (message.kind === 'request') this.correlation.failRequest(message, error as Error);
    });
    return results.map((result) => result ?? sent);
  }

  /**
   * Takes no more calls of the other side, lets those accepted finish (or, with `drain: false`, aborts them), writes
   * everything out, closes the transport, and settles all calls of ours with `AIRS_MCP_SHUTDOWN`. Again with
   * `drain: false` it aborts what still runs. Never rejects.
   *
   * Inside a handler the promise resolves when all other requests are settled, and the rest follows when that handler has
   * answered: it may wait for the close, but not for ever (`shutdownTimeout`).
   */
  close({ drain = true }: { drain?: boolean | undefined } = {}): Promise<void> {
    const settled = this.processor.shutdown({ drain });
    // Outside any handler, the processor's promise is for all requests.
    const allSettled = this.outside.runInAsyncScope(() => this.processor.shutdown());
    this.closing ??= this.shutDown(allSettled);
    return settled === allSettled ? this.closing : settled;
  }

  private take(message: JsonRpcMessage): void {
    const { kind } = message;
    if (kind === 'response' || kind === 'error') return this.takeAnswer(message);
    try {
      if (kind === 'request') this.takeRequest(message);
      else if (kind === 'notification') this.takeNotification(message);
      else return this.takeInvalid(message);
    } catch (error) {
      this.report(error as Error);
    }
    message.release();
  }

  private takeRequest(message: JsonRpcMessage): void {
    if (this.flow.strained) this.flow.update();
    this.inbox.takeRequest(message);
  }

  private takeNotification(message: JsonRpcMessage): void {
    if (message.method === this.dialect.progressMethod) this.takeProgress(message);
    this.inbox.takeNotification(message);
  }

  private takeAnswer(message: JsonRpcMessage): void {
    const { batch } = message;
    if (batch !== undefined) this.inbox.takeAnswer(message);
    // One that is taken is released by the correlation, or passed on raw.
    if (!this.correlation.correlateResponse(message)) message.release();
  }

  /** A frame that is no message fails the call that it would have answered. */
  private takeInvalid(message: JsonRpcMessage): void {
    this.report(message.failure as AirsMcpError); // an invalid message has one
    if (this.correlation.isAnswer(message)) return this.takeAnswer(message);
    this.inbox.takeInvalid(message);
    message.release();
  }

  private takeProgress(message: JsonRpcMessage): void {
    const { token, value } = this.dialect.readProgress(message);
    if (typeof token !== 'string' && typeof token !== 'number') return;
    try {
      this.correlation.correlateProgress(token, value);
    } catch (error) {
      this.report(error as Error); // thrown by onProgress
    }
  }

  private draft(id: number, method: string, params: unknown, options: RequestOptions | undefined): JsonRpcMessage {
    const wantsProgress = options !== undefined && (options.onProgress !== undefined || options.resetTimeoutOnProgress === true);
    return JsonRpcMessage.request(id, method, wantsProgress ? this.dialect.withToken(params, id) : params);
  }

  private register(message: JsonRpcMessage, options: RequestOptions | undefined): Promise<unknown> {
    const result = this.correlation.registerRequest(message, options);
    if (this.correlation.isPending(message)) this.prepare(message.id as number, message.method as string, result); // it has both
    return result;
  }

  /** Makes ready for the answer to a request that is about to be sent. */
  private prepare(id: number, method: string, result: Promise<unknown>): void {
    if (method === this.dialect.uncancellable) {
      this.uncancellable.add(id);
      const settled = (): void => void this.uncancellable.delete(id);
      result.then(settled, settled);
    }
    if (currentJob() !== undefined) this.flow.follow(result);
    if (this.flow.paused) this.flow.update();
  }

  private sayCancelled(id: RequestId, reason: AirsMcpError): void {
    if (this.uncancellable.has(id)) return;
    const params = this.dialect.cancelParams(id, reason.message);
    void this.transport.send(JsonRpcMessage.notification(this.dialect.cancelMethod, params));
  }

  private report(error: Error): void {
    guarded(() => this.onerror?.(error));
  }

  private failed(error: Error): void {
    const { code } = error as Partial<AirsMcpError>;
    // The transport closes now, which may take it seconds: nobody waits for that.
    if (code === 'AIRS_MCP_TRANSPORT_FAILED' || code === 'AIRS_MCP_CHILD_EXITED') this.lose(error);
    this.report(error);
  }

  private endOfInput(): void {
    this.lose(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED', 'the other side ended the connection'));
    void this.close({ drain: this.drains });
  }

  /** No answer can come any more. */
  private lose(reason: Error): void {
    this.lost ??= reason;
    this.correlation.failAll(reason);
  }

  private async shutDown(allSettled: Promise<void>): Promise<void> {
    await allSettled;
    this.parting = true;
    await this.transport.close();
    this.outbox.close();
    await this.correlation.shutdown();
  }

  /** The transport is closed, by us or by what happened to it. */
  private async closed(): Promise<void> {
    if (!this.parting) this.lose(this.lost ?? (await this.whyClosed()));
    await this.close({ drain: false });
    guarded(() => this.onclose?.());
  }

  /** A transport that closed refuses to send, and says why: also where the end was no failure, as a server's that is done. */
  private async whyClosed(): Promise<Error> {
    try {
      await this.transport.send(JsonRpcMessage.notification(this.dialect.progressMethod));
      return new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED');
    } catch (error) {
      return error as Error;
    }
  }
}

/** Calls back to the user. What that throws must not disturb what goes on here: it becomes an uncaught exception. */
function guarded(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function rejected(error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)));
}

/** A rejection that may be ignored. */
function ignorable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
