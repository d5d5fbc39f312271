import { setTimeout as delay } from 'node:timers/promises';
import { PRESSURE_BEGAN, PRESSURE_ENDED, type PressureEvent } from '../base/channels.js';
import { AirsMcpError } from '../base/errors.js';
import { REPLY_BACKLOG } from '../base/limits.js';
import { JsonRpcMessage } from '../message/message.js';
import type { Transport } from '../transport/contract.js';

const INTERNAL_ERROR = -32603;
/** How soon a full send queue is tried again (ms). */
const RETRY_DELAY = 20;
/** The least that {@link Outbox} takes for too much unread (bytes): what a stream holds anyway. */
const LEAST_BACKLOG = 16 * 1024;

type Answer = JsonRpcMessage | JsonRpcMessage[];

/**
 * Answers on their way out. None is lost: one that does not fit in the send queue is replaced by an error, and that is
 * sent again until there is room.
 *
 * While the other side leaves more than {@link REPLY_BACKLOG} unread the outbox is blocked: no handler should begin.
 */
export class Outbox {
  blocked = false;
  /** How much may be unread (bytes); less than {@link REPLY_BACKLOG} where the send queue turned out to be smaller. */
  private backlog = REPLY_BACKLOG;
  private closed = false;
  /** The latest promise of `send`; what is written together shares one, whose failure is that of the connection. */
  private last: Promise<void> | null = null;
  /** Errors that stand for answers, and wait for room. */
  private readonly owed: Answer[] = [];
  private gate: Promise<void> | null = null;
  private openGate: (() => void) | null = null;

  /** @param onchange called when the outbox becomes blocked or indebted, and when no more */
  constructor(private readonly transport: Transport, private readonly onchange: () => void) {}

  /** Whether not even errors can be sent. */
  get indebted(): boolean {
    return this.owed.length > 0;
  }

  send(answer: Answer): void {
    const sent = this.transport.send(answer);
    if (sent !== this.last) {
      this.last = sent;
      sent.catch((error: unknown) => this.refused(answer, error));
    }
    if (!this.blocked && this.transport.queued > this.backlog) this.block(sent);
  }

  /** Resolves when the outbox is no longer blocked. */
  room(): Promise<void> {
    return (this.gate ??= new Promise((resolve) => (this.openGate = resolve)));
  }

  /** The connection is over: nobody waits any more. */
  close(): void {
    this.closed = true;
    this.owed.length = 0;
    this.unblock();
  }

  private block(sent: Promise<void>): void {
    this.blocked = true;
    if (PRESSURE_BEGAN.hasSubscribers) PRESSURE_BEGAN.publish(this.pressure());
    this.onchange();
    void sent.catch(() => pause()).then(() => this.unblock());
  }

  private unblock(): void {
    if (this.blocked && PRESSURE_ENDED.hasSubscribers) PRESSURE_ENDED.publish(this.pressure());
    this.blocked = false;
    this.openGate?.();
    this.openGate = this.gate = null;
    this.onchange();
  }

  private pressure(): PressureEvent {
    return { of: 'answers', held: this.transport.queued, threshold: this.backlog };
  }

  private refused(answer: Answer, error: unknown): void {
    if (isFull(error)) this.backlog = Math.min(this.backlog, Math.max(LEAST_BACKLOG, this.transport.queued >> 1));
    // Anything else is the end of the connection.
    if (isFull(error) || (error instanceof AirsMcpError && error.code === 'AIRS_MCP_NOT_SERIALISABLE')) this.owe(answer, error);
  }

  private owe(answer: Answer, { code, message, retryable }: AirsMcpError): void {
    const data = { code, retryable };
    const failed = (response: JsonRpcMessage): JsonRpcMessage =>
      JsonRpcMessage.error(response, { code: INTERNAL_ERROR, message: `the answer could not be sent: ${message}`, data });
    this.owed.push(Array.isArray(answer) ? answer.map(failed) : failed(answer));
    if (this.owed.length === 1) void this.payBack();
  }

  private async payBack(): Promise<void> {
    this.onchange();
    for (let next = this.owed[0]; next !== undefined && !this.closed; next = this.owed[0]) {
      try {
        await this.transport.send(next);
        this.owed.shift();
      } catch (error) {
        if (!isFull(error)) return;
        await pause();
      }
    }
    this.onchange();
  }
}

function isFull(error: unknown): error is AirsMcpError {
  return error instanceof AirsMcpError && error.code === 'AIRS_MCP_SEND_QUEUE_FULL';
}

/** Nothing says when a queue that refused a message has room. */
function pause(): Promise<void> {
  return delay(RETRY_DELAY, undefined, { ref: false });
}
