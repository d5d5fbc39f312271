/** How a protocol on JSON-RPC 2.0 says the things that JSON-RPC leaves open: cancelling, and progress. */

import { AirsMcpError } from '../base/errors.js';
import type { RequestId } from '../base/wire.js';
import { RawJson } from '../message/json.js';
import type { JsonRpcMessage } from '../message/message.js';

export interface Dialect {
  readonly cancelMethod: string;
  cancelParams(id: RequestId, reason: string): object;
  /** The id that a cancel notification names. */
  cancelledId(notification: JsonRpcMessage): unknown;
  /** The error number that answers a request which its sender has cancelled; undefined: it gets no answer. */
  readonly cancelledCode: number | undefined;
  /** The method whose requests are never cancelled. */
  readonly uncancellable: string;

  readonly progressMethod: string;
  /** The token under which a request wants its progress. */
  tokenOf(request: JsonRpcMessage): unknown;
  /**
   * The params of a request that wants its progress under `token`.
   * @throws `AIRS_MCP_INVALID_ARGUMENT` for params that have no place for it
   */
  withToken(params: unknown, token: RequestId): object;
  progressParams(token: RequestId, value: unknown): object;
  /** The token and value of a progress notification. */
  readProgress(notification: JsonRpcMessage): { token: unknown; value: unknown };

  /** Whether params may carry a trace's identity in `_meta`. */
  readonly carriesMeta: boolean;

  /** Whether a frame that can't be read, and shows no id, is answered with id null (JSON-RPC 2.0 section 5). */
  readonly answersUnreadable: boolean;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Params as members that more can be added to. */
function membersOf(params: unknown): Record<string, unknown> {
  const value = params instanceof RawJson ? params.toJSON() : params;
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', 'a request that wants progress has its params in an object');
}

/** The Model Context Protocol (2025-11-25: basic/utilities/cancellation, basic/utilities/progress). */
export const MCP: Dialect = {
  cancelMethod: 'notifications/cancelled',
  cancelParams: (requestId, reason) => ({ requestId, reason }),
  cancelledId: (notification) => notification.at('/params/requestId'),
  cancelledCode: undefined,
  uncancellable: 'initialize',
  progressMethod: 'notifications/progress',
  tokenOf: (request) => request.at('/params/_meta/progressToken'),
  withToken(params, progressToken) {
    const given = membersOf(params);
    const meta = given['_meta'];
    return { ...given, _meta: { ...(isObject(meta) ? meta : {}), progressToken } };
  },
  progressParams: (progressToken, value) => (isObject(value) ? { ...value, progressToken } : { progressToken, progress: value }),
  readProgress: (notification) => ({ token: notification.at('/params/progressToken'), value: notification.params }),
  carriesMeta: true,
  // Lines that are no messages are mostly a server's logs, and an answer to each would not help.
  answersUnreadable: false,
};

/** The Language Server Protocol 3.17 ($/cancelRequest, $/progress with work done tokens). */
export const LSP: Dialect = {
  cancelMethod: '$/cancelRequest',
  cancelParams: (id) => ({ id }),
  cancelledId: (notification) => notification.at('/params/id'),
  // "A request that got canceled still needs to return from the server and send a response back": RequestCancelled.
  cancelledCode: -32800,
  uncancellable: 'initialize',
  progressMethod: '$/progress',
  tokenOf: (request) => request.at('/params/workDoneToken'),
  withToken: (params, workDoneToken) => ({ ...membersOf(params), workDoneToken }),
  progressParams: (token, value) => ({ token, value }),
  readProgress: (notification) => ({ token: notification.at('/params/token'), value: notification.at('/params/value') }),
  carriesMeta: false,
  answersUnreadable: true,
};
