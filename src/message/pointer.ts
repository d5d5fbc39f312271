/** RFC 6901 JSON pointers over values that are parsed already. */

import { AirsMcpError } from '../base/errors.js';
import { RawJson } from './json.js';

const POINTER = /^(?:\/(?:[^~]|~[01])*)?$/;
const ARRAY_INDEX = /^(?:0|[1-9][0-9]*)$/;

/** @throws `AIRS_MCP_INVALID_ARGUMENT` where `pointer` is not a JSON pointer (RFC 6901 section 3) */
export function checkPointer(pointer: string): void {
  if (typeof pointer === 'string' && POINTER.test(pointer)) return;
  const rule = 'a JSON pointer is empty or starts with "/", and has a 0 or 1 behind each "~"';
  throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', `${rule}: ${JSON.stringify(pointer)}`);
}

/** The value that `pointer` names inside `value`, or undefined where there is none. */
export function resolvePointer(value: unknown, pointer: string): unknown {
  if (pointer === '') return value;
  let here = value;
  for (const escaped of pointer.slice(1).split('/')) {
    if (here instanceof RawJson) here = here.toJSON();
    const token = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null) return undefined;
    if (Array.isArray(here) && !ARRAY_INDEX.test(token)) return undefined;
    if (!Object.hasOwn(here, token)) return undefined;
    here = (here as Record<string, unknown>)[token];
  }
  return here;
}
