import type { AirsMcpError } from '../base/errors.js';
import type { JsonRpcMessage } from '../message/message.js';
import type { Receiver } from './job.js';

/** A job's outcome as a promise, made only when it is asked for: one that is settled by then needs no executor. */
export class Outcome implements Receiver {
  private response: JsonRpcMessage | null = null;
  private error: AirsMcpError | null = null;
  private resolve: ((response: JsonRpcMessage) => void) | null = null;
  private reject: ((error: AirsMcpError) => void) | null = null;

  /** Once. */
  get promise(): Promise<JsonRpcMessage> {
    if (this.response !== null) return Promise.resolve(this.response);
    if (this.error !== null) return Promise.reject(this.error);
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  answer(response: JsonRpcMessage | null): void {
    if (this.resolve !== null) this.resolve(response as JsonRpcMessage); // only requests have an outcome
    else this.response = response;
  }

  refuse(error: AirsMcpError): void {
    if (this.reject !== null) this.reject(error);
    else this.error = error;
  }
}
