import { openLimits } from '../peers/limits.mjs';
import * as readers from '../peers/readers.mjs';
import { INPUT_NAMES, inputNamed, rowOn } from './inputs.mjs';

const rows = INPUT_NAMES.map((name) => ({
  ...rowOn(name),
  ways({ limits }) {
    const input = inputNamed(name);
    return {
      'airs-mcp, strict': readers.airs(input),
      'airs-mcp, not strict': readers.airs(input, { strict: false }),
      'JSON.parse': readers.parseLines(input),
      'SDK 1.x ReadBuffer': readers.sdk1(input),
      'SDK 2.x ReadBuffer': readers.sdk2(input),
      'vscode-jsonrpc': readers.vscode(input),
      jayson: readers.jaysonStream(input),
      'simdjson (npm)': readers.simdjson(input),
      'C++ simdjson on-demand': limits.work?.('ondemand', input),
      'C++ simdjson DOM': limits.work?.('dom', input),
      'scan alone': limits.work?.('scan', input),
      memcpy: limits.work?.('memcpy', input),
    };
  },
}));

export const group = {
  name: 'routing',
  title: 'Bytes to routed message',
  about:
    'The kind, id and method of each message are known and it is an object; no payload was parsed, and in strict mode all of it ' +
    'was checked. The peers parse everything, which is what they do with the same bytes. The limits in C++ work on the whole ' +
    'buffer; simdjson on-demand does not check what it skips.',
  unit: 'ns/message',
  scale: 'bytes',
  rows,
  async open() {
    const limits = openLimits();
    return { limits, close: () => limits.close() };
  },
};
