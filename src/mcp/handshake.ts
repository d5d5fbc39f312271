/** What a server that is started again has to be told, and what waits for it meanwhile. */

import { AirsMcpError } from '../base/errors.js';
import { DEFAULT_RECEIVE_QUEUE } from '../base/limits.js';
import type { JSONRPCMessage } from './wire.js';

interface Members {
  id?: string | number;
  method?: string;
  result?: { protocolVersion?: unknown };
  error?: { message?: unknown };
}

/** The id of a repeated `initialize`: no SDK makes ids like it. */
const REPLAY_ID = 'airs-mcp:restart';

/**
 * How the session was opened, so that a new process can be brought to the same point. Sessions of 2025 open with
 * `initialize` and `notifications/initialized`, which are repeated; those of 2026 carry all in each request.
 */
export class Handshake {
  private initialize: JSONRPCMessage | null = null;
  private initialized: JSONRPCMessage | null = null;
  private version: unknown;
  private answered = false;
  private replaying: { resolve(answer: Members): void; reject(error: Error): void } | null = null;

  /** Whether the session has got so far that it is worth restoring. */
  get complete(): boolean {
    return this.initialize === null ? this.answered : this.initialized !== null;
  }

  noteOutgoing(message: JSONRPCMessage): void {
    const { method } = message as Members;
    if (method === 'initialize') this.initialize = message;
    else if (method === 'notifications/initialized') this.initialized = message;
  }

  /** Looks at what comes in; true where it was meant for the handshake alone. */
  noteIncoming(message: JSONRPCMessage): boolean {
    const { id, method, result } = message as Members;
    // The only sign of life of a session of 2026 that does no more than listen.
    if (method === 'notifications/subscriptions/acknowledged') this.answered = true;
    if (method !== undefined) return false;
    if (id === REPLAY_ID && this.replaying !== null) {
      this.replaying.resolve(message as Members);
      this.replaying = null;
      return true;
    }
    this.answered ||= result !== undefined;
    if (this.initialize !== null && id === (this.initialize as Members).id) this.version = result?.protocolVersion;
    return false;
  }

  /**
   * Opens the session with a new process as it was opened with the first.
   *
   * @throws `AIRS_MCP_TRANSPORT_FAILED` where the server now answers otherwise, and what `send` and `abort` say
   */
  async replay(send: (message: JSONRPCMessage) => Promise<void>): Promise<void> {
    if (this.initialize === null) return;
    const answer = await new Promise<Members>((resolve, reject) => {
      this.replaying = { resolve, reject };
      send({ ...this.initialize, id: REPLAY_ID } as JSONRPCMessage).catch(reject);
    });
    if (answer.result === undefined || answer.result.protocolVersion !== this.version) {
      const reason = answer.error === undefined ? 'another protocol version' : String(answer.error.message);
      throw new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', `the restarted server did not take up the session: ${reason}`);
    }
    if (this.initialized !== null) await send(this.initialized);
  }

  /** The process that is being spoken to is gone. */
  abort(error: Error): void {
    this.replaying?.reject(error);
    this.replaying = null;
  }
}

interface HeldMessage {
  readonly message: JSONRPCMessage;
  readonly resolve: (sent: Promise<void>) => void;
  readonly reject: (error: Error) => void;
}

/** Messages that wait for the server to be back. */
export class HeldMessages {
  private held: HeldMessage[] = [];

  /** @throws `AIRS_MCP_SEND_QUEUE_FULL` */
  hold(message: JSONRPCMessage): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      if (this.held.length < DEFAULT_RECEIVE_QUEUE) this.held.push({ message, resolve, reject });
      else reject(new AirsMcpError('AIRS_MCP_SEND_QUEUE_FULL', 'too many messages wait for the server to be restarted'));
    });
    promise.catch(() => undefined);
    return promise;
  }

  release(send: (message: JSONRPCMessage) => Promise<void>): void {
    for (const { message, resolve } of this.held.splice(0)) resolve(send(message));
  }

  refuse(error: Error): void {
    for (const { reject } of this.held.splice(0)) reject(error);
  }
}
