import { serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import { BufferManager, JsonRpcMessage } from '../../dist/index.js';
import { allocationOf } from '../lib/allocation.mjs';
import { textResult } from '../lib/data.mjs';
import { KIB, MIB } from './inputs.mjs';

const SIZES = { '1 KiB': KIB, '10 KiB': 10 * KIB, '100 KiB': 100 * KIB, '1 MiB': MIB };
/** Payload per second (GiB) of the Rust origin, and of JSON.stringify alone beside it. */
const ORIGIN = { '1 KiB': 1.0, '10 KiB': 2.2, '100 KiB': 2.6, '1 MiB': 1.75 };
const STRINGIFY_THERE = 0.55;

function passes(result) {
  const buffers = new BufferManager({ writeBufferCapacity: 4 * MIB });
  const plain = { jsonrpc: '2.0', id: 1, result };
  return {
    'airs-mcp'() {
      const buffer = buffers.tryAcquireWriteBuffer();
      const written = JsonRpcMessage.response(1, result).serializeToBuffer(buffer);
      buffer.release();
      return written;
    },
    'JSON.stringify + Buffer.from': () => Buffer.from(JSON.stringify(plain)).length,
    'SDK 1.x serializeMessage + Buffer.from': () => Buffer.from(serializeMessage(plain)).length,
    'JSON.stringify alone': () => JSON.stringify(plain).length,
  };
}

const nanoseconds = (gib, size) => (size / (gib * 1024 * MIB)) * 1e9;

/** The same weight in one string, as a file that is read has it. */
const oneText = () => ({ content: [{ type: 'text', text: textResult(MIB).content.map(({ text }) => text).join('') }] });

const CASES = [
  ...Object.entries(SIZES).map(([name, size]) => ({ name, size, slow: size === 100 * KIB, result: () => textResult(size) })),
  { name: '1 MiB in one text', size: MIB, slow: true, result: oneText },
];

function originOn(name, size) {
  if (ORIGIN[name] === undefined) return [];
  return [{ name: 'Rust origin', value: nanoseconds(ORIGIN[name], size), beside: { way: 'JSON.stringify alone', value: nanoseconds(STRINGIFY_THERE, size) } }];
}

const times = CASES.map(({ result, ...row }) => ({
  ...row,
  baseline: 'JSON.stringify + Buffer.from',
  references: originOn(row.name, row.size),
  ways: () => passes(result()),
}));

const allocation = CASES.map(({ result, ...row }) => ({
  ...row,
  name: `${row.name}, bytes allocated`,
  unit: 'bytes',
  baseline: 'JSON.stringify + Buffer.from',
  rounds: 3,
  ways: () => Object.fromEntries(Object.entries(passes(result())).map(([way, pass]) => [way, allocationOf(pass)])),
}));

export const group = {
  name: 'serialise',
  title: 'Message to bytes, in a pooled buffer',
  about:
    'A response of text blocks, built and written as JSON into a buffer from the pool, which is acquired and released. Bytes ' +
    'allocated are those of V8’s heap and of buffers; JSON.stringify’s own string is part of them on every side.',
  unit: 'ns/message',
  scale: 'bytes',
  rows: [...times, ...allocation],
};
