/**
 * Bytes to routed messages: kind, id and method are known, nothing is materialised. Against parsing each line, and
 * against the official SDK's ReadBuffer, which is what an SDK transport does with the same bytes.
 */

import { ReadBuffer } from '@modelcontextprotocol/sdk/shared/stdio.js';
import { StreamingParser } from '../../dist/index.js';
import { blob, lines, pieces, request, toolsList } from '../lib/data.mjs';

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;
const NOTHING = new Uint8Array(0);

const inputs = [
  { name: '140 B', chunks: [lines(450, request)], count: 450 },
  { name: '6 KB tools/list', chunks: [lines(10, toolsList)], count: 10 },
  { name: '1 MiB', chunks: [lines(1, (id) => blob(id, MIB))], count: 1 },
  { name: '1 MiB in 64 KiB chunks', chunks: pieces(lines(1, (id) => blob(id, MIB)), CHUNK), count: 1 },
];

export const title = 'Bytes to routed message';
export const unit = 'ns/message';

export const rows = inputs.map(({ name, chunks, count }) => ({
  name,
  units: count,
  ways: {
    'airs-mcp, strict': ours(chunks, count, true),
    'airs-mcp, not strict': ours(chunks, count, false),
    'JSON.parse': parseLines(chunks, count),
    'SDK 1.x ReadBuffer': sdk(chunks, count),
  },
}));

/** As a router does: look at what decides, then let go. */
function ours(chunks, count, strictValidation) {
  const parser = new StreamingParser({ strictValidation });
  return () => {
    let seen = 0;
    for (const chunk of chunks) {
      for (let message = parser.parseFromBytes(chunk); message !== null; message = parser.parseFromBytes(NOTHING)) {
        if (message.kind !== 'invalid' && (message.id !== undefined || message.method !== undefined)) seen++;
        message.release();
      }
    }
    return expect(seen, count);
  };
}

function parseLines(chunks, count) {
  return () => {
    const buffer = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    let seen = 0;
    for (let start = 0; start < buffer.length; ) {
      const end = buffer.indexOf(10, start);
      const message = JSON.parse(buffer.utf8Slice(start, end));
      if (message.jsonrpc === '2.0' && (message.id !== undefined || message.method !== undefined)) seen++;
      start = end + 1;
    }
    return expect(seen, count);
  };
}

function sdk(chunks, count) {
  const buffer = new ReadBuffer();
  return () => {
    let seen = 0;
    for (const chunk of chunks) {
      buffer.append(chunk);
      for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) {
        if (message.id !== undefined || message.method !== undefined) seen++;
      }
    }
    return expect(seen, count);
  };
}

function expect(seen, count) {
  if (seen !== count) throw new Error(`${seen} messages instead of ${count}`);
  return seen;
}
