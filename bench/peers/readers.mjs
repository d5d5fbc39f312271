/**
 * Bytes to messages: ours and the peers' ways behind one face. Each takes an input `{ chunks, count }` of lines and gives a
 * pass over it, which looks at each message's id or method. With `whole`, params or result are values afterwards.
 */

import { EventEmitter } from 'node:events';
import { ReadBuffer as ReadBuffer2 } from '@modelcontextprotocol/client';
import { ReadBuffer } from '@modelcontextprotocol/sdk/shared/stdio.js';
import jayson from 'jayson';
import { StreamMessageReader } from 'vscode-jsonrpc/node';
import { parseMessages } from '../../dist/cli/bench/parsing.js';
import { StreamingParser } from '../../dist/index.js';
import { expect } from '../lib/ways.mjs';
import { simdjsonBinding } from './simdjson.mjs';

export { parseLines } from '../../dist/cli/bench/parsing.js';

export function airs(input, { strict = true, whole = false, maxMessageSize } = {}) {
  const parser = new StreamingParser({ strictValidation: strict, ...(maxMessageSize && { maxMessageSize }) });
  return parseMessages(parser, input, whole);
}

const isMessage = ({ jsonrpc, id, method }) => jsonrpc === '2.0' && (id !== undefined || method !== undefined);

const sdk = (buffer) => ({ chunks, count }) => () => {
  let seen = 0;
  for (const chunk of chunks) {
    buffer.append(chunk);
    for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) {
      if (message.id !== undefined || message.method !== undefined) seen++;
    }
  }
  return expect(seen, count);
};

const LIMIT = { maxBufferSize: 128 * 1024 * 1024 };
export const sdk1 = (input) => sdk(new ReadBuffer(LIMIT))(input);
export const sdk2 = (input) => sdk(new ReadBuffer2(LIMIT))(input);

export function jaysonStream({ chunks, count }) {
  const stream = new EventEmitter();
  let seen = 0;
  jayson.Utils.parseStream(stream, {}, (error, message) => {
    if (error) throw error;
    if (isMessage(message)) seen++;
  });
  return () => {
    seen = 0;
    for (const chunk of chunks) stream.emit('data', chunk);
    return expect(seen, count);
  };
}

/** The same messages in its own framing. Its reader gives messages in later ticks. */
export function vscode({ chunks, count }) {
  const size = chunks[0].length;
  const framed = contentLength(Buffer.concat(chunks));
  const parts = chunks.length === 1 ? [framed] : Array.from({ length: Math.ceil(framed.length / size) }, (_, i) => framed.subarray(i * size, (i + 1) * size));
  const stream = new EventEmitter();
  let seen = 0;
  let done;
  new StreamMessageReader(stream).listen((message) => {
    if (isMessage(message)) seen++;
    if (seen === count) done();
  });
  return () => {
    seen = 0;
    const finished = new Promise((resolve) => (done = resolve));
    for (const part of parts) stream.emit('data', part);
    return finished;
  };
}

function contentLength(lines) {
  const parts = [];
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(10, start);
    parts.push(Buffer.from(`Content-Length: ${end - start}\r\n\r\n`), lines.subarray(start, end));
    start = end + 1;
  }
  return Buffer.concat(parts);
}

/** The npm binding, which parses each line whole: lazily, then asked for the id, or into values. Undefined where it isn't built. */
export function simdjson({ chunks, count }, { whole = false } = {}) {
  const binding = simdjsonBinding();
  if (binding === undefined) return undefined;
  const look = whole ? (text) => isMessage(binding.parse(text)) : (text) => binding.lazyParse(text).valueForKeyPath('id') !== undefined;
  return () => {
    const buffer = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    let seen = 0;
    for (let start = 0; start < buffer.length; ) {
      const end = buffer.indexOf(10, start);
      if (look(buffer.utf8Slice(start, end))) seen++;
      start = end + 1;
    }
    return expect(seen, count);
  };
}
