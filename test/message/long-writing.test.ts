import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { joinEncoded } from '../../src/message/draft.js';
import { rawJson } from '../../src/message/json.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { backendInfo } from '../../src/backend/select.js';

const PLAIN = 'base64+/'.repeat(10_000);
const ODD = 'a "quoted" line\n\\ é😀\u2028\x01'.repeat(5_000);
const text = (value: string): object => ({ type: 'text', text: value });

const PAYLOADS: readonly [string, object][] = [
  ['one long string', { content: [text(PLAIN)], isError: false }],
  ['one that needs escapes', { isError: false, content: [text(ODD)] }],
  ['several', { content: [text(ODD), text('short "é"'), text(PLAIN), text(ODD)] }],
  ['resources', { contents: [{ uri: 'file:///a', blob: PLAIN }, { uri: 'file:///b', text: ODD }] }],
  ['arguments', { name: 'write', arguments: { path: 'a', content: ODD } }],
  ['half a surrogate pair', { content: [text(`${PLAIN}\ud800`)] }],
  ['what is no text of MCP', { rows: [ODD], content: 'x'.repeat(20_000) }],
  ['a way of its own to be written', { content: [{ text: PLAIN, toJSON: () => ({ other: 1 }) }] }],
];

/** As {@link JsonRpcMessage.serializeToBuffer} writes it behind a text. */
function serialized(message: JsonRpcMessage): string {
  const manager = new BufferManager({ writeBufferCapacity: 2 * 1024 * 1024 });
  const buffer = manager.tryAcquireWriteBuffer();
  if (buffer === null) throw new Error('the pool is empty');
  buffer.append('before ');
  const written = message.serializeToBuffer(buffer);
  const all = Buffer.from(buffer.bytes).toString();
  expect(written).toBe(Buffer.byteLength(all) - 'before '.length);
  buffer.release();
  manager.close();
  return all.slice('before '.length);
}

describe.each(PAYLOADS)('a message with %s is written as JSON.stringify writes it', (_name, payload) => {
  it('as an answer', () => {
    const expected = JSON.stringify({ jsonrpc: '2.0', id: 7, result: payload });
    expect(Buffer.from(JsonRpcMessage.response(7, payload).toBytes()).toString() === expected).toBe(true);
    expect(serialized(JsonRpcMessage.response(7, payload)) === expected).toBe(true);
  });

  it('as a call', () => {
    const expected = JSON.stringify({ jsonrpc: '2.0', id: 'a', method: 'tools/call', params: payload });
    expect(Buffer.from(JsonRpcMessage.request('a', 'tools/call', payload).toBytes()).toString() === expected).toBe(true);
  });

  it('from an object, with all its members in their order', () => {
    const object = { result: payload, extra: 1, jsonrpc: '2.0', id: 1 } as const;
    expect(Buffer.from(JsonRpcMessage.fromObject(object).toBytes()).toString() === JSON.stringify(object)).toBe(true);
  });

  it('under another id', () => {
    const parts = JsonRpcMessage.response(1, payload).withId('b');
    expect(Buffer.concat(parts).toString() === JSON.stringify({ jsonrpc: '2.0', id: 'b', result: payload })).toBe(true);
  });
});

it('bytes that are JSON already are left as they are', () => {
  const raw = Buffer.from(JSON.stringify({ content: [text(PLAIN)] }));
  expect(joinEncoded(JsonRpcMessage.response(1, rawJson(raw)).encode()).toString()).toBe(`{"jsonrpc":"2.0","id":1,"result":${raw.toString()}}`);
});

it('nothing is written where it does not fit', () => {
  const manager = new BufferManager({ writeBufferCapacity: 64 * 1024 });
  const buffer = manager.tryAcquireWriteBuffer();
  buffer?.append('before');
  const message = JsonRpcMessage.response(1, { content: [text(PLAIN)] });
  expect(() => message.serializeToBuffer(buffer as NonNullable<typeof buffer>)).toThrow(expect.objectContaining({ code: 'AIRS_MCP_BUFFER_FULL' }));
  expect(buffer?.length).toBe(6);
  buffer?.release();
  manager.close();
});

it('what JSON can\'t say is refused with its code, beside a long string too', () => {
  const message = JsonRpcMessage.response(1, { content: [text(PLAIN)], structuredContent: { n: 1n } });
  expect(() => message.toBytes()).toThrow(expect.objectContaining({ code: 'AIRS_MCP_NOT_SERIALISABLE' }));
});

it.runIf(backendInfo().name === 'native')('a long string is bytes between two texts, not one text', () => {
  const { head, raw, tail } = JsonRpcMessage.response(1, { content: [text(PLAIN)] }).encode();
  expect(head).toBe('{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"');
  expect(raw?.length).toBe(PLAIN.length);
  expect(tail).toBe('"}]}}');
});
