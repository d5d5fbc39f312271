/** Requests that are given up while their answer may still come: what they fail with, and who is told of it. */

import { AirsMcpError } from '../base/errors.js';
import { guarded } from '../base/guarded.js';
import { type IdKey, idOf, idTextOf } from './key.js';
import type { PendingRequest } from './pending.js';

/** Hears of each, with its id; `reason.code` tells which way it went. */
export type AbandonListener = (id: string | number, reason: AirsMcpError) => void;

/** @param reason becomes the cause */
export function cancelled(key: IdKey, reason: unknown): AirsMcpError {
  const options = reason === undefined ? {} : { cause: reason };
  return new AirsMcpError('AIRS_MCP_CANCELLED', `the request ${idTextOf(key)} was cancelled`, options);
}

/** @param total the `maxTotalTimeout` that is over (ms); undefined where it was the timeout */
export function timedOut({ key, timeout }: PendingRequest, total: number | undefined): AirsMcpError {
  const waited = total === undefined ? `${timeout} ms` : `a maxTotalTimeout of ${total} ms`;
  return new AirsMcpError('AIRS_MCP_REQUEST_TIMEOUT', `no response to the request ${idTextOf(key)} within ${waited}`);
}

/** Fails the request, then tells the listener. What that throws becomes an uncaught exception. */
export function abandon(request: PendingRequest, error: AirsMcpError, listener: AbandonListener | undefined): void {
  request.reject(error);
  if (listener === undefined) return;
  // Many requests may be given up in one go: the others must be, whatever happens here.
  guarded(() => listener(idOf(request.key), error));
}
