/** The errors for arguments of the wrong type or range, the same from both backends. */

import type { AirsMcpErrorCode } from '../base/errors.js';

function coded<E extends Error>(error: E, code: AirsMcpErrorCode): E {
  return Object.assign(error, { code });
}

/** A TypeError with the code `AIRS_MCP_INVALID_ARGUMENT`. */
export function invalidArgument(message: string): TypeError {
  return coded(new TypeError(message), 'AIRS_MCP_INVALID_ARGUMENT');
}

/** A RangeError with the code `AIRS_MCP_OUT_OF_RANGE`. */
export function outOfRange(message: string): RangeError {
  return coded(new RangeError(message), 'AIRS_MCP_OUT_OF_RANGE');
}
