/** Bytes to messages, against JSON.parse of each line. */

import { JsonRpcMessage } from '../../message/message.js';
import { StreamingParser } from '../../message/parser.js';
import { blob, lines, pieces, request, rows, toolsList } from './data.js';
import type { Pass } from './measure.js';
import { expect, type Group, OURS, type Row } from './row.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNK = 64 * KIB;
const LF = 10;
const NOTHING = new Uint8Array(0);

/** Lines, cut as a stream may cut them. */
export interface Input {
  readonly chunks: readonly Buffer[];
  /** Messages in it. */
  readonly count: number;
}

const INPUTS: readonly { name: string; count: number; chunks(this: void): Buffer[] }[] = [
  { name: '140 B request', count: 450, chunks: () => [lines(450, request)] },
  { name: '6 KB tools/list', count: 10, chunks: () => [lines(10, toolsList)] },
  { name: '1 MiB base64, 64 KiB chunks', count: 1, chunks: () => pieces(lines(1, (id) => blob(id, MIB)), CHUNK) },
  { name: '1 MiB rows, 64 KiB chunks', count: 1, chunks: () => pieces(lines(1, (id) => rows(id, MIB)), CHUNK) },
];

/** As a router does: look at what decides, then let go. @param whole whether params or result are read as values */
export function parseMessages(parser: StreamingParser, { chunks, count }: Input, whole: boolean): Pass {
  return () => {
    let seen = 0;
    for (const chunk of chunks) {
      for (let message = parser.parseFromBytes(chunk); message !== null; message = parser.parseFromBytes(NOTHING)) {
        if (message.kind !== 'invalid' && (message.id !== undefined || message.method !== undefined)) seen++;
        if (whole && (message.params ?? message.result) === undefined) seen--;
        message.release();
      }
    }
    return expect(seen, count);
  };
}

/** Each line of the joined chunks. */
export function parseLines({ chunks, count }: Input): Pass {
  return () => {
    const buffer = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    let seen = 0;
    for (let start = 0; start < buffer.length; ) {
      const end = buffer.indexOf(LF, start);
      const { jsonrpc, id, method } = JSON.parse(buffer.toString('utf8', start, end)) as Record<string, unknown>;
      if (jsonrpc === '2.0' && (id !== undefined || method !== undefined)) seen++;
      start = end + 1;
    }
    return expect(seen, count);
  };
}

function rowsOn(whole: boolean): Row[] {
  return INPUTS.map(({ name, count, chunks: make }) => ({
    name, units: count,
    ways() {
      const input = { chunks: make(), count };
      return { [OURS]: parseMessages(new StreamingParser(), input, whole), 'JSON.parse': parseLines(input) };
    },
  }));
}

const oneValue: Row = {
  name: 'one value of a 1 MiB message, at()',
  ways() {
    const line = Buffer.from(rows(1, MIB));
    const message = JsonRpcMessage.fromBytes(line);
    const last = (message.result as { rows: unknown[] }).rows.length - 1;
    const unread = JsonRpcMessage.fromBytes(line);
    const whole = (): unknown => (JSON.parse(line.toString()) as { result: { rows: { id: number }[] } }).result.rows[last]?.id;
    return { [OURS]: () => expect(unread.at(`/result/rows/${last}/id`), last), 'JSON.parse': () => expect(whole(), last) };
  },
};

const forward: Row = {
  name: 'another id for a 1 MiB message, withId()',
  ways() {
    const line = Buffer.from(blob(1, MIB));
    const message = JsonRpcMessage.fromBytes(line);
    return {
      [OURS]: () => expect(message.withId(77).length, 3),
      'JSON.parse': () => Buffer.from(JSON.stringify({ ...(JSON.parse(line.toString()) as object), id: 77 })),
    };
  },
};

export const PARSING: readonly Group[] = [
  {
    title: 'bytes to routed message',
    about: 'Kind, id and method are known and all of it was checked; no payload is parsed. JSON.parse parses it all.',
    rows: rowsOn(false),
  },
  { title: 'bytes to parsed message', about: 'The same, with params or result read as values.', rows: rowsOn(true) },
  { title: 'one value, and forwarding', about: 'Of a message that was received.', rows: [oneValue, forward] },
];
