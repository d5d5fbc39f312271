import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import type { Framer } from '../../src/message/framer.js';
import { HeaderFramer } from '../../src/message/header.js';
import { LineFramer } from '../../src/message/line.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { codeOf, seededRandom } from '../buffer/memory.js';
import { bytesOf, finish, gist, lent, take, textOf, withHeader } from '../support/frames.js';

type Random = (bound: number) => number;

const LIMIT = 250_000;
const STRINGS = ['', 'a', '"', '\\', '\n\r', 'é', '日本', '😀', '\ud800', '\u2028', '\0', '__proto__', 'id', 'result', '{"id":1}', ',"id":7}'];
/**
 * Names of members. None ends with a backslash: after JSON.parse read such a name, V8 of Node 24 and 26 takes others that begin
 * with an escape for it (nodejs/node#63785), so that JSON.parse of a whole text and of its part differ.
 */
const NAMES = STRINGS.filter((text) => !text.endsWith('\\'));

function value(random: Random, depth = 0): unknown {
  switch (random(depth > 4 ? 5 : 8)) {
    case 0: return null;
    case 1: return random(2) === 0;
    case 2: return [0, -1, 1.5, 1e300, 5e-324, 2 ** 53, -2147483648][random(7)];
    case 3: return STRINGS[random(STRINGS.length)];
    case 4: return (STRINGS[random(STRINGS.length)] as string).repeat(random(50));
    case 5: return Array.from({ length: random(6) }, () => value(random, depth + 1));
    default: return Object.fromEntries(Array.from({ length: random(6) }, () => [NAMES[random(NAMES.length)], value(random, depth + 1)]));
  }
}

const ID_TEXTS = ['1', '0', '-5', '1.0', '-0', '1e400', '9223372036854775808', 'null', '""', '"a"', '"\\ud800"', '"\\u0061"', '{}', 'true', '01', '"'];

/** The JSON text of something that is a message more often than not, of 10 B to 300 KB. */
function body(random: Random, longest = 300_000): string {
  const size = random(40) === 0 ? random(longest) : random(10) === 0 ? random(Math.min(longest, 20_000)) : random(200);
  const payload = random(3) === 0 ? JSON.stringify({ fill: 'f'.repeat(size) }) : JSON.stringify(random(2) === 0 ? [value(random)] : { v: value(random) });
  const id = `"id":${ID_TEXTS[random(ID_TEXTS.length)]}`;
  const members = [
    random(30) === 0 ? '"jsonrpc":"1.0"' : '"jsonrpc":"2.0"',
    ...(random(5) === 0 ? [] : [id]),
    ...(random(2) === 0 ? [`"method":${JSON.stringify(STRINGS[random(STRINGS.length)])}`, `"params":${payload}`] : [`"${random(3) === 0 ? 'error' : 'result'}":${payload}`]),
    ...(random(30) === 0 ? ['"extra":{"id":1}'] : []),
  ];
  const text = `{${members.sort(() => random(3) - 1).join(random(4) === 0 ? ' ,\t' : ',')}}`;
  if (random(12) === 0) return text.slice(0, random(text.length));
  if (random(25) === 0) return 'garbage '.repeat(1 + random(10));
  return text;
}

/** What a frame must give, found by JSON.parse. */
function expected(text: string): string[] {
  if (bytesOf(text).length > LIMIT) return ['too large'];
  if (text.trim() === '') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return ['no JSON'];
  }
  return Array.isArray(parsed) && parsed.length > 0 ? parsed.map(judge) : [judge(parsed)];
}

const isObject = (it: unknown): it is Record<string, unknown> => typeof it === 'object' && it !== null && !Array.isArray(it);

function judge(frame: unknown): string {
  if (!isObject(frame) || frame['jsonrpc'] !== '2.0') return 'invalid';
  const has = (key: string): boolean => Object.hasOwn(frame, key);
  const { id, method, params, result, error } = frame;
  const called = has('method');
  if (has('id') && id !== null && typeof id !== 'string' && typeof id !== 'number') return 'invalid';
  if (called && (typeof method !== 'string' || has('result') || has('error') || (has('params') && typeof params !== 'object'))) return 'invalid';
  if (!called && (has('result') === has('error') || (has('result') && !has('id')) || (has('error') && !isObject(error)))) return 'invalid';
  const kind = called ? (has('id') ? 'request' : 'notification') : has('result') ? 'response' : 'error';
  return `${kind} ${String(id)} ${String(method)} ${JSON.stringify(params ?? result ?? error)}`;
}

/** The same of a message that arrived. */
function said(message: JsonRpcMessage): string {
  switch (message.failure?.code) {
    case undefined: return `${message.kind} ${String(message.id)} ${String(message.method)} ${JSON.stringify(message.params ?? message.result ?? message.error)}`;
    case 'AIRS_MCP_MESSAGE_TOO_LARGE': return 'too large';
    case 'AIRS_MCP_INVALID_REQUEST': return 'invalid';
    default: return 'no JSON';
  }
}

/** Gives all of `input` in random pieces, pushed or received in place; takes messages now and then releases some. */
function run(framer: Framer, input: Buffer, random: Random, got: string[]): void {
  const kept: [JsonRpcMessage, string][] = [];
  const most = [3, 100, 5000, 300_000][random(4)] as number;
  const collect = (messages: JsonRpcMessage[]): void => {
    for (const message of messages) {
      got.push(said(message));
      if (message.kind !== 'invalid') message.toBytes();
      kept.push([message, gist(message)]);
    }
    while (kept.length > random(30)) {
      const [[message, before]] = kept.splice(random(kept.length), 1) as [[JsonRpcMessage, string]];
      // Its bytes are what they were, whatever arrived since.
      if (message.kind !== 'invalid') expect(gist(JsonRpcMessage.fromBytes(message.toBytes()))).toBe(before);
      message.release();
      if (random(5) === 0) message.release();
    }
  };
  for (let at = 0; at < input.length; ) {
    const size = 1 + random(most);
    if (random(2) === 0) {
      const window = framer.window();
      const piece = input.subarray(at, at + Math.min(size, window.length));
      window.set(piece);
      framer.received(piece.length);
      at += piece.length;
    } else {
      at += framer.push(input.subarray(at, at + size), 0);
    }
    collect(take(framer));
  }
  collect(finish(framer));
  for (const [message] of kept) message.release();
}

function settled(manager: BufferManager): void {
  expect(lent(manager)).toBe(0);
  expect(manager.metrics()).toMatchObject({ heldBytes: 0, doubleReleases: 0, lostToGc: 0 });
}

describe('a random stream, cut at random, released in random order', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('gives line by line what JSON.parse does (seed %i)', (seed) => {
    const random = seededRandom(seed * 7919);
    const manager = new BufferManager({ readBufferCapacity: [64, 1000, 16_384, 262_144][seed % 4] as number, bufferPoolSize: 4, maxMessageSize: LIMIT });
    const lines = Array.from({ length: 250 }, () => {
      if (random(12) === 0) return ['', ' ', '\t \r', '[]', '[1]'][random(5)] as string;
      return random(20) === 0 ? `[${Array.from({ length: 1 + random(700) }, () => body(random, 200)).join(',')}]` : body(random);
    });
    const got: string[] = [];
    run(new LineFramer(manager), bytesOf(lines.map((line) => line + (random(3) === 0 ? '\r\n' : '\n')).join('')), random, got);
    expect(got).toEqual(lines.flatMap(expected));
    settled(manager);
  });

  it.each([1, 2, 3, 4])('gives body by body what JSON.parse does (seed %i)', (seed) => {
    const random = seededRandom(seed * 104_729);
    const manager = new BufferManager({ readBufferCapacity: [64, 1000, 16_384, 262_144][seed % 4] as number, bufferPoolSize: 4, maxMessageSize: LIMIT });
    const bodies = Array.from({ length: 200 }, () => body(random));
    const got: string[] = [];
    run(new HeaderFramer(manager), Buffer.concat(bodies.map((text) => withHeader(text, random(3) === 0 ? 'X-Other: y\r\n' : ''))), random, got);
    expect(got).toEqual(bodies.flatMap((text) => (text.trim() === '' ? ['no JSON'] : expected(text))));
    settled(manager);
  });

  it.each([1, 2, 3, 4, 5, 6])('of bytes that were damaged throws nothing, loses no good line and gives all memory back (seed %i)', (seed) => {
    const random = seededRandom(seed * 1_299_709);
    for (let round = 0; round < 60; round++) {
      const manager = new BufferManager({ readBufferCapacity: 256, bufferPoolSize: 3, maxMessageSize: 2000 });
      const lines = Array.from({ length: 20 }, () => bytesOf(body(random, 500).slice(0, 1500)));
      const damaged = lines.map((line) => {
        const copy = Buffer.from(line);
        for (let hits = random(4); hits > 0 && copy.length > 0; hits--) copy[random(copy.length)] = random(256);
        return copy;
      });
      const good = bytesOf('{"jsonrpc":"2.0","id":"good","method":"m"}\n');
      const input = Buffer.concat(damaged.flatMap((line) => [line, bytesOf('\n'), good]));
      const got: string[] = [];
      run(new LineFramer(manager, { strictValidation: true }), input, random, got);
      expect(got.filter((text) => text === 'request good m undefined').length).toBeGreaterThanOrEqual(damaged.length);
      settled(manager);
    }
  });

  it('is accepted or refused by fromBytes as by the parser', () => {
    const random = seededRandom(31);
    for (let i = 0; i < 2000; i++) {
      const text = body(random, 20_000);
      const [judged] = expected(text);
      const code = codeOf(() => JsonRpcMessage.fromBytes(bytesOf(text)));
      if (judged === 'no JSON' || judged === undefined) expect(code).toBe('AIRS_MCP_PARSE_ERROR');
      else if (judged === 'invalid') expect(code).toBe('AIRS_MCP_INVALID_REQUEST');
      else {
        expect(code).toBeUndefined();
        const message = JsonRpcMessage.fromBytes(bytesOf(text));
        expect(said(message)).toBe(judged);
        expect(textOf(message.toBytes())).toBe(text.trim());
      }
    }
  });
});
