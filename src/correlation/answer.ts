import { AirsMcpRemoteError } from '../base/remote.js';
import type { JsonRpcMessage } from '../message/message.js';

/** What a message must have to answer a request. */
export type Answer = Pick<JsonRpcMessage, 'kind' | 'id' | 'idText' | 'result' | 'error' | 'failure' | 'intent' | 'isHollow' | 'release'>;

/** Why an answer is none, as an error. */
export function failureOf(message: Answer): Error {
  if (message.failure !== undefined) return message.failure;
  try {
    return AirsMcpRemoteError.from(message.error);
  } catch (error) {
    return error as Error;
  }
}
