/** Messages as the MCP SDKs see them: plain objects, narrower than JSON-RPC 2.0 allows. */

import type { WireErrorObject } from '../base/wire.js';

/** An id as MCP allows it: never null, and a number only if it is an integer that a double holds exactly. */
export type RequestId = string | number;

/** The SDKs' request. */
export interface JSONRPCRequest {
  jsonrpc: '2.0';
  id: RequestId;
  method: string;
  params?: { [key: string]: unknown } | undefined;
}

/** The SDKs' notification. */
export interface JSONRPCNotification {
  jsonrpc: '2.0';
  method: string;
  params?: { [key: string]: unknown } | undefined;
}

/** The SDKs' answer that went well. */
export interface JSONRPCResultResponse {
  jsonrpc: '2.0';
  id: RequestId;
  result: { [key: string]: unknown };
}

/** The SDKs' answer that failed. */
export interface JSONRPCErrorResponse {
  jsonrpc: '2.0';
  /** Absent where the id of the failed request could not be read. */
  id?: RequestId | undefined;
  error: WireErrorObject;
}

/** What the transports give to `onmessage` and take in `send`; the SDKs' type of the same name, structurally. */
export type JSONRPCMessage = JSONRPCRequest | JSONRPCNotification | JSONRPCResultResponse | JSONRPCErrorResponse;

/** Takes handlers written against either SDK's message type, as method parameters do. */
interface MessageHandler {
  call(message: JSONRPCMessage, extra?: unknown): void;
}

export type OnMessage = MessageHandler['call'];

type Members = Partial<Record<'jsonrpc' | 'id' | 'method' | 'params' | 'result' | 'error', unknown>>;

export function isRequestId(id: unknown): id is RequestId {
  return typeof id === 'string' || Number.isSafeInteger(id);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isErrorObject(error: unknown): boolean {
  return isRecord(error) && Number.isInteger(error['code']) && typeof error['message'] === 'string';
}

/**
 * Why the SDKs' schemas would not take `message`, or null where they would. A member that is unknown at the top
 * level is let pass: the SDK looks at it again.
 */
export function faultOf(message: object): string | null {
  const { jsonrpc, id, method, params, result, error } = message as Members;
  if (jsonrpc !== '2.0') return 'jsonrpc is not "2.0"';
  if (id !== undefined && !isRequestId(id)) return 'id is neither a string nor an integer';
  if (method !== undefined) {
    if (typeof method !== 'string') return 'method is not a string';
    return params === undefined || isRecord(params) ? null : 'params is not an object';
  }
  if (error !== undefined) return isErrorObject(error) ? null : 'error is not an object with an integer code and a message';
  if (id === undefined) return 'there is neither a method nor an id';
  return isRecord(result) ? null : 'result is not an object';
}

/** Whether the members say that `message` answers a request. */
export function isAnswer(message: object): boolean {
  return (message as Members).method === undefined;
}
