/** RFC 6901 JSON pointers over values that are parsed already. */

import { AirsMcpError } from '../base/errors.js';

const ARRAY_INDEX = /^(?:0|[1-9][0-9]*)$/;

/** @throws `AIRS_MCP_INVALID_ARGUMENT` where `pointer` is not a JSON pointer (RFC 6901 section 3) */
export function checkPointer(pointer: string): void {
  if (pointer !== '' && !pointer.startsWith('/')) {
    throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', `a JSON pointer is empty or starts with "/": ${JSON.stringify(pointer)}`);
  }
}

/** The value that `pointer` names inside `value`, or undefined where there is none. */
export function resolvePointer(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  let here = value;
  for (const escaped of pointer.slice(1).split('/')) {
    const token = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null) return undefined;
    if (Array.isArray(here) && !ARRAY_INDEX.test(token)) return undefined;
    if (!Object.hasOwn(here, token)) return undefined;
    here = (here as Record<string, unknown>)[token];
  }
  return here;
}
