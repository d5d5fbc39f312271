import { AirsMcpError } from '../base/errors.js';
import type { RequestId } from '../base/wire.js';
import type { ProcessorConfig } from '../concurrency/config.js';
import { type HandlerContext, type Receiver, STATE } from '../concurrency/job.js';
import { ConcurrentJsonRpcProcessor } from '../concurrency/processor.js';
import { currentJob } from '../concurrency/runner.js';
import { JsonRpcMessage } from '../message/message.js';
import type { Transport } from '../transport/contract.js';
import { type ProgressSink, RequestContext } from './context.js';
import type { Dialect } from './dialect.js';
import type { Handler } from './methods.js';
import { type Observer, observedOf } from './observer.js';
import type { Outbox } from './outbox.js';
import { BatchReply, Reply, type ReplyHost } from './replies.js';
import { RunningRequests } from './running.js';

const METHOD_NOT_FOUND = -32601;
const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;
/** The MCP SDKs' number for a connection that closed. */
const CONNECTION_CLOSED = -32000;

/** How their calls are answered. */
export interface InboxOptions {
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly fallback: Handler | undefined;
  readonly processor: Partial<ProcessorConfig>;
  /** Told of notifications that failed. */
  readonly report: (error: Error) => void;
  readonly observer: Observer;
}

/** The calls of the other side: brings each request to its handler, and its answer to the outbox. */
export class Inbox implements ReplyHost, ProgressSink {
  readonly processor: ConcurrentJsonRpcProcessor;
  private readonly running = new RunningRequests();
  /** Whether notifications without a handler of their own are run as well. */
  private readonly takesAll: boolean;
  /** The answers to the batch whose members arrive now. */
  private gathering: BatchReply | null = null;

  /** @throws `AIRS_MCP_INVALID_CONFIG` */
  constructor(
    private readonly transport: Transport,
    private readonly outbox: Outbox,
    private readonly dialect: Dialect,
    private readonly options: InboxOptions,
  ) {
    this.processor = new ConcurrentJsonRpcProcessor(options.processor, (message, context) => this.handle(message, context));
    this.takesAll = options.fallback !== undefined || options.processor.workerModule !== undefined;
  }

  takeRequest(message: JsonRpcMessage): void {
    const batch = message.batch === undefined ? null : this.batchOf(message);
    const key = this.running.keyFor(message);
    if (key === undefined) {
      const error = { code: INVALID_REQUEST, message: `a request with the id ${message.idText} is in flight` };
      return this.answerNow(JsonRpcMessage.error(message, error), batch);
    }
    const reply = new Reply(this, key, message, batch);
    if (this.options.observer.watchesRequests) reply.observed = this.options.observer.request(message);
    this.running.add(reply);
    try {
      const job = this.processor.submit(message, reply);
      if (job === null) throw new AirsMcpError('AIRS_MCP_QUEUE_FULL');
      reply.job = job;
    } catch (error) {
      this.running.remove(reply);
      reply.observed?.refuse(error as AirsMcpError); // as below
      this.answerNow(refusal(message, error as AirsMcpError), batch); // all that submit throws
    }
  }

  takeNotification(message: JsonRpcMessage): void {
    const method = message.method as string; // a call has one
    const ours = method === this.dialect.cancelMethod || method === this.dialect.progressMethod;
    if (method === this.dialect.cancelMethod) this.cancel(this.dialect.cancelledId(message));
    if (this.options.handlers.has(method) || (this.takesAll && !ours)) this.run(message);
    if (message.batch !== undefined) this.batchOf(message).add(null);
  }

  /** A frame that is no message, nor was going to be an answer: answered if it may have been a call. */
  takeInvalid(message: JsonRpcMessage): void {
    const failure = message.failure as AirsMcpError; // an invalid message has one
    const batch = message.batch === undefined ? null : this.batchOf(message);
    if (batch !== null || this.answersTo(message, failure)) this.answerNow(refusal(message, failure), batch);
  }

  /** An answer that came in a batch: whoever mixes it with calls waits for the answers to those only. */
  takeAnswer(message: JsonRpcMessage): void {
    this.batchOf(message).add(null);
  }

  settled(reply: Reply, response: JsonRpcMessage | null): void {
    this.running.remove(reply);
    if (reply.batch !== null) reply.batch.add(response);
    else if (response !== null) this.outbox.send(response);
  }

  isOpen(request: JsonRpcMessage): boolean {
    return request.kind === 'request' && this.running.isOpen(request);
  }

  tokenOf(request: JsonRpcMessage): RequestId | undefined {
    const token = this.dialect.tokenOf(request);
    return typeof token === 'string' || typeof token === 'number' ? token : undefined;
  }

  sendProgress(token: RequestId, value: unknown): Promise<void> {
    return this.transport.send(JsonRpcMessage.notification(this.dialect.progressMethod, this.dialect.progressParams(token, value)));
  }

  private cancel(id: unknown): void {
    const reply = this.running.find(id);
    // One that is done may wait for its turn to be answered; its request is released.
    if (reply === undefined || reply.job === null || reply.job.state === STATE.DONE) return;
    if (reply.request.method === this.dialect.uncancellable) return;
    const code = this.dialect.cancelledCode;
    if (code !== undefined) reply.refusal = JsonRpcMessage.error(reply.request, { code, message: 'the request was cancelled' });
    this.processor.cancel(reply.job, 'the other side cancelled it');
  }

  /** Runs a notification. */
  private run(message: JsonRpcMessage): void {
    const { observer } = this.options;
    const observed = observer.watchesRequests ? observer.request(message) : null;
    try {
      const job = this.processor.submit(message, observed ?? IGNORED);
      if (job === null) throw new AirsMcpError('AIRS_MCP_QUEUE_FULL', `a notification was dropped: ${message.method}`);
    } catch (error) {
      observed?.refuse(error as AirsMcpError); // all that submit throws
      this.options.report(error as Error);
    }
  }

  private handle(message: JsonRpcMessage, context: HandlerContext): unknown {
    const method = message.method as string; // a call has one
    const handler = this.options.handlers.get(method) ?? this.options.fallback;
    if (message.kind === 'notification') return this.handleNotification(message, context, handler);
    if (handler === undefined) throw new MethodNotFound(method);
    if (this.outbox.blocked) return this.handleLater(message, context, handler);
    return this.invoke(handler, message, context);
  }

  private invoke(handler: Handler, message: JsonRpcMessage, context: HandlerContext): unknown {
    const request = new RequestContext(message, context, this);
    const observed = this.options.observer.watchesRequests ? observedOf(currentJob()) : null;
    return observed === null ? handler(request) : observed.run(() => handler(request));
  }

  /** The other side doesn't read its answers: it shall not make us hold more of them. */
  private async handleLater(message: JsonRpcMessage, context: HandlerContext, handler: Handler): Promise<unknown> {
    while (this.outbox.blocked) await this.outbox.room();
    if (context.signal.aborted) throw context.signal.reason;
    return this.invoke(handler, message, context);
  }

  /** Nobody waits for the outcome of a notification, so its failure is reported here. */
  private handleNotification(message: JsonRpcMessage, context: HandlerContext, handler: Handler | undefined): unknown {
    try {
      const outcome = handler === undefined ? undefined : this.invoke(handler, message, context);
      return isObject(outcome) && 'then' in outcome ? Promise.resolve(outcome).catch(this.reportThrown) : undefined;
    } catch (error) {
      this.reportThrown(error);
      return undefined;
    }
  }

  private readonly reportThrown = (thrown: unknown): void =>
    this.options.report(thrown instanceof Error ? thrown : new Error(`a handler threw ${String(thrown)}`, { cause: thrown }));

  private answersTo(message: JsonRpcMessage, failure: AirsMcpError): boolean {
    // Nothing but a batch is too large as one, and somebody waits for it.
    return message.id !== undefined || this.dialect.answersUnreadable || failure.code === 'AIRS_MCP_BATCH_TOO_LARGE';
  }

  private answerNow(response: JsonRpcMessage, batch: BatchReply | null): void {
    if (batch === null) this.outbox.send(response);
    else batch.add(response);
  }

  /** The reply to the batch that `message` is a member of. Members come one after the other. */
  private batchOf({ batch }: JsonRpcMessage): BatchReply {
    if (this.gathering === null || this.gathering.batch !== batch) {
      this.gathering = new BatchReply(batch as NonNullable<typeof batch>, (responses) => this.outbox.send(responses));
    }
    return this.gathering;
  }
}

/** What becomes of a notification is nobody's business. */
const IGNORED: Receiver = { answer: () => undefined, refuse: () => undefined };

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The error response to what could not be taken. */
function refusal(message: JsonRpcMessage, error: AirsMcpError): JsonRpcMessage {
  const { code, rpcCode, retryable } = error;
  const number = code === 'AIRS_MCP_SHUTDOWN' ? CONNECTION_CLOSED : (rpcCode ?? INTERNAL_ERROR);
  return JsonRpcMessage.error(message, { code: number, message: error.message, data: { code, retryable } });
}

class MethodNotFound extends Error {
  readonly code = METHOD_NOT_FOUND;

  constructor(method: string) {
    super(`no such method: ${method}`);
  }
}
