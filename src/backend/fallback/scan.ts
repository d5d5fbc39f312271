/** Frames: lines or one whole text, batches, and the table they are recorded in. */

import { isUtf8 } from 'node:buffer';
import { CONTROL, FIELD, KIND, type Made, RECORD_INTS, SCAN_FLAG, STATUS } from '../contract.js';
import { JSON_SPACE } from './byte.js';
import { Envelope } from './envelope.js';
import { decodeShort, endOfLine, foresee } from './make.js';
import { visitValue } from './value.js';
import { Walk } from './walk.js';

const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const CR = 0x0d;
const LF = 0x0a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/**
 * One call of scan. A frame's records are written past `#count` as the walk goes on, and count only
 * once the frame was found good to its end: until then they are `#pending`.
 */
export class Scan {
  readonly #table: Int32Array;
  readonly #room: number;
  readonly #walk: Walk;
  readonly #envelope = new Envelope();
  readonly #maxMessage: number;
  readonly #maxBatch: number;
  readonly #made: Made | undefined;
  #count = 0;
  /** Records of the frame walked last, whether or not the table had room for them. */
  #pending = 0;

  constructor(bytes: Uint8Array, table: Int32Array, made: Made | undefined) {
    this.#table = table;
    this.#made = made;
    this.#room = Math.floor(table.length / RECORD_INTS) - 1;
    const flags = table[CONTROL.FLAGS] as number;
    this.#walk = new Walk(bytes, table[CONTROL.END] as number, {
      strict: (flags & SCAN_FLAG.STRICT) !== 0,
      whole: (flags & SCAN_FLAG.WHOLE) !== 0,
      trusting: false,
    });
    this.#maxMessage = table[CONTROL.MAX_MESSAGE] as number;
    this.#maxBatch = table[CONTROL.MAX_BATCH] as number;
  }

  /** Scans all complete frames, or as many as the table holds; returns the number of records. */
  run(): number {
    const walk = this.#walk;
    let at = this.#table[CONTROL.START] as number;
    if (!walk.whole) {
      const last = this.#lastLineFeed();
      if (last < 0) return this.#finish(at, 0);
      walk.end = last;
    }
    if (this.#made !== undefined) decodeShort(walk, at);
    // The last line ends at walk.end, where its line feed is, so an empty last line starts there.
    while (at <= walk.end) {
      if (this.#count === this.#room) return this.#finish(at, 1);
      const end = this.#frame(at);
      if (this.#count + this.#pending > this.#room) {
        return this.#finish(at, this.#count === 0 ? this.#pending : 1);
      }
      this.#count += this.#pending;
      at = end + 1;
    }
    return this.#finish(walk.whole ? walk.end : at, 0);
  }

  #finish(consumed: number, more: number): number {
    this.#table[CONTROL.COUNT] = this.#count;
    this.#table[CONTROL.CONSUMED] = consumed;
    this.#table[CONTROL.MORE] = more;
    return this.#count;
  }

  #lastLineFeed(): number {
    const { bytes, end } = this.#walk;
    const search = this.#table[CONTROL.SEARCH] as number;
    if (end > search && bytes[end - 1] === LF) return end - 1;
    const last = bytes.subarray(search, end).lastIndexOf(LF);
    return last < 0 ? -1 : search + last;
  }

  /** The end of the frame that starts at `at`, its line end not included. */
  #endOf(at: number): number {
    const { bytes, end, whole } = this.#walk;
    const lineFeed = whole ? -1 : bytes.indexOf(LF, at);
    return lineFeed < 0 ? end : lineFeed;
  }

  #endsAt(i: number): boolean {
    const { bytes, end, whole } = this.#walk;
    return i === end || (!whole && bytes[i] === LF);
  }

  /** Walks the frame that starts at `at`; returns its end and leaves its records pending. */
  #frame(at: number): number {
    const walk = this.#walk;
    if (walk.end - at > this.#maxMessage) {
      const end = this.#endOf(at);
      const hasReturn = !walk.whole && end > at && walk.bytes[end - 1] === CR;
      if (end - at - (hasReturn ? 1 : 0) > this.#maxMessage) return this.#reject(at, end, STATUS.TOO_LARGE);
    }
    const start = walk.pastSpace(at);
    if (this.#endsAt(start)) {
      this.#pending = 0;
      return start;
    }
    walk.high = false;
    walk.foreseen = -1;
    walk.madeAt = -1;
    const valueEnd = this.#top(start);
    const end = valueEnd < 0 ? -1 : walk.pastSpace(valueEnd);
    if (end >= 0 && this.#endsAt(end) && (!walk.high || isUtf8(walk.bytes.subarray(start, valueEnd)))) {
      if (this.#made !== undefined) this.#handOver(this.#made);
      return end;
    }
    const lineEnd = this.#endOf(at);
    return this.#reject(at, lineEnd, isUtf8(walk.bytes.subarray(at, lineEnd)) ? STATUS.SYNTAX : STATUS.UTF8);
  }

  /** Walks the value that is a whole frame; returns its end, or -1 for malformed text. */
  #top(start: number): number {
    const walk = this.#walk;
    const first = walk.at(start);
    if (first === OPEN_BRACKET) return this.#batch(start);
    this.#pending = 1;
    if (first === OPEN_BRACE) {
      if (this.#made !== undefined) walk.foreseen = foresee(walk.bytes, start, walk.text === '' ? this.#endOf(start) : endOfLine(walk, start));
      const end = this.#envelope.visit(walk, start);
      if (end >= 0) this.#envelope.write(walk, this.#table, this.#count, start, end, 0);
      return end;
    }
    const end = visitValue(walk, start);
    this.#writeBare(this.#count, KIND.INVALID, start, end, STATUS.NOT_OBJECT, 0);
    return end;
  }

  /** Hands over the value that was made for the frame walked last, unless it is of another member than the payload. */
  #handOver(made: Made): void {
    const { made: value, madeAt } = this.#walk;
    const number = this.#count + 1;
    if (madeAt > 0 && this.#table[number * RECORD_INTS + FIELD.PAYLOAD_START] === madeAt) made[number] = value;
  }

  /** Walks a batch to its end, writing those of its records that fit. */
  #batch(start: number): number {
    const walk = this.#walk;
    let members = 0;
    let i = walk.pastSpace(start + 1);
    if (walk.at(i) === CLOSE_BRACKET) {
      this.#pending = 1;
      this.#writeBare(this.#count, KIND.INVALID, start, i + 1, STATUS.EMPTY_BATCH, 0);
      return i + 1;
    }
    for (;;) {
      members++;
      i = this.#member(i, this.#count + members);
      if (i < 0) return -1;
      i = walk.pastSpace(i);
      if (walk.at(i) !== COMMA) break;
      i = walk.pastSpace(i + 1);
    }
    if (walk.at(i) !== CLOSE_BRACKET) return -1;
    const tooLarge = members > this.#maxBatch;
    this.#pending = tooLarge ? 1 : members + 1;
    if (tooLarge) this.#writeBare(this.#count, KIND.INVALID, start, i + 1, STATUS.BATCH_TOO_LARGE, 0);
    else this.#writeBare(this.#count, KIND.BATCH, start, i + 1, STATUS.OK, members);
    return i + 1;
  }

  /** Walks one member of a batch into record number `place`, if the table has that one. */
  #member(start: number, place: number): number {
    const walk = this.#walk;
    const fits = place < this.#room;
    if (walk.at(start) === OPEN_BRACE) {
      const end = this.#envelope.visit(walk, start);
      if (end >= 0 && fits) this.#envelope.write(walk, this.#table, place, start, end, 1);
      return end;
    }
    const end = visitValue(walk, start);
    if (fits) this.#writeBare(place, KIND.INVALID, start, end, STATUS.NOT_OBJECT, 1);
    return end;
  }

  /** Makes the frame `[at, end)` one INVALID record, whatever was written for it before; returns `end`. */
  #reject(at: number, end: number, status: number): number {
    const { bytes } = this.#walk;
    let first = at;
    while (first < end && JSON_SPACE[bytes[first] as number] === 1) first++;
    let last = end;
    while (last > first && JSON_SPACE[bytes[last - 1] as number] === 1) last--;
    this.#pending = 1;
    this.#writeBare(this.#count, KIND.INVALID, first, last, status, 0);
    return end;
  }

  /** Writes a record that has no members of an object to tell of. */
  #writeBare(place: number, kind: number, start: number, end: number, status: number, batch: number): void {
    const table = this.#table;
    const base = (place + 1) * RECORD_INTS;
    table.fill(0, base, base + RECORD_INTS);
    table[base + FIELD.KIND] = kind;
    table[base + FIELD.START] = start;
    table[base + FIELD.END] = end;
    table[base + FIELD.STATUS] = status;
    table[base + FIELD.BATCH] = batch;
  }
}
