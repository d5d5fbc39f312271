/**
 * Compares what the addon said with what the JavaScript fallback, JSON.parse and JSON.stringify say. Cases come as scan.cc
 * writes them: the length in bytes of what follows, then ints, then a text padded to whole ints.
 */
import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { CONTROL, FIELD, KIND, RECORD_INTS, SCAN_FLAG, STATUS } from '../../../dist/backend/contract.js';
import { fallback } from '../../../dist/backend/fallback.js';

const FIND = 2;
const STRINGS = 3;
const FIELDS = Object.values(FIELD);
const OUTPUTS = [CONTROL.COUNT, CONTROL.CONSUMED, CONTROL.MORE];
const MALFORMED = [STATUS.SYNTAX, STATUS.UTF8];
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What JSON.parse makes of bytes that must be UTF-8: `{ status, value }`. */
function parse(bytes) {
  if (!isUtf8(bytes)) return { status: STATUS.UTF8 };
  try {
    return { status: STATUS.OK, value: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return { status: STATUS.SYNTAX };
  }
}

/** The outputs and the records of a table, without what is left over from before. */
function essence(table) {
  const records = Array.from({ length: table[CONTROL.COUNT] }, (_, n) =>
    FIELDS.map((field) => table[(n + 1) * RECORD_INTS + field]),
  );
  return [OUTPUTS.map((slot) => table[slot]), ...records];
}

function byFallback(text, control, room, flags) {
  const table = new Int32Array((room + 1) * RECORD_INTS);
  table.set(control);
  table[CONTROL.FLAGS] = flags;
  fallback.scan(text, table);
  return essence(table);
}

/**
 * Bounds of the frames that one whole text or its complete lines hold, without white space around them. A blank one is
 * no frame unless it is too long.
 */
function framesOf(text, { start, end, whole, maxMessage }) {
  const frames = [];
  for (let at = start; at < end; ) {
    const lineFeed = whole ? end : text.indexOf(0x0a, at);
    let [from, to] = [at, lineFeed];
    while (from < to && isSpace(text[from])) from++;
    while (to > from && isSpace(text[to - 1])) to--;
    const hasReturn = !whole && text[lineFeed - 1] === 0x0d;
    const isTooLong = lineFeed - at - (hasReturn ? 1 : 0) > maxMessage;
    if (from < to || isTooLong) frames.push([from, to]);
    at = lineFeed + 1;
  }
  return frames;
}

const isSpace = (byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** Where the verdicts of a strict scan are not JSON.parse's; undefined where they are. */
function againstParse(text, control, [[, consumed, more], ...records]) {
  const heads = records.filter((record) => record[FIELDS.indexOf(FIELD.BATCH)] !== 1 || record[FIELDS.indexOf(FIELD.KIND)] === KIND.BATCH);
  const bounds = heads.map((record) => [record[FIELDS.indexOf(FIELD.START)], record[FIELDS.indexOf(FIELD.END)]]);
  const whole = (control[CONTROL.FLAGS] & SCAN_FLAG.WHOLE) !== 0;
  const frames = framesOf(text, {
    start: control[CONTROL.START],
    end: consumed,
    whole,
    maxMessage: control[CONTROL.MAX_MESSAGE],
  });
  if (more === 0 && !isDeepStrictEqual(bounds, frames)) return { frames, bounds };
  for (const record of heads) {
    const status = record[FIELDS.indexOf(FIELD.STATUS)];
    if (status === STATUS.TOO_LARGE) continue;
    const [start, end] = [record[FIELDS.indexOf(FIELD.START)], record[FIELDS.indexOf(FIELD.END)]];
    const expected = parse(text.subarray(start, end)).status;
    if (expected !== (MALFORMED.includes(status) ? status : STATUS.OK)) return { start, end, status, expected };
  }
  return undefined;
}

function judgeScan(text, room, table) {
  const control = table.slice(0, RECORD_INTS);
  const flags = control[CONTROL.FLAGS];
  const native = essence(table);
  const strict = byFallback(text, control, room, flags | SCAN_FLAG.STRICT);
  const isStrict = (flags & SCAN_FLAG.STRICT) !== 0;
  const isMalformed = strict.slice(1).some((record) => MALFORMED.includes(record[FIELDS.indexOf(FIELD.STATUS)]));
  // Without strict validation, damage inside values may or may not be noticed.
  if (!isStrict && isMalformed) return undefined;
  const javascript = isStrict ? strict : byFallback(text, control, room, flags);
  if (!isDeepStrictEqual(native, javascript)) return { what: 'scan', native, javascript };
  const parsed = isStrict ? againstParse(text, control, native) : undefined;
  return parsed === undefined ? undefined : { what: 'JSON.parse', native, parsed };
}

/** What `pointer` names in a value that JSON.parse made; undefined for nothing. */
function evaluate(root, pointer) {
  let value = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) && key === 'length') return undefined;
    value = value[key];
  }
  return value;
}

function findByFallback(text, pointer) {
  const range = new Int32Array(2).fill(-1);
  try {
    return { isFound: fallback.find(text, 0, text.length, pointer, range), range: [...range] };
  } catch (error) {
    if (error.code !== 'AIRS_MCP_INVALID_ARGUMENT') throw error;
    return { isRefused: true };
  }
}

function judgeFind(text, [error, found, start, end, , ...units]) {
  const pointer = units.map((unit) => String.fromCharCode(unit)).join('');
  const javascript = findByFallback(text, pointer);
  const native = error !== 0 ? { isRefused: true } : { isFound: found === 1, range: [start, end] };
  if (native.isRefused !== javascript.isRefused) return { what: 'find', pointer, native, javascript };
  const { status, value } = parse(text);
  if (native.isRefused || status !== STATUS.OK) return undefined;
  if (!isDeepStrictEqual(native, javascript)) return { what: 'find', pointer, native, javascript };
  const expected = evaluate(value, pointer);
  const got = native.isFound ? parse(text.subarray(start, end)).value : undefined;
  return isDeepStrictEqual(got, expected) ? undefined : { what: 'find by JSON.parse', pointer, native, expected, got };
}

/** What the contents of a string stand for, in UTF-8; null where that has none. Quotes and control characters may be bare. */
function unescapedByParse(contents) {
  const closed = contents.replaceAll(/\\[^]|[^\\]+/g, (part) => (part[0] === '\\' ? part : JSON.stringify(part).slice(1, -1)));
  try {
    const text = JSON.parse(`"${closed}"`);
    return text.isWellFormed() ? Buffer.from(text) : null;
  } catch {
    return null;
  }
}

/** The long strings of a text that is JSON, as the addon's table has them. */
function longStringsOf(json, least, mostRest, room) {
  const taken = [...json.matchAll(/"((?:[^"\\]|\\.)*)"([\t\n\r ]*:)?/g)].filter(([, contents, colon]) => contents.length >= least && !colon);
  const rest = taken.reduce((sum, [, contents]) => sum - contents.length, json.length);
  if (taken.length > room || rest > mostRest) return [];
  return taken.flatMap(({ index, 1: contents }) => [index + 1, index + 1 + contents.length, contents.includes('\\') ? 1 : 0]);
}

function judgeStrings(bytes, [size, escapedSize, unescapedSize, least, mostRest, room, ...native]) {
  const text = bytes.subarray(0, size);
  if (!isUtf8(text)) return undefined;
  const string = utf8.decode(text);
  const escaped = bytes.toString('utf8', size, size + escapedSize);
  const expected = JSON.stringify(string).slice(1, -1);
  if (escaped !== expected) return { what: 'escape', expected, escaped };
  const unescaped = unescapedSize < 0 ? null : bytes.subarray(size + escapedSize);
  const parsed = unescapedByParse(string);
  if (!isDeepStrictEqual(unescaped, parsed)) return { what: 'unescape', parsed, unescaped };
  if (parse(text).status !== STATUS.OK) return undefined;
  const javascript = longStringsOf(text.toString('latin1'), least, mostRest, room);
  return isDeepStrictEqual(native, javascript) ? undefined : { what: 'long strings', native, javascript };
}

function judgeKind(kind, text, numbers) {
  if (kind === FIND) return judgeFind(text, [...numbers]);
  if (kind === STRINGS) return judgeStrings(text, [...numbers]);
  return judgeScan(text, numbers[0], numbers.subarray(1));
}

/** Judges one case, without its length; the difference that it shows, or undefined. */
export function judge(bytes) {
  const ints = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const [kind, size] = ints;
  const text = bytes.subarray(bytes.length - ((size + 3) & ~3)).subarray(0, size);
  const numbers = ints.subarray(2, ints.length - ((size + 3) >> 2));
  const difference = judgeKind(kind, text, numbers);
  return difference && { ...difference, text: text.toString('latin1') };
}

/** Cuts a stream into cases and calls `onCase` with each. */
export function caseReader(onCase) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= 4 && rest.length - at - 4 >= rest.readInt32LE(at)) {
      const length = rest.readInt32LE(at);
      onCase(rest.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    rest = rest.subarray(at);
  };
}
