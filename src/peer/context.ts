import { keepLayout } from '../base/layout.js';
import type { RequestId } from '../base/wire.js';
import type { HandlerContext } from '../concurrency/job.js';
import { JsonRpcMessage } from '../message/message.js';

/** What a context needs of its peer. */
export interface ProgressSink {
  /** Whether the request is in flight: afterwards nothing more is said about it. */
  isOpen(request: JsonRpcMessage): boolean;
  /** The token under which a request wants its progress; undefined where it wants none. */
  tokenOf(request: JsonRpcMessage): RequestId | undefined;
  sendProgress(token: RequestId, value: unknown): Promise<void>;
}

/** A request or notification as its handler sees it. Good until the request is answered; `message.retain()` keeps it longer. */
export class RequestContext<Params = unknown> {
  /** The message itself, its payload unparsed until read. */
  readonly message: JsonRpcMessage;
  readonly #context: HandlerContext;
  readonly #sink: ProgressSink;
  /** null: not looked for yet. */
  #token: RequestId | undefined = null;

  /** @internal */
  constructor(message: JsonRpcMessage, context: HandlerContext, sink: ProgressSink) {
    this.message = message;
    this.#context = context;
    this.#sink = sink;
  }

  /** The request's id; undefined for a notification. */
  get id(): RequestId | undefined {
    return this.message.id;
  }

  get method(): string {
    return this.message.method as string; // a call has one
  }

  /** Parsed at the first read. Typed as the method map says; what the peer sent is not checked. */
  get params(): Params {
    return this.message.params as Params;
  }

  /** The exact bytes of the params. */
  get rawParams(): Uint8Array | undefined {
    return this.message.rawParams;
  }

  /** One value by its JSON pointer from the message's root, without parsing the rest: `at('/params/name')`. */
  at(pointer: string): unknown {
    return this.message.at(pointer);
  }

  /** Aborts when the peer cancels the request, when it times out, or when this side shuts down. */
  get signal(): AbortSignal {
    return this.#context.signal;
  }

  /**
   * Reports progress, if the request asked for it and is not settled yet; otherwise nothing is sent. It leaves before the
   * response does. Resolves when the transport has room for more; ignoring the promise is safe.
   *
   * @param value in MCP the progress so far, a number that rises, or `{ progress, total, message }`; in LSP any value
   */
  progress(value: unknown): Promise<void> {
    if (!this.#sink.isOpen(this.message)) return Promise.resolve();
    if (this.#token === null) this.#token = this.#sink.tokenOf(this.message);
    return this.#token === undefined ? Promise.resolve() : this.#sink.sendProgress(this.#token, value);
  }
}

keepLayout(new RequestContext(
  JsonRpcMessage.notification(''),
  { signal: new AbortController().signal, priority: 'normal' },
  { isOpen: () => false, tokenOf: () => undefined, sendProgress: () => Promise.resolve() },
));
