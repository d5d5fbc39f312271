import { Buffer } from 'node:buffer';
import { selectBackend } from '../backend/select.js';
import { asBuffer } from '../base/bytes.js';
import { RawJson } from '../message/json.js';

const OPEN = 0x7b; // {
const CLOSE = 0x7d; // }
/** The highest of JSON's white space. */
const SPACE = 0x20;

type Members = Readonly<Record<string, unknown>>;

/**
 * Params with more members in their `_meta`. Those that are there already stand. Params that have no place for them (an
 * array, an object that writes itself, a `_meta` that is no object) are given back as they are.
 */
export function withMeta(params: unknown, meta: Readonly<Record<string, string>>): unknown {
  if (params === undefined) return { _meta: meta };
  if (params instanceof RawJson) return spliced(params, meta);
  if (!isPlain(params)) return params;
  const { _meta: given = {} } = params;
  return isPlain(given) ? { ...params, _meta: { ...meta, ...given } } : params;
}

/** What `JSON.stringify` writes member by member. */
function isPlain(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && typeof (value as Members)['toJSON'] !== 'function';
}

/** Where `find` leaves its answer; read at once. */
const RANGE = new Int32Array(2);

/** JSON text is not read and written again, which would lose digits. Of two members with one name the later stands. */
function spliced(params: RawJson, meta: Readonly<Record<string, string>>): RawJson {
  const bytes = asBuffer(params.bytes);
  const members = JSON.stringify(meta).slice(1, -1);
  const found = selectBackend().find(bytes, 0, bytes.length, '/_meta', RANGE);
  const at = found ? (RANGE[0] as number) : afterSpace(bytes, 0);
  if (bytes[at] !== OPEN) return params;
  const comma = bytes[afterSpace(bytes, at + 1)] === CLOSE ? '' : ',';
  const text = found ? members : `"_meta":{${members}}`;
  return new RawJson(Buffer.concat([bytes.subarray(0, at + 1), Buffer.from(text + comma), bytes.subarray(at + 1)]));
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) <= SPACE) at++;
  return at;
}
