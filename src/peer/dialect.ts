/** How a protocol on JSON-RPC 2.0 says the things that JSON-RPC leaves open: cancelling, and progress. */

import type { RequestId } from '../base/wire.js';
import type { JsonRpcMessage } from '../message/message.js';

export interface Dialect {
  readonly cancelMethod: string;
  cancelParams(id: RequestId, reason: string): object;
  /** The id that a cancel notification names. */
  cancelledId(notification: JsonRpcMessage): unknown;
  /** Methods whose requests are never cancelled. */
  readonly uncancellable: ReadonlySet<string>;

  readonly progressMethod: string;
  /** The token under which a request wants its progress; undefined where it wants none. */
  tokenOf(request: JsonRpcMessage): unknown;
  /** The params of a request that wants its progress under `token`. */
  withToken(params: unknown, token: RequestId): object;
  progressParams(token: unknown, value: unknown): object;
  /** The token and value of a progress notification. */
  readProgress(notification: JsonRpcMessage): { token: unknown; value: unknown };

  /** Whether a frame that can't be read, and shows no id, is answered with id null (JSON-RPC 2.0 section 5). */
  readonly answersUnreadable: boolean;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The Model Context Protocol (2025-11-25: basic/utilities/cancellation, basic/utilities/progress). */
export const MCP: Dialect = {
  cancelMethod: 'notifications/cancelled',
  cancelParams: (requestId, reason) => ({ requestId, reason }),
  cancelledId: (notification) => notification.at('/params/requestId'),
  uncancellable: new Set(['initialize']),
  progressMethod: 'notifications/progress',
  tokenOf: (request) => request.at('/params/_meta/progressToken'),
  withToken(params, progressToken) {
    const given = isObject(params) ? params : {};
    const meta = given['_meta'];
    return { ...given, _meta: { ...(isObject(meta) ? meta : {}), progressToken } };
  },
  progressParams: (progressToken, value) => (isObject(value) ? { ...value, progressToken } : { progressToken, progress: value }),
  readProgress: (notification) => ({ token: notification.at('/params/progressToken'), value: notification.params }),
  // Lines that are no messages are mostly a server's logs, and an answer to each would not help.
  answersUnreadable: false,
};

/** The Language Server Protocol 3.17 ($/cancelRequest, $/progress with work done tokens). */
export const LSP: Dialect = {
  cancelMethod: '$/cancelRequest',
  cancelParams: (id) => ({ id }),
  cancelledId: (notification) => notification.at('/params/id'),
  uncancellable: new Set(['initialize']),
  progressMethod: '$/progress',
  tokenOf: (request) => request.at('/params/workDoneToken'),
  withToken: (params, workDoneToken) => ({ ...(isObject(params) ? params : {}), workDoneToken }),
  progressParams: (token, value) => ({ token, value }),
  readProgress: (notification) => ({ token: notification.at('/params/token'), value: notification.at('/params/value') }),
  answersUnreadable: true,
};
