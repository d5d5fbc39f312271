/** The bytes that the benchmarks work on: made from a seed, the same in every run. */

import { request, rows } from '../../dist/cli/bench/data.js';

export { blob, lines, pieces, request, rows, toolsList } from '../../dist/cli/bench/data.js';

/** A result of some `size` bytes: rows as JSON in a text, as tools give them, so that each quote is escaped. */
export function rowsInText(id, size) {
  const all = [];
  for (let length = 0; length < size; ) {
    const number = all.length + 1;
    const row = { id: number, name: `row "${number}"`, total: number / 7 };
    all.push(row);
    length += JSON.stringify(JSON.stringify(row)).length;
  }
  return JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: JSON.stringify(all) }] } });
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
