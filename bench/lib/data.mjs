/** The bytes that the benchmarks work on: made from a seed, the same in every run. */

import { Buffer } from 'node:buffer';

/** A request of about 140 bytes, as MCP clients send them. */
export function request(id) {
  const params = { name: 'search_documents', arguments: { query: 'pooled buffers', limit: 20 } };
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
}

/** A response of about 6 KB: a tools/list of 17 tools with their schemas. */
export function toolsList(id) {
  const tools = Array.from({ length: 17 }, (_, index) => ({
    name: `tool_number_${index}`,
    description: 'Looks a document up by its title and gives the passages that match, best first.',
    inputSchema: {
      type: 'object',
      properties: {
        title: { type: 'string', description: 'The title, or a part of it' },
        limit: { type: 'integer', minimum: 1, maximum: 100 },
      },
      required: ['title'],
    },
  }));
  return JSON.stringify({ jsonrpc: '2.0', id, result: { tools } });
}

/** A response that holds `size` bytes of base64, as images and files travel. */
export function blob(id, size) {
  const bytes = Buffer.alloc(Math.floor((size * 3) / 4));
  let state = 0x2545f491;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  const content = [{ type: 'image', mimeType: 'image/png', data: bytes.toString('base64') }];
  return JSON.stringify({ jsonrpc: '2.0', id, result: { content } });
}

/** A response of `size` bytes of small objects, as tables of rows travel. */
export function rows(id, size) {
  const list = [];
  for (let length = 0, i = 0; length < size; i++) {
    const row = { id: i, name: `row ${i}`, score: (i % 97) / 7, tags: ['a', 'b'], done: i % 3 === 0 };
    list.push(row);
    length += JSON.stringify(row).length + 1;
  }
  return JSON.stringify({ jsonrpc: '2.0', id, result: { rows: list } });
}

/** A request whose params are some `size` bytes of rows, with its tool's name before or behind them. */
export function bigRequest(id, size, nameFirst) {
  const { result } = JSON.parse(rows(id, size));
  const params = nameFirst ? { name: 'import_rows', arguments: result } : { arguments: result, name: 'import_rows' };
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
}

/** One batch of `count` requests, as a line. */
export function batch(count) {
  return Buffer.from(`[${Array.from({ length: count }, (_, index) => request(index + 1)).join(',')}]\n`);
}

/** A result of some `size` bytes of text and fields, as tools give them. */
export function textResult(size) {
  const line = 'Line of a log with "quotes" and a path C:\\temp, as tools print them.\n';
  const content = [];
  for (let length = 0; length < size; length += 500) content.push({ type: 'text', text: line.repeat(6), annotations: { priority: 0.5, audience: ['user'] } });
  return { content, isError: false };
}

/** `count` messages by `make`, one per line, in one buffer. */
export function lines(count, make) {
  return Buffer.from(Array.from({ length: count }, (_, index) => `${make(index + 1)}\n`).join(''));
}

/** A buffer in pieces of `size` bytes, each in memory of its own, as a stream gives them. */
export function pieces(buffer, size) {
  const parts = [];
  for (let at = 0; at < buffer.length; at += size) parts.push(Buffer.from(buffer.subarray(at, at + size)));
  return parts;
}
