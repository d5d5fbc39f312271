/** Calls a backend's scan and names what it wrote. */

import {
  type Backend,
  CONTROL,
  FIELD,
  ID_TYPE,
  KIND,
  RECORD_INTS,
  SCAN_FLAG,
  STATUS,
} from '../../src/backend/contract.js';

export interface ScanOptions {
  strict?: boolean;
  whole?: boolean;
  start?: number;
  search?: number;
  end?: number;
  maxMessage?: number;
  maxBatch?: number;
  /** Records that the table has room for. */
  room?: number;
}

type NameOf<T> = Extract<keyof T, string>;

/** One record with names for its numbers and text for its ranges; undefined where a range is 0, 0. */
export interface NamedRecord {
  kind: NameOf<typeof KIND>;
  status: NameOf<typeof STATUS>;
  idType: NameOf<typeof ID_TYPE>;
  idValue: number;
  id: string | undefined;
  method: string | undefined;
  payload: string | undefined;
  text: string;
  start: number;
  end: number;
  hash: number;
  flags: number;
  batch: number;
}

export interface ScanOutcome {
  count: number;
  consumed: number;
  more: number;
  records: NamedRecord[];
}

function nameIn<T extends object>(names: T, value: number): NameOf<T> {
  const entry = Object.entries(names).find(([, number]) => number === value);
  if (entry === undefined) throw new Error(`no name for ${value}`);
  return entry[0] as NameOf<T>;
}

/** A table whose control block asks for `bytes` to be scanned; all else in it is noise. */
export function tableFor(bytes: Uint8Array, options: ScanOptions = {}): Int32Array {
  const table = new Int32Array(((options.room ?? 64) + 1) * RECORD_INTS).fill(-77);
  table[CONTROL.START] = options.start ?? 0;
  table[CONTROL.SEARCH] = options.search ?? options.start ?? 0;
  table[CONTROL.END] = options.end ?? bytes.length;
  table[CONTROL.FLAGS] = (options.strict === false ? 0 : SCAN_FLAG.STRICT) | (options.whole === true ? SCAN_FLAG.WHOLE : 0);
  table[CONTROL.MAX_MESSAGE] = options.maxMessage ?? 1 << 30;
  table[CONTROL.MAX_BATCH] = options.maxBatch ?? 1 << 30;
  return table;
}

function readRecord(bytes: Buffer, table: Int32Array, n: number): NamedRecord {
  const field = (slot: number): number => table[(n + 1) * RECORD_INTS + slot] as number;
  const range = (from: number, to: number): string | undefined =>
    from === 0 && to === 0 ? undefined : bytes.toString('utf8', from, to);
  return {
    kind: nameIn(KIND, field(FIELD.KIND)),
    status: nameIn(STATUS, field(FIELD.STATUS)),
    idType: nameIn(ID_TYPE, field(FIELD.ID_TYPE)),
    idValue: field(FIELD.ID_VALUE),
    id: range(field(FIELD.ID_START), field(FIELD.ID_END)),
    method: range(field(FIELD.METHOD_START), field(FIELD.METHOD_END)),
    payload: range(field(FIELD.PAYLOAD_START), field(FIELD.PAYLOAD_END)),
    text: bytes.toString('utf8', field(FIELD.START), field(FIELD.END)),
    start: field(FIELD.START),
    end: field(FIELD.END),
    hash: field(FIELD.METHOD_HASH),
    flags: field(FIELD.FLAGS),
    batch: field(FIELD.BATCH),
  };
}

/** Scans `input` once. */
export function scan(backend: Backend, input: string | Uint8Array, options: ScanOptions = {}): ScanOutcome {
  const bytes = typeof input === 'string' ? Buffer.from(input) : Buffer.from(input.buffer, input.byteOffset, input.length);
  const table = tableFor(bytes, options);
  const count = backend.scan(bytes, table);
  if (count !== table[CONTROL.COUNT]) throw new Error(`returned ${count}, wrote ${table[CONTROL.COUNT]}`);
  return {
    count,
    consumed: table[CONTROL.CONSUMED] as number,
    more: table[CONTROL.MORE] as number,
    records: Array.from({ length: count }, (_, n) => readRecord(bytes, table, n)),
  };
}

/** What the backend finds at `pointer`, as text; undefined where it finds nothing. */
export function findText(backend: Backend, text: string | Buffer, pointer: string): string | undefined {
  const bytes = Buffer.from(text as string);
  const range = Int32Array.of(-1, -1);
  const found = backend.find(bytes, 0, bytes.length, pointer, range);
  if (!found && (range[0] !== -1 || range[1] !== -1)) throw new Error('a range was written for nothing');
  return found ? bytes.toString('utf8', range[0], range[1]) : undefined;
}
