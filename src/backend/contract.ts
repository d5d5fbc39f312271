/**
 * What a backend does, and the integers it speaks in. `native/record.h` is this file's twin:
 * change both together, and raise {@link RECORD_VERSION} when the layout changes.
 *
 * A scan never builds values. It reads bytes and writes offsets into one `Int32Array`, the table:
 *
 *     ints 0..15          control block: the call's input, then its outcome (CONTROL)
 *     ints 16*n..16*n+15  record n, for n = 1..count (FIELD)
 *
 * All offsets are bytes from the start of the array that was scanned; ends are exclusive.
 */

/** Raised when the layout below changes; the addon's own number must be equal. */
export const RECORD_VERSION = 2;

/** Ints in one record, and in the control block. */
export const RECORD_INTS = 16;

/** Slots of the control block. */
export const CONTROL = {
  // out
  /** Records written by this call. */
  COUNT: 0,
  /** Offset of the first byte not consumed: the start of the unfinished frame, or `END`. */
  CONSUMED: 1,
  /**
   * 0: all complete frames were consumed. 1: the table filled; call again from `CONSUMED`.
   * A value above 1: the next frame is a batch that needs a table of this many records
   * (its header included), and nothing of it was written.
   */
  MORE: 2,
  // in
  /** Where scanning starts: the first byte of a frame. */
  START: 4,
  /** No line feed lies before this offset (>= START): newlines are searched from here only. */
  SEARCH: 5,
  /** End of the bytes received. */
  END: 6,
  /** Bits of {@link SCAN_FLAG}. */
  FLAGS: 7,
  /** Longest frame accepted, in bytes, without its LF or CR LF. */
  MAX_MESSAGE: 8,
  /** Most members of a batch. */
  MAX_BATCH: 9,
} as const;

export const SCAN_FLAG = {
  /** Accept exactly what JSON.parse accepts (and valid UTF-8 only). Without it only visited tokens are checked. */
  STRICT: 1,
  /** [START, END) is one frame; line feeds in it are plain white space. Otherwise one frame per line. */
  WHOLE: 2,
} as const;

/** Slots of a record. */
export const FIELD = {
  /** One of {@link KIND}. */
  KIND: 0,
  /** Bits of {@link RECORD_FLAG}. */
  FLAGS: 1,
  /** The frame without surrounding white space; for a member of a batch, that member. */
  START: 2,
  END: 3,
  /** One of {@link ID_TYPE}. */
  ID_TYPE: 4,
  /** The id itself where ID_TYPE is INT32, else 0. */
  ID_VALUE: 5,
  /** The id's token, quotes included; 0, 0 where there is none. */
  ID_START: 6,
  ID_END: 7,
  /** The method's bytes between its quotes; 0, 0 where there is none. */
  METHOD_START: 8,
  METHOD_END: 9,
  /**
   * A hash of the method's bytes (32 bits, as a signed int); 0 where there is none. It starts as their number, takes in the
   * words of four bytes (little-endian) from the first on while more than four are left, then the last four, and ends
   * with `hash ^= hash >>> 15`. Fewer than four are taken in one by one. To take one in: `hash = (hash ^ word) * 0x9e3779b1`.
   */
  METHOD_HASH: 10,
  /** `params` of a call, `result` or `error` of an answer; 0, 0 where there is none. */
  PAYLOAD_START: 11,
  PAYLOAD_END: 12,
  /** One of {@link STATUS}; OK unless KIND is INVALID. */
  STATUS: 13,
  /** On a BATCH record: the number of member records that follow. On a member: 1. Else 0. */
  BATCH: 14,
} as const;

export const KIND = {
  REQUEST: 1,
  NOTIFICATION: 2,
  RESPONSE: 3,
  ERROR: 4,
  INVALID: 5,
  /** A batch's header; FIELD.BATCH records follow, one per member. */
  BATCH: 6,
} as const;

export const ID_TYPE = {
  NONE: 0,
  /** A JSON integer written canonically (`0`, `7`, `-12`: no fraction, exponent, or `-0`) that fits 32 bits. */
  INT32: 1,
  /** Any other JSON number. */
  NUMBER: 2,
  STRING: 3,
  NULL: 4,
} as const;

export const RECORD_FLAG = {
  /** The method holds a backslash escape: decode it with JSON.parse. */
  METHOD_ESCAPED: 1,
  /** The id is a string that holds a backslash escape. */
  ID_ESCAPED: 2,
} as const;

/**
 * Why a record is INVALID. The first that applies, in this order, is reported; for SYNTAX,
 * UTF8, TOO_LARGE and BATCH_TOO_LARGE every field but KIND, START, END and STATUS is 0.
 */
export const STATUS = {
  OK: 0,
  /** Longer than MAX_MESSAGE. */
  TOO_LARGE: 1,
  /** Not valid UTF-8, whatever else is wrong with it. */
  UTF8: 2,
  /** Not JSON. */
  SYNTAX: 3,
  /** A batch with more than MAX_BATCH members. */
  BATCH_TOO_LARGE: 4,
  /** `[]`. */
  EMPTY_BATCH: 5,
  /** JSON, but neither an object nor, at the top, an array. */
  NOT_OBJECT: 6,
  /** `jsonrpc` missing or not "2.0". */
  BAD_VERSION: 7,
  /** An id that is an object, an array, or a boolean. */
  BAD_ID: 8,
  /** A method that is not a string. */
  BAD_METHOD: 9,
  /** A method beside a result or an error. */
  CALL_AND_ANSWER: 10,
  /** params of a call that are neither object, array, nor null. */
  BAD_PARAMS: 11,
  /** Both result and error. */
  RESULT_AND_ERROR: 12,
  /** A result without an id. */
  MISSING_ID: 13,
  /** An error that is not an object. */
  BAD_ERROR: 14,
  /** No method, no result, no error. */
  NO_METHOD: 15,
} as const;

/**
 * At index n the value of record n's payload, an object or an array, where it was made to check that payload; null where
 * that failed. No other payloads have values here.
 */
export type Made = (object | null | undefined)[];

/** An engine that scans JSON-RPC bytes and provides slabs. Both implementations behave identically. */
export interface Backend {
  readonly name: 'native' | 'javascript';
  /** The SIMD kernel in use: `icelake`, `haswell`, `westmere`, `arm64`, `ppc64`, ...; `fallback` or `javascript` without SIMD. */
  readonly kernel: string;
  /** Whether slabs are native memory exposed as external ArrayBuffers. */
  readonly externalBuffers: boolean;

  /**
   * Scans `bytes` as the table's control block says and writes the outcome and the records
   * into `table`. Keeps no reference to either. Blank lines give no record; a line end is LF or CR LF.
   *
   * @param bytes the received bytes; any Uint8Array, not detached. Where it is over shared memory, no other thread may
   *   write to it during the call: the addon would go by what it read before
   * @param table at least 2 * RECORD_INTS ints, outside the memory of `bytes`; see CONTROL and FIELD
   * @returns the number of records written (also in CONTROL.COUNT)
   * @throws TypeError `AIRS_MCP_INVALID_ARGUMENT` for a wrong type, a detached buffer, or a table that lies in `bytes`,
   *   RangeError `AIRS_MCP_OUT_OF_RANGE` for offsets outside `bytes`, START > SEARCH > END,
   *   a limit below 1, or a table that is too short
   */
  scan(bytes: Uint8Array, table: Int32Array): number;

  /**
   * As {@link scan}, where payloads are likely to be read: a payload may be checked by making its value, where that takes
   * less time than to check it and to make its value later.
   *
   * @param made an empty array, to leave the values in. They make no difference to the table
   */
  scanMaking(bytes: Uint8Array, table: Int32Array, made: Made): number;

  /**
   * Finds the value that an RFC 6901 JSON pointer names inside the JSON text
   * `bytes[start, end)`, without parsing the rest. The last of duplicate keys wins.
   *
   * @param pointer `''` for the whole text, else `/`-separated tokens with `~0` and `~1` escapes
   * @param range receives the value's start and end in its first two ints; untouched when not found
   * @returns false where there is no such value, or where the text is malformed on the way to it
   * @throws as {@link scan}
   */
  find(bytes: Uint8Array, start: number, end: number, pointer: string, range: Int32Array): boolean;

  /**
   * Allocates zeroed-or-recycled memory of at least `bytes` bytes for a slab, aligned to 64 bytes
   * where the memory is native. The buffer's owner is whoever holds it; native memory returns to the
   * addon when the last view of it is collected.
   */
  allocate(bytes: number): ArrayBuffer;
}

/** Ints of one string in the table of {@link NativeSystem.findLongStrings}: start and end of its contents, and 1 where they hold a backslash. */
export const LONG_STRING_INTS = 3;

/** What the native backend can do beyond {@link Backend}; each is absent on the fallback. */
export interface NativeSystem {
  /**
   * Finds the strings of `least` bytes or more that are values, not keys, in the JSON text `bytes[start, end)`, which
   * was scanned before.
   *
   * @param mostRest most bytes of the text that may be outside of such strings
   * @param table receives {@link LONG_STRING_INTS} ints for each
   * @returns how many there are; 0 also where there is more rest, or more strings than the table has room for
   * @throws as {@link Backend.scan}
   */
  findLongStrings(bytes: Uint8Array, start: number, end: number, least: number, mostRest: number, table: Int32Array): number;
  /**
   * Writes the UTF-8 text `bytes[start, end)` into `out` as the contents of a JSON string, escaped as `JSON.stringify` does.
   *
   * @param out outside the memory of `bytes`
   * @returns how many bytes it takes; where `out` is shorter, nothing was written
   * @throws as {@link Backend.scan}
   */
  escape(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number;
  /**
   * Writes what the contents of a JSON string, `bytes[start, end)`, stand for into `out`, as UTF-8.
   *
   * @param out outside the memory of `bytes`, and at least as long as the contents
   * @returns how many bytes were written; -1 where there is an invalid escape, or half a surrogate pair, which has no UTF-8
   * @throws as {@link Backend.scan}
   */
  unescape(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number;
  /**
   * Asks the kernel for a pipe capacity of `bytes`; returns the capacity it has now,
   * or 0 where the descriptor is no pipe, or the platform has no such call.
   */
  setPipeCapacity(fd: number, bytes: number): number;
  /** A connected pair of stream sockets `[ours, theirs]`, close-on-exec; null where the platform has none. */
  socketPair(): [number, number] | null;
  /**
   * From here on, until it is called with false, each process that this thread starts leads a process group and has no
   * controlling terminal, but stays in this session.
   *
   * @returns whether any was started in such a way since the last call; never where the platform or the runtime can't
   */
  leadGroups(on: boolean): boolean;
}
