import type { AirsMcpError } from '../base/errors.js';
import type { Job, Receiver } from '../concurrency/job.js';
import type { BatchInfo, JsonRpcMessage } from '../message/message.js';

/** Where replies go. */
export interface ReplyHost {
  /** A request is settled, with its response or without one; `key` is no longer in flight. */
  settled(key: number | string, response: JsonRpcMessage | null, batch: BatchReply | null): void;
}

/** Takes the outcome of one request. */
export class Reply implements Receiver {
  /** For cancelling; null until the request is accepted. */
  job: Job | null = null;
  done = false;

  constructor(
    private readonly host: ReplyHost,
    private readonly key: number | string,
    private readonly batch: BatchReply | null,
  ) {}

  answer(response: JsonRpcMessage | null): void {
    this.done = true;
    this.host.settled(this.key, response, this.batch);
  }

  /** Cancelled: no response is due (MCP, cancellation). */
  refuse(_error: AirsMcpError): void {
    this.answer(null);
  }
}

/** The answers to one batch, gathered until every member is settled (JSON-RPC 2.0 section 6). */
export class BatchReply {
  private readonly responses: JsonRpcMessage[] = [];
  private left: number;

  constructor(readonly batch: BatchInfo, private readonly send: (responses: JsonRpcMessage[]) => void) {
    this.left = batch.size;
  }

  /** Notes that one member is settled; notifications, and requests that were cancelled, without a response. */
  add(response: JsonRpcMessage | null): void {
    if (response !== null) this.responses.push(response);
    // "There MUST NOT be an empty Array": a batch of notifications has no answer at all.
    if (--this.left === 0 && this.responses.length > 0) this.send(this.responses);
  }
}
