import { AsyncResource } from 'node:async_hooks';
import { AirsMcpError } from '../base/errors.js';
import { guarded } from '../base/guarded.js';
import type { ConcurrentJsonRpcProcessor } from '../concurrency/processor.js';
import type { CorrelationManager } from '../correlation/manager.js';
import type { RequestOptions } from '../correlation/options.js';
import { JsonRpcMessage } from '../message/message.js';
import type { Transport } from '../transport/contract.js';
import { Calls } from './calls.js';
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
  private readonly calls: Calls;
  private readonly inbox: Inbox;
  private readonly outbox: Outbox;
  private readonly flow: Flow;
  private readonly drains: boolean;
  /** Where no handler runs. What the transport causes is nobody's doing, whatever code it happened in. */
  private readonly outside = new AsyncResource('JsonRpcPeer');
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
    this.outbox = new Outbox(transport, () => this.flow.update());
    const report = (error: Error): void => this.report(error);
    const { correlation, fallback, instrumentation = null, processor = {} } = options;
    const observer = new Observer(this, instrumentation, this.dialect.carriesMeta, report);
    this.calls = new Calls(transport, this.dialect, { correlation, observer, report });
    this.inbox = new Inbox(transport, this.outbox, this.dialect, { handlers, fallback, processor, report, observer });
    this.correlation = this.calls.correlation;
    this.processor = this.inbox.processor;
    this.flow = new Flow(transport, this.processor, this.correlation, this.outbox, this.outside);
    this.calls.flow = this.flow;
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
    return this.calls.request(method, params, options);
  }

  /** Sends a notification. Settles as the transport's `send`; ignoring the promise is safe. */
  notify<Name extends MethodName<Remote>>(method: Name, ...[params]: CallArguments<ParamsOf<Remote, Name>, never>): Promise<void> {
    return this.calls.notify(method, params);
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
    return this.calls.batch(calls, options);
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
    if (message.method === this.dialect.progressMethod) this.calls.takeProgress(message);
    this.inbox.takeNotification(message);
  }

  private takeAnswer(message: JsonRpcMessage): void {
    const { batch } = message;
    if (batch !== undefined) this.inbox.takeAnswer(message);
    this.calls.takeAnswer(message);
  }

  /** A frame that is no message fails the call that it would have answered. */
  private takeInvalid(message: JsonRpcMessage): void {
    this.report(message.failure as AirsMcpError); // an invalid message has one
    if (this.correlation.isAnswer(message)) return this.takeAnswer(message);
    this.inbox.takeInvalid(message);
    message.release();
  }

  private report(error: Error): void {
    guarded(() => this.onerror?.(error));
  }

  private failed(error: Error): void {
    const { code } = error as Partial<AirsMcpError>;
    // The transport closes now, which may take it seconds: nobody waits for that.
    if (code === 'AIRS_MCP_TRANSPORT_FAILED' || code === 'AIRS_MCP_CHILD_EXITED') this.calls.lose(error);
    this.report(error);
  }

  private endOfInput(): void {
    this.calls.lose(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED', 'the other side ended the connection'));
    void this.close({ drain: this.drains });
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
    if (!this.parting) this.calls.lose(this.calls.lost ?? (await this.whyClosed()));
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
