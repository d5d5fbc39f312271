/** The JSON-RPC 2.0 wire types (https://www.jsonrpc.org/specification). */

/** An id as JSON-RPC 2.0 section 4 allows it. MCP further forbids null. */
export type RequestId = string | number | null;

/** A request: it wants an answer (section 4). */
export interface WireRequest {
  jsonrpc: '2.0';
  id: RequestId;
  method: string;
  params?: unknown;
}

/** A notification: it gets no answer (section 4.1). */
export interface WireNotification {
  jsonrpc: '2.0';
  method: string;
  params?: unknown;
}

/** An answer that went well (section 5). */
export interface WireResponse {
  jsonrpc: '2.0';
  id: RequestId;
  result: unknown;
}

/** The error object of section 5.1. */
export interface WireErrorObject {
  code: number;
  message: string;
  data?: unknown;
}

/** An answer that failed (section 5). */
export interface WireError {
  jsonrpc: '2.0';
  /** Absent or null when the id of the failed request could not be read. */
  id?: RequestId;
  error: WireErrorObject;
}

/** One JSON-RPC 2.0 message as a plain object. */
export type WireMessage = WireRequest | WireNotification | WireResponse | WireError;

/** What a frame turned out to be. */
export type MessageKind = 'request' | 'notification' | 'response' | 'error' | 'invalid';
