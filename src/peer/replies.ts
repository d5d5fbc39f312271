import type { AirsMcpError } from '../base/errors.js';
import { keepLayout } from '../base/layout.js';
import type { Job, Receiver } from '../concurrency/job.js';
import type { IdKey } from '../correlation/key.js';
import { type BatchInfo, JsonRpcMessage } from '../message/message.js';
import type { ObservedRequest } from './observer.js';

/** Where replies go. */
export interface ReplyHost {
  /** A request is settled, with its response or without one. */
  settled(reply: Reply, response: JsonRpcMessage | null): void;
}

/** Takes the outcome of one request of the other side. */
export class Reply implements Receiver {
  /** For cancelling; null until the request is accepted. */
  job: Job | null = null;
  /** What a cancel is answered with, where it is. */
  refusal: JsonRpcMessage | null = null;
  /** Where somebody watches. */
  observed: ObservedRequest | null = null;

  constructor(
    private readonly host: ReplyHost,
    readonly key: IdKey,
    /** The request; released when it is settled. */
    readonly request: JsonRpcMessage,
    readonly batch: BatchReply | null,
  ) {}

  answer(response: JsonRpcMessage | null): void {
    this.observed?.answer(response);
    this.host.settled(this, response);
  }

  /** Cancelled. */
  refuse(error: AirsMcpError): void {
    this.observed?.refuse(error);
    this.host.settled(this, this.refusal);
  }
}

keepLayout(new Reply({ settled: () => undefined }, 0, JsonRpcMessage.notification(''), null));

/** The answers to one batch, gathered until every member is settled (JSON-RPC 2.0 section 6). */
export class BatchReply {
  private responses: JsonRpcMessage[] = [];
  private left: number;

  constructor(readonly batch: BatchInfo, private readonly send: (responses: JsonRpcMessage[]) => void) {
    this.left = batch.size;
  }

  /** Notes that one member is settled; notifications, answers, and requests that were cancelled, without a response. */
  add(response: JsonRpcMessage | null): void {
    if (response !== null) this.responses.push(response);
    if (--this.left > 0) return;
    const { responses } = this;
    this.responses = [];
    // "There MUST NOT be an empty Array": a batch of notifications has no answer at all.
    if (responses.length > 0) this.send(responses);
  }
}
