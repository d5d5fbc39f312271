import { JsonRpcMessage, StreamingParser } from '../../dist/index.js';
import { bigRequest, blob } from '../lib/data.mjs';
import { expect } from '../lib/ways.mjs';
import { openLimits } from '../peers/limits.mjs';
import { simdjsonBinding } from '../peers/simdjson.mjs';
import { MIB } from './inputs.mjs';

const NAME = 'import_rows';

const textOf = (nameFirst) => Buffer.from(`${bigRequest(1, MIB, nameFirst)}\n`);

function lazily(line) {
  const binding = simdjsonBinding();
  return binding && (() => expect(binding.lazyParse(line.utf8Slice(0, line.length)).valueForKeyPath('params.name'), NAME));
}

function oneValue(nameFirst) {
  return {
    name: `at('/params/name'), 1 MiB params, name ${nameFirst ? 'first' : 'last'}`,
    size: MIB,
    ways() {
      const line = textOf(nameFirst);
      const message = JsonRpcMessage.fromBytes(line);
      return {
        'airs-mcp': () => expect(message.at('/params/name'), NAME),
        'JSON.parse': () => expect(JSON.parse(line.utf8Slice(0, line.length)).params.name, NAME),
        'simdjson (npm)': lazily(line),
      };
    },
  };
}

const fromBytes = {
  name: `bytes to at('/params/name'), 1 MiB params`,
  size: MIB,
  ways() {
    const line = textOf(false);
    const parser = new StreamingParser();
    return {
      'airs-mcp'() {
        const message = parser.parseFromBytes(line);
        expect(message.at('/params/name'), NAME);
        message.release();
      },
      'JSON.parse': () => expect(JSON.parse(line.utf8Slice(0, line.length)).params.name, NAME),
      'simdjson (npm)': lazily(line),
    };
  },
};

const forward = {
  name: 'withId of a 1 MiB message',
  size: MIB,
  ways({ limits }) {
    const line = Buffer.from(blob(1, MIB));
    const message = JsonRpcMessage.fromBytes(line);
    const copy = Buffer.allocUnsafeSlow(line.length);
    return {
      'airs-mcp': () => expect(message.withId(77).length, 3),
      'JSON.parse': () => Buffer.from(JSON.stringify({ ...JSON.parse(line.utf8Slice(0, line.length)), id: 77 })),
      'memcpy from JavaScript': () => copy.set(line),
      'memcpy in C++': limits.work?.('memcpy', { chunks: [line], count: 1 }),
    };
  },
};

const receiveAndForward = {
  name: 'receive, withId, release, 1 MiB message',
  size: MIB,
  ways() {
    const line = Buffer.from(`${blob(1, MIB)}\n`);
    const parser = new StreamingParser();
    const copy = Buffer.allocUnsafeSlow(line.length);
    return {
      'airs-mcp'() {
        const message = parser.parseFromBytes(line);
        expect(message.withId(77).length, 3);
        message.release();
      },
      'JSON.parse': () => Buffer.from(JSON.stringify({ ...JSON.parse(line.utf8Slice(0, line.length)), id: 77 })),
      'memcpy from JavaScript': () => copy.set(line),
    };
  },
};

export const group = {
  name: 'reading',
  costly: true,
  title: 'One value, and forwarding',
  about:
    'at() finds one value in a message that was received, without parsing the rest. withId gives the same bytes under another ' +
    'id, as a proxy sends them on; the row after it includes receiving the message.',
  unit: 'ns',
  rows: [oneValue(true), oneValue(false), fromBytes, forward, receiveAndForward],
  async open() {
    const limits = openLimits();
    return { limits, close: () => limits.close() };
  },
};
