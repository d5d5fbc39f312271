/** Ids as keys of a Map: `1`, `"1"` and `""` are three keys, and numbers that JavaScript cannot hold keep their digits. */

import type { RequestId } from '../base/wire.js';

/** A request's id: as a number or string, and for the numbers that need it, as JSON text. A `JsonRpcMessage` is one. */
export interface Identified {
  readonly id?: RequestId | undefined;
  /** The id's JSON text. Only read where `id` is a number and not a safe integer. */
  readonly idText?: string | undefined;
}

/**
 * A number stands for an id that is a safe integer, by value: `1.0` is `1`. A string that starts with NUL is marked
 * (`MARK_STRING` + the id, or `MARK_NUMBER` + the number's exact text); any other string is the id itself.
 */
export type IdKey = number | string;

const MARK_STRING = '\0s';
const MARK_NUMBER = '\0n';

/** The key of what has an id; undefined where it has none, or null, which names no request. */
export function keyOf(identified: Identified): IdKey | undefined {
  const { id } = identified;
  return typeof id === 'number' && !Number.isSafeInteger(id) ? numberKey(id, identified.idText) : keyOfId(id);
}

/** The key of an id that is given by its value. */
export function keyOfId(id: RequestId | undefined): IdKey | undefined {
  if (typeof id === 'number') return Number.isSafeInteger(id) ? id : numberKey(id, undefined);
  return typeof id === 'string' ? stringKey(id) : undefined;
}

/** The id that a key stands for. A number past 2^53 loses digits. */
export function idOf(key: IdKey): string | number {
  if (typeof key === 'number' || key.charCodeAt(0) !== 0) return key;
  const text = key.slice(MARK_STRING.length);
  return key.startsWith(MARK_NUMBER) ? Number(text) : text;
}

/** The id as it is written in JSON. */
export function idTextOf(key: IdKey): string {
  return typeof key === 'string' && key.startsWith(MARK_NUMBER) ? key.slice(MARK_NUMBER.length) : JSON.stringify(idOf(key));
}

function stringKey(id: string): string {
  return id.charCodeAt(0) === 0 ? MARK_STRING + id : id;
}

function numberKey(id: number, text: string | undefined): string | undefined {
  if (text === undefined && !Number.isFinite(id)) return undefined;
  return MARK_NUMBER + (text ?? JSON.stringify(id));
}
