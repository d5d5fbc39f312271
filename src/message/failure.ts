/** Why a frame is not a message: the scan's status as an error with a code, and what to answer. */

import { type AirsMcpErrorCode, AirsMcpError } from '../base/errors.js';
import { STATUS } from '../backend/contract.js';

const FAILURES: Readonly<Record<number, readonly [AirsMcpErrorCode, string?]>> = {
  [STATUS.TOO_LARGE]: ['AIRS_MCP_MESSAGE_TOO_LARGE'],
  [STATUS.UTF8]: ['AIRS_MCP_INVALID_UTF8'],
  [STATUS.SYNTAX]: ['AIRS_MCP_PARSE_ERROR'],
  [STATUS.BATCH_TOO_LARGE]: ['AIRS_MCP_BATCH_TOO_LARGE'],
  [STATUS.EMPTY_BATCH]: ['AIRS_MCP_INVALID_REQUEST', 'a batch is empty'],
  [STATUS.NOT_OBJECT]: ['AIRS_MCP_INVALID_REQUEST', 'a message is not an object'],
  [STATUS.BAD_VERSION]: ['AIRS_MCP_INVALID_REQUEST', 'jsonrpc is missing or not "2.0"'],
  [STATUS.BAD_ID]: ['AIRS_MCP_INVALID_REQUEST', 'id is neither a string, a number, nor null'],
  [STATUS.BAD_METHOD]: ['AIRS_MCP_INVALID_REQUEST', 'method is not a string'],
  [STATUS.CALL_AND_ANSWER]: ['AIRS_MCP_INVALID_REQUEST', 'a method stands beside a result or an error'],
  [STATUS.BAD_PARAMS]: ['AIRS_MCP_INVALID_REQUEST', 'params is neither an object nor an array'],
  [STATUS.RESULT_AND_ERROR]: ['AIRS_MCP_INVALID_REQUEST', 'both result and error are present'],
  [STATUS.MISSING_ID]: ['AIRS_MCP_INVALID_REQUEST', 'a result has no id'],
  [STATUS.BAD_ERROR]: ['AIRS_MCP_INVALID_REQUEST', 'error is not an object'],
  [STATUS.NO_METHOD]: ['AIRS_MCP_INVALID_REQUEST', 'neither method, result, nor error is present'],
};

/** Statuses of a frame whose members were never read: its id has to be salvaged. */
export function isUnread(status: number): boolean {
  return status !== STATUS.OK && status <= STATUS.BATCH_TOO_LARGE;
}

export function failureOf(status: number): AirsMcpError {
  const [code, message] = FAILURES[status] ?? (['AIRS_MCP_PARSE_ERROR'] as const);
  return new AirsMcpError(code, message);
}
