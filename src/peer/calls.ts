import type { AirsMcpError } from '../base/errors.js';
import { refused, rejected } from '../base/rejection.js';
import type { RequestId } from '../base/wire.js';
import { currentJob } from '../concurrency/runner.js';
import type { CorrelationConfig } from '../correlation/config.js';
import { CorrelationManager } from '../correlation/manager.js';
import type { RequestOptions } from '../correlation/options.js';
import { JsonRpcMessage } from '../message/message.js';
import type { Transport } from '../transport/contract.js';
import type { Dialect } from './dialect.js';
import type { Flow } from './flow.js';
import type { BatchCall } from './methods.js';
import type { Observer } from './observer.js';

/** What calls need of their peer. */
export interface CallsOptions {
  readonly correlation: Partial<CorrelationConfig> | undefined;
  readonly observer: Observer;
  /** Told of what a caller's `onProgress` throws. */
  readonly report: (error: Error) => void;
}

/** Our calls: writes each, and brings its answer and its progress back to who made it. */
export class Calls {
  readonly correlation: CorrelationManager;
  /** Set before the first call. */
  flow!: Flow;
  /** Why no answer can come any more. */
  private gone: Error | null = null;
  private lastId = 0;
  /** The latest promise of `send`; what is written together shares one, whose failure is that of the connection. */
  private lastSent: Promise<void> | null = null;
  /** Requests in flight whose end the other side is not to be told of. */
  private readonly uncancellable = new Set<RequestId>();

  /** @throws `AIRS_MCP_INVALID_CONFIG` */
  constructor(
    private readonly transport: Transport,
    private readonly dialect: Dialect,
    private readonly options: CallsOptions,
  ) {
    this.correlation = new CorrelationManager(options.correlation, { onAbandoned: (id, reason) => this.sayCancelled(id, reason) });
  }

  request(method: string, params: unknown, options: RequestOptions | undefined): Promise<unknown> {
    const { observer } = this.options;
    if (!observer.watchesCalls) return this.call(method, params, options);
    const observed = observer.call('request', this.lastId + 1, method, params);
    return observed.follow(this.call(method, observed.params, options));
  }

  notify(method: string, params: unknown): Promise<void> {
    const { observer } = this.options;
    if (!observer.watchesCalls) return this.say(method, params);
    const observed = observer.call('notification', undefined, method, params);
    return observed.follow(this.say(method, observed.params));
  }

  batch(calls: readonly BatchCall[], options: RequestOptions | undefined): Promise<unknown>[] {
    const { observer } = this.options;
    if (!observer.watchesCalls) return this.sendBatch(calls, options);
    return observer.batch(calls, this.lastId + 1, (observed) => this.sendBatch(observed, options));
  }

  /** An answer of the other side's: released by the correlation where it is taken, or passed on raw. */
  takeAnswer(message: JsonRpcMessage): void {
    if (!this.correlation.correlateResponse(message)) message.release();
  }

  takeProgress(message: JsonRpcMessage): void {
    const { token, value } = this.dialect.readProgress(message);
    if (typeof token !== 'string' && typeof token !== 'number') return;
    try {
      this.correlation.correlateProgress(token, value);
    } catch (error) {
      this.options.report(error as Error); // thrown by onProgress
    }
  }

  /** No answer can come any more: the first reason given holds for all that pend, and for all to come. */
  lose(reason: Error): void {
    this.gone ??= reason;
    this.correlation.failAll(reason);
  }

  /** Why no answer can come any more; null while one can. */
  get lost(): Error | null {
    return this.gone;
  }

  private call(method: string, params: unknown, options: RequestOptions | undefined): Promise<unknown> {
    if (this.gone !== null) return Promise.reject(this.gone);
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

  private say(method: string, params: unknown): Promise<void> {
    try {
      return this.transport.send(JsonRpcMessage.notification(method, params));
    } catch (error) {
      return refused(error);
    }
  }

  private sendBatch(calls: readonly BatchCall[], options: RequestOptions | undefined): Promise<unknown>[] {
    const drafts = calls.map(({ method, params, notification }) =>
      notification === true ? JsonRpcMessage.notification(method, params) : this.draft(++this.lastId, method, params, options));
    const { gone } = this;
    if (gone !== null) return drafts.map(({ kind }) => (kind === 'request' ? Promise.reject(gone) : refused(gone)));
    const results = drafts.map((message) => (message.kind === 'request' ? this.register(message, options) : null));
    const messages = drafts.filter((message) => message.kind === 'notification' || this.correlation.isPending(message));
    const sent = messages.length === 0 ? Promise.resolve() : this.transport.send(messages);
    sent.catch((error: unknown) => {
      for (const message of messages) if (message.kind === 'request') this.correlation.failRequest(message, error as Error);
    });
    return results.map((result) => result ?? sent);
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
}
