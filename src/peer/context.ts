import type { RequestId } from '../base/wire.js';
import type { HandlerContext } from '../concurrency/job.js';
import type { JsonRpcMessage } from '../message/message.js';

/** What a context needs of its peer. */
export interface ProgressSink {
  sendProgress(request: JsonRpcMessage, value: unknown): Promise<void>;
}

/** A request or notification as its handler sees it. Good until the request is answered; `message.retain()` keeps it longer. */
export class RequestContext<Params = unknown> {
  /** The message itself, its payload unparsed until read. */
  readonly message: JsonRpcMessage;
  readonly #context: HandlerContext;
  readonly #sink: ProgressSink;

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
   * Reports progress, if the request asked for it; otherwise nothing is sent. It leaves before the response does.
   *
   * @param value in MCP the progress so far, a number that rises, or `{ progress, total, message }`; in LSP any value
   */
  progress(value: unknown): Promise<void> {
    return this.#sink.sendProgress(this.message, value);
  }
}
