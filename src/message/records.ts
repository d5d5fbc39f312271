import { type Backend, CONTROL, FIELD, KIND, type Made, RECORD_INTS, SCAN_FLAG, STATUS } from '../backend/contract.js';
import { type DirectBuffer, copyBytes } from '../base/bytes.js';
import type { BufferManager } from '../buffer/manager.js';
import { Demand } from './demand.js';
import { type BatchInfo, JsonRpcMessage } from './message.js';
import type { ReceiveBuffer } from './receive.js';
import { MessageSource } from './source.js';

/** Records that one scan may write (count). A batch that needs more gets a table of its own size for that scan. */
const TABLE_RECORDS = 512;

/** Bytes of lines that one scan makes values of: they live until they are read, and many of them would make V8's young generation grow. */
const MADE_AT_ONCE = 16 * 1024;
const LF = 0x0a;

/** The record's slots that hold offsets. */
const OFFSETS = [
  FIELD.START, FIELD.END, FIELD.ID_START, FIELD.ID_END, FIELD.METHOD_START, FIELD.METHOD_END, FIELD.PAYLOAD_START, FIELD.PAYLOAD_END,
] as const;

export interface RecordLimits {
  readonly maxMessageSize: number;
  readonly maxBatchSize: number;
}

/**
 * The records of the latest scan, turned into messages one at a time.
 *
 * While records wait, the slab they point into is held, so that the receive buffer moves on to another
 * rather than writing over them.
 */
export class Records {
  private readonly standard = new Int32Array((TABLE_RECORDS + 1) * RECORD_INTS);
  /** The standard one; a larger one while the batches that need it follow one another. */
  private table = this.standard;
  private count = 0;
  private index = 0;
  /** Set while records wait; its slab is held. */
  private source: MessageSource | null = null;
  private copiedUpTo = 0;
  private batch: BatchInfo | undefined = undefined;
  private batchLeft = 0;
  private readonly demand = new Demand();
  /** What the scan made; undefined where it was not to. */
  private made: Made | undefined = undefined;

  constructor(
    private readonly backend: Backend,
    private readonly manager: BufferManager,
    private readonly limits: RecordLimits,
  ) {}

  /** Whether records wait to be taken. */
  get pending(): boolean {
    return this.index < this.count;
  }

  /** Whether the one record that waits is of a frame that is not JSON. */
  get broken(): boolean {
    const status = this.table[RECORD_INTS + FIELD.STATUS] as number;
    return this.count === 1 && (status === STATUS.SYNTAX || status === STATUS.UTF8);
  }

  /**
   * Scans the frames in `[buffer.start, end)`, of which all are complete, and consumes them, or as many
   * as the table has room for. Only when nothing is pending.
   *
   * @param search no line feed lies before it
   */
  scan(buffer: ReceiveBuffer, end: number, flags: number, search: number = buffer.start): void {
    const slab = buffer.current();
    const { start } = buffer;
    this.made = this.demand.high ? [] : undefined;
    if (this.made !== undefined && end - start > MADE_AT_ONCE && (flags & SCAN_FLAG.WHOLE) === 0) end = someLines(slab.bytes, start, end);
    const more = this.run(slab.bytes, start, search, end, flags);
    if (more > 1) {
      this.table = new Int32Array((more + 1) * RECORD_INTS);
      this.run(slab.bytes, start, search, end, flags);
    }
    this.count = this.table[CONTROL.COUNT] as number;
    this.index = 0;
    this.copiedUpTo = buffer.copiedUpTo;
    buffer.start = this.table[CONTROL.CONSUMED] as number;
    this.demand.give(buffer.start - start);
    if (this.count > 0) {
      slab.retain();
      this.source = new MessageSource(slab.bytes, slab, this.manager, this.demand);
    }
  }

  /** The next message, or null when all were taken. */
  next(): JsonRpcMessage | null {
    while (this.index < this.count) {
      const base = ++this.index * RECORD_INTS;
      const message = this.table[base + FIELD.KIND] === KIND.BATCH ? this.open(base) : this.take(base);
      if (this.index === this.count) this.finish();
      if (message !== null) return message;
    }
    return null;
  }

  /** Lets go of what was not taken. */
  close(): void {
    this.finish();
  }

  private run(bytes: DirectBuffer, start: number, search: number, end: number, flags: number): number {
    const { table } = this;
    table[CONTROL.START] = start;
    table[CONTROL.SEARCH] = Math.max(start, search);
    table[CONTROL.END] = end;
    table[CONTROL.FLAGS] = flags;
    table[CONTROL.MAX_MESSAGE] = this.limits.maxMessageSize;
    table[CONTROL.MAX_BATCH] = this.limits.maxBatchSize;
    if (this.made === undefined) this.backend.scan(bytes, table);
    else this.backend.scanMaking(bytes, table, this.made);
    return table[CONTROL.MORE] as number;
  }

  // What is rare has functions of its own: with it in the usual way's, V8 has no room left to inline all of that, which
  // costs a message a sixth of its time.

  private take(base: number): JsonRpcMessage {
    const source = this.source as MessageSource; // set while records wait
    const { counters, config } = this.manager;
    if (!config.enableZeroCopy) return this.takeCopy(base, source);
    if ((this.table[base + FIELD.START] as number) >= this.copiedUpTo) counters.zeroCopyReceives++;
    else counters.copiedReceives++;
    source.slab?.retain();
    const own = this.made === undefined ? source : this.withMade(base, source, this.made);
    return JsonRpcMessage.fromRecord(this.table, base, own, this.batchLeft === 0 ? undefined : this.member());
  }

  /** The source of the message at `base`, which takes its payload's value along. */
  private withMade(base: number, source: MessageSource, made: Made): MessageSource {
    const value = made[base / RECORD_INTS];
    if (value === null) this.demand.fail((this.table[base + FIELD.END] as number) - (this.table[base + FIELD.START] as number));
    return value ? source.holding(value) : source;
  }

  private takeCopy(base: number, { bytes }: MessageSource): JsonRpcMessage {
    const { table } = this;
    const start = table[base + FIELD.START] as number;
    const own = copyBytes(bytes, start, table[base + FIELD.END] as number);
    for (const field of OFFSETS) if (table[base + field] !== 0) (table[base + field] as number) -= start;
    this.manager.counters.copiedReceives++;
    return JsonRpcMessage.fromRecord(table, base, new MessageSource(own, null, null), this.batchLeft === 0 ? undefined : this.member());
  }

  /** Begins the batch whose header is at `base`. */
  private open(base: number): null {
    this.batchLeft = this.table[base + FIELD.BATCH] as number;
    this.batch = { size: this.batchLeft };
    return null;
  }

  /** The batch that one more member is taken of. */
  private member(): BatchInfo | undefined {
    this.batchLeft--;
    return this.batch;
  }

  private finish(): void {
    if (this.count <= TABLE_RECORDS) this.table = this.standard;
    this.count = this.index = 0;
    this.made = undefined;
    this.source?.slab?.release();
    this.source = null;
  }
}

/** Where the last of the first few lines in `[start, end)` ends; `end` where the first is too long for that. */
function someLines(bytes: DirectBuffer, start: number, end: number): number {
  const last = bytes.subarray(start, start + MADE_AT_ONCE).lastIndexOf(LF);
  return last < 0 ? end : start + last + 1;
}
