import { batch } from '../lib/data.mjs';
import { expect } from '../lib/ways.mjs';
import { airs } from '../peers/readers.mjs';

const SIZES = [10, 100, 1_000, 10_000];

function parseBatch({ chunks: [line], count }) {
  return () => {
    let seen = 0;
    for (const { jsonrpc, id } of JSON.parse(line.utf8Slice(0, line.length))) if (jsonrpc === '2.0' && id !== undefined) seen++;
    return expect(seen, count);
  };
}

const inputOf = (count) => ({ chunks: [batch(count)], count });

export const group = {
  name: 'batches',
  costly: true,
  title: 'Batches',
  about: 'JSON-RPC batches of 140-byte requests in one chunk, to routed messages; the time is for each member.',
  unit: 'ns/message',
  scale: 'members',
  rows: [
    ...SIZES.map((count) => ({
      name: `${count.toLocaleString('en')} members`,
      size: count,
      slow: count === 100 || count === 1_000,
      units: count,
      ways() {
        const input = inputOf(count);
        return { 'airs-mcp, strict': airs(input), 'JSON.parse': parseBatch(input) };
      },
    })),
    {
      name: '10,000 against 10',
      ways: () =>
        Object.fromEntries([10_000, 10].map((count) => [`airs-mcp, ${count.toLocaleString('en')}`, { pass: airs(inputOf(count)), units: count }])),
    },
  ],
};
