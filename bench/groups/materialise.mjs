import * as readers from '../peers/readers.mjs';
import { INPUT_NAMES, inputNamed, rowOn } from './inputs.mjs';

const rows = INPUT_NAMES.map((name) => ({
  ...rowOn(name),
  ways() {
    const input = inputNamed(name);
    return {
      'airs-mcp, strict': readers.airs(input, { whole: true }),
      'airs-mcp, not strict': readers.airs(input, { strict: false, whole: true }),
      'JSON.parse': readers.parseLines(input),
      'SDK 1.x ReadBuffer': readers.sdk1(input),
      'SDK 2.x ReadBuffer': readers.sdk2(input),
      'vscode-jsonrpc': readers.vscode(input),
      jayson: readers.jaysonStream(input),
      'simdjson (npm)': readers.simdjson(input, { whole: true }),
    };
  },
}));

export const group = {
  name: 'materialise',
  title: 'Bytes to materialised params or result',
  about: 'The same messages, with their params or result read as JavaScript values, by JSON.parse on every side but the binding’s.',
  unit: 'ns/message',
  scale: 'bytes',
  rows,
};
