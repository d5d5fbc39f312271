import type { JsonRpcMessage } from '../../message/message.js';
import { Ledger, type LedgerSummary } from './ledger.js';
import { LineReader } from './lines.js';
import type { Gap, Row, Side } from './row.js';

/** Longest message in which the text of an error is read (bytes). */
const READ_LIMIT = 64 * 1024;
/** What an invalid line is shown by (bytes of its beginning). */
const PREVIEW = 160;
/** Where the method of a message that is too long is looked for (bytes of its beginning). */
const PREFIX = 2_048;
const METHOD = /"method"\s*:\s*"((?:[^"\\]|\\.){1,200})"/;
const UNKNOWN = '(unknown)';

/** Shows what passed, as it passes. */
export interface TraceSink {
  row(row: Row): void;
  gap(gap: Gap): void;
}

const byteText = (bytes: Uint8Array, max: number): string => Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, max)).toString();

/** Both directions' bytes as rows, and the figures of the session. Memory is bounded, whatever passes. */
export class Trace {
  private readonly ledger = new Ledger();
  private readonly readers: Readonly<Record<Side, LineReader>>;
  private at = 0;

  constructor(private readonly sink: TraceSink) {
    this.readers = { client: this.reader('client'), server: this.reader('server') };
  }

  /** @param at when the bytes arrived (ms since the start) */
  bytes(from: Side, chunk: Uint8Array, at: number): void {
    this.at = at;
    this.ledger.bytes(from, chunk.length, 0);
    this.readers[from].push(chunk);
  }

  /** @param unseen bytes that passed and are not given here */
  gap(from: Side, unseen: number, at: number): void {
    this.at = at;
    this.ledger.bytes(from, 0, unseen);
    this.readers[from].skip();
    this.sink.gap({ from, unseen, at });
  }

  end(at: number): LedgerSummary {
    this.at = at;
    this.readers.client.end();
    this.readers.server.end();
    return this.ledger.summary();
  }

  private reader(from: Side): LineReader {
    return new LineReader((messages, length) => {
      for (const message of messages) {
        const row = this.read(message, from, messages.length === 1 ? length : message.byteLength);
        this.ledger.count(row);
        this.sink.row(row);
      }
    });
  }

  private read(message: JsonRpcMessage, from: Side, bytes: number): Row {
    const { at } = this;
    const { kind, idText: id } = message;
    const row = { at, from, kind, id, bytes, method: message.method, duration: undefined, code: undefined, text: undefined };
    switch (kind) {
      case 'request':
        this.ledger.request(from, id, message.method ?? UNKNOWN, at);
        return row;
      case 'notification':
        if (message.method === 'notifications/cancelled') this.cancelled(message, from);
        return row;
      case 'response':
        return { ...row, ...this.response(message, from) };
      case 'error':
        return { ...row, ...this.ledger.answer(from, id, true, at), ...errorOf(message) };
      case 'invalid':
        return { ...row, ...this.invalid(message, from) };
    }
  }

  /** MCP says that a tool failed inside a result. */
  private response(message: JsonRpcMessage, from: Side): Partial<Row> {
    const failed = message.byteLength <= READ_LIMIT && message.at('/result/isError') === true;
    const answered = this.ledger.answer(from, message.idText, failed, this.at);
    return failed ? { ...answered, text: 'isError' } : { ...answered };
  }

  private cancelled(message: JsonRpcMessage, from: Side): void {
    const id = message.byteLength > READ_LIMIT ? undefined : message.at('/params/requestId');
    if (typeof id === 'string' || typeof id === 'number') this.ledger.cancel(from, JSON.stringify(id));
  }

  /** A line that is too long, or broken, still settles the request that it answers. */
  private invalid(message: JsonRpcMessage, from: Side): Partial<Row> {
    const start = message.toBytes();
    const code = message.failure?.code;
    const tooLong = code === 'AIRS_MCP_MESSAGE_TOO_LARGE';
    const text = tooLong ? 'too long to be looked into' : byteText(start, PREVIEW);
    const answered = message.intent === 'call' ? undefined : this.ledger.answer(from, message.idText, !tooLong, this.at);
    if (answered !== undefined) return { code, text, ...answered };
    const method = METHOD.exec(byteText(start, PREFIX))?.[1];
    // A call too long to be looked into is a good one, as far as this shows.
    if (tooLong && message.intent === 'call' && message.idText !== undefined) {
      this.ledger.request(from, message.idText, method ?? UNKNOWN, this.at);
    }
    return { code, text, method };
  }
}

function errorOf(message: JsonRpcMessage): Partial<Row> {
  if (message.byteLength > READ_LIMIT) return {};
  const code = message.at('/error/code');
  const text = message.at('/error/message');
  return {
    code: typeof code === 'number' ? code : undefined,
    text: typeof text === 'string' ? text : undefined,
  };
}
