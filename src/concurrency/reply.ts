import type { AirsMcpError } from '../base/errors.js';
import type { WireErrorObject } from '../base/wire.js';
import { RawJson } from '../message/json.js';
import { JsonRpcMessage } from '../message/message.js';
import { describeFailure } from './failure.js';

/** The MCP SDKs' number for a request that timed out; JSON-RPC 2.0 section 5.1 leaves it to implementations. */
const REQUEST_TIMEOUT = -32001;
/** The MCP SDKs' number for a connection that closed. */
const CONNECTION_CLOSED = -32000;

/**
 * The response with a handler's result.
 *
 * @throws `AIRS_MCP_NOT_SERIALISABLE` where the result can't be written as JSON. What is given can: it was.
 */
export function resultReply(request: JsonRpcMessage, result: unknown): JsonRpcMessage {
  const response = JsonRpcMessage.response(request, result);
  if (needsProof(result)) response.encode();
  return response;
}

/** Only a BigInt can't be written, or an object that may hold one. */
function needsProof(result: unknown): boolean {
  if (typeof result === 'object') return result !== null && !(result instanceof RawJson);
  return typeof result === 'bigint';
}

/** The error response for what a handler threw. Its `data` is left out where it can't be written as JSON. */
export function failureReply(request: JsonRpcMessage, thrown: unknown): JsonRpcMessage {
  const error = describeFailure(thrown);
  const response = JsonRpcMessage.error(request, error);
  if (error.data === undefined) return response;
  try {
    response.encode();
    return response;
  } catch {
    return JsonRpcMessage.error(request, { code: error.code, message: error.message });
  }
}

/** The error response for a request that the processor gave up. */
export function givenUpReply(request: JsonRpcMessage, reason: AirsMcpError): JsonRpcMessage {
  const code = reason.code === 'AIRS_MCP_REQUEST_TIMEOUT' ? REQUEST_TIMEOUT : CONNECTION_CLOSED;
  const error: WireErrorObject = { code, message: reason.message };
  return JsonRpcMessage.error(request, error);
}
