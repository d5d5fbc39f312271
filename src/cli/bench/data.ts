/** The bytes that benchmarks work on: the same in every run. */

/** A request of about 140 bytes, as MCP clients send them. */
export function request(id: number): string {
  const params = { name: 'search_documents', arguments: { query: 'pooled buffers', limit: 20 } };
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
}

/** A response of about 6 KB: a tools/list of 17 tools with their schemas. */
export function toolsList(id: number): string {
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
export function blob(id: number, size: number): string {
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
export function rows(id: number, size: number): string {
  const list: unknown[] = [];
  for (let length = 0, i = 0; length < size; i++) {
    const row = { id: i, name: `row ${i}`, score: (i % 97) / 7, tags: ['a', 'b'], done: i % 3 === 0 };
    list.push(row);
    length += JSON.stringify(row).length + 1;
  }
  return JSON.stringify({ jsonrpc: '2.0', id, result: { rows: list } });
}

/** `count` messages by `make`, one per line, in one buffer. */
export function lines(count: number, make: (id: number) => string): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => `${make(index + 1)}\n`).join(''));
}

/** A buffer in pieces of `size` bytes, each in memory of its own, as a stream gives them. */
export function pieces(buffer: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < buffer.length; at += size) parts.push(Buffer.from(buffer.subarray(at, at + size)));
  return parts;
}
