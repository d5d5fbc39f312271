import { describe, expect, it } from 'vitest';
import type { WireMessage } from '../../src/base/wire.js';
import { BufferManager } from '../../src/buffer/manager.js';
import { rawJson } from '../../src/message/json.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { codeOf } from '../buffer/memory.js';
import { bytesOf, textOf } from '../support/frames.js';

const BUILT: [string, JsonRpcMessage, object][] = [
  ['a request', JsonRpcMessage.request(1, 'm', { a: [1, 'ü'] }), { jsonrpc: '2.0', id: 1, method: 'm', params: { a: [1, 'ü'] } }],
  ['a request without params', JsonRpcMessage.request('x', 'm'), { jsonrpc: '2.0', id: 'x', method: 'm' }],
  ['a request with an array', JsonRpcMessage.request(null, 'm', []), { jsonrpc: '2.0', id: null, method: 'm', params: [] }],
  ['a notification', JsonRpcMessage.notification('n/"q"', { b: null }), { jsonrpc: '2.0', method: 'n/"q"', params: { b: null } }],
  ['a response', JsonRpcMessage.response(-7, { ok: true }), { jsonrpc: '2.0', id: -7, result: { ok: true } }],
  ['a response without a result', JsonRpcMessage.response(1, undefined), { jsonrpc: '2.0', id: 1, result: null }],
  ['a response of a scalar', JsonRpcMessage.response(1, 0), { jsonrpc: '2.0', id: 1, result: 0 }],
  ['an error', JsonRpcMessage.error(null, { code: -32700, message: 'no' }), { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'no' } }],
];

describe('a built message', () => {
  it.each(BUILT)('%s is written as JSON-RPC 2.0 text and read back as the same', (_name, built, wire) => {
    expect(JSON.parse(textOf(built.toBytes()) as string)).toEqual(wire);
    expect(built.toJSON()).toEqual(wire);
    const read = JsonRpcMessage.fromBytes(built.toBytes());
    expect(read.toJSON()).toEqual(wire);
    expect([read.kind, read.id, read.idText, read.method]).toEqual([built.kind, built.id, built.idText, built.method]);
    expect([read.params, read.result, read.error]).toEqual([built.params, built.result ?? (built.kind === 'response' ? null : undefined), built.error]);
    expect(textOf(read.rawParams)).toEqual(textOf(built.rawParams));
    expect(textOf(read.rawResult)).toEqual(textOf(built.rawResult));
    expect(textOf(read.toBytes())).toBe(textOf(built.toBytes()));
    expect(built.byteLength).toBe(built.toBytes().length);
  });

  it('takes only the ids that JSON-RPC 2.0 allows', () => {
    for (const id of [Number.NaN, Infinity, 1n, {}, [], true, undefined, Symbol('s')]) {
      expect(codeOf(() => JsonRpcMessage.request(id as number, 'm'))).toBe('AIRS_MCP_INVALID_ARGUMENT');
      expect(codeOf(() => JsonRpcMessage.response(id as number, 1))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
  });

  it('takes only a string as method, and structured params', () => {
    for (const method of [1, null, undefined, {}]) {
      expect(codeOf(() => JsonRpcMessage.request(1, method as string))).toBe('AIRS_MCP_INVALID_ARGUMENT');
      expect(codeOf(() => JsonRpcMessage.notification(method as string))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
    for (const params of [1, 'text', true, 1n, () => 1]) {
      expect(codeOf(() => JsonRpcMessage.request(1, 'm', params))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
  });

  it('takes only an error object with an integer code and a message', () => {
    for (const error of [null, 'no', {}, { code: 1.5, message: 'x' }, { code: 1 }, { code: '1', message: 'x' }]) {
      expect(codeOf(() => JsonRpcMessage.error(1, error as never))).toBe('AIRS_MCP_INVALID_ARGUMENT');
    }
  });

  it('is refused, when it is written, for what JSON cannot express', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const thrower = { toJSON: () => { throw new Error('mine'); } };
    const manager = new BufferManager();
    const buffer = manager.tryAcquireWriteBuffer();
    for (const bad of [{ big: 1n }, cycle, thrower]) {
      const message = JsonRpcMessage.request(1, 'm', bad);
      expect(codeOf(() => message.toBytes())).toBe('AIRS_MCP_NOT_SERIALISABLE');
      expect(codeOf(() => message.serializeToBuffer(buffer as never))).toBe('AIRS_MCP_NOT_SERIALISABLE');
      expect(codeOf(() => message.rawParams)).toBe('AIRS_MCP_NOT_SERIALISABLE');
      expect(codeOf(() => JsonRpcMessage.fromObject({ jsonrpc: '2.0', id: 1, result: bad }).toBytes())).toBe('AIRS_MCP_NOT_SERIALISABLE');
    }
    expect(buffer?.length).toBe(0);
    buffer?.release();
  });

  it('survives retain and release, which do nothing to values', () => {
    const message = JsonRpcMessage.request(1, 'm', { a: 1 });
    message.retain().release();
    message.release();
    message.release();
    expect(message.params).toEqual({ a: 1 });
    expect(codeOf(() => message.retain())).toBe('AIRS_MCP_MESSAGE_RELEASED');
  });
});

describe('serializeToBuffer', () => {
  it('appends behind what the buffer holds and tells how many bytes it wrote', () => {
    const manager = new BufferManager();
    const buffer = manager.tryAcquireWriteBuffer();
    if (buffer === null) throw new Error('a fresh pool lends');
    const texts = BUILT.map(([, message]) => textOf(message.toBytes()) as string);
    for (const [, message] of BUILT) {
      const before = buffer.length;
      const written = message.serializeToBuffer(buffer);
      expect(buffer.length - before).toBe(written);
      expect(written).toBe(message.toBytes().length);
    }
    expect(textOf(buffer.bytes)).toBe(texts.join(''));
    buffer.clear();
    const text = '{"jsonrpc":"2.0" , "method":"m"}';
    const received = JsonRpcMessage.fromBytes(bytesOf(`  ${text}\n`));
    expect(received.serializeToBuffer(buffer)).toBe(text.length);
    expect(textOf(buffer.bytes)).toBe(text);
    buffer.release();
  });

  it.each([
    ['a short one', { text: 'é'.repeat(100) }],
    ['one whose payload is written by itself', { text: 'é'.repeat(5000) }],
    ['one with raw bytes', rawJson(bytesOf('{"n":1}'))],
  ])('writes all or nothing: capacity + 1 is refused, capacity fits; %s', (_name, params) => {
    const message = JsonRpcMessage.request(1, 'm', params);
    const size = message.toBytes().length;
    for (const [capacity, code] of [[size - 1, 'AIRS_MCP_BUFFER_FULL'], [size, undefined], [size + 1, undefined]] as const) {
      const buffer = new BufferManager({ writeBufferCapacity: capacity }).tryAcquireWriteBuffer();
      expect(codeOf(() => message.serializeToBuffer(buffer as never))).toBe(code);
      expect(buffer?.length).toBe(code === undefined ? size : 0);
      if (code === undefined) expect(textOf(buffer?.bytes ?? bytesOf(''))).toBe(textOf(message.toBytes()));
      buffer?.release();
    }
  });
});

describe('rawJson', () => {
  const raw = rawJson(bytesOf('{ "n" : 18446744073709551616, "x":1e400 }'));

  it('is sent byte for byte as params and result, and parsed only when read', () => {
    const request = JsonRpcMessage.request(1, 'm', raw);
    expect(textOf(request.toBytes())).toBe('{"jsonrpc":"2.0","id":1,"method":"m","params":{ "n" : 18446744073709551616, "x":1e400 }}');
    expect(textOf(JsonRpcMessage.response('r', raw).toBytes())).toBe(`{"jsonrpc":"2.0","id":"r","result":${textOf(raw.bytes)}}`);
    expect(textOf(JsonRpcMessage.notification('n', raw).toBytes())).toBe(`{"jsonrpc":"2.0","method":"n","params":${textOf(raw.bytes)}}`);
    expect(request.rawParams).toBe(raw.bytes);
    expect(request.byteLength).toBe(request.toBytes().length);
    expect(request.params).toEqual({ n: 2 ** 64, x: Infinity });
    expect(request.params).toBe(request.params);
    expect(JsonRpcMessage.response(1, raw).result).toEqual({ n: 2 ** 64, x: Infinity });
    expect(request.toJSON()).toMatchObject({ params: { x: Infinity } });
    expect(request.at('/params/n')).toBe(2 ** 64);
  });

  it('keeps its bytes inside an object that is sent as a whole', () => {
    const message = JsonRpcMessage.fromObject({ jsonrpc: '2.0', id: 1, result: raw, extra: 1 } as WireMessage);
    expect(textOf(message.toBytes())).toBe(`{"jsonrpc":"2.0","id":1,"extra":1,"result":${textOf(raw.bytes)}}`);
    expect(textOf(Buffer.concat(message.withId(2)))).toBe(`{"jsonrpc":"2.0","id":2,"extra":1,"result":${textOf(raw.bytes)}}`);
    expect(message.toJSON()).toMatchObject({ extra: 1, result: { x: Infinity } });
    expect(message.at('/result/x')).toBe(Infinity);
  });

  it('may stand below other values, where it is written as the value it is', () => {
    const message = JsonRpcMessage.request(1, 'm', { list: [rawJson(bytesOf(' [1, 2] '))] });
    expect(textOf(message.rawParams)).toBe('{"list":[[1,2]]}');
    expect(message.at('/params/list/0/1')).toBe(2);
  });

  it('tells of malformed text when it is read, and of a wrong argument at once', () => {
    const message = JsonRpcMessage.response(1, rawJson(bytesOf('{oops')));
    expect(codeOf(() => message.result)).toBe('AIRS_MCP_PARSE_ERROR');
    expect(codeOf(() => rawJson('{}' as never))).toBe('AIRS_MCP_INVALID_ARGUMENT');
  });
});

describe('fromObject', () => {
  it('keeps every member, in its order', () => {
    const wire = { method: 'm', jsonrpc: '2.0', extra: { a: 1 }, id: 'i', params: { p: 1 } } as unknown as WireMessage;
    const message = JsonRpcMessage.fromObject(wire);
    expect(textOf(message.toBytes())).toBe(JSON.stringify(wire));
    expect([message.kind, message.id, message.method, message.params]).toEqual(['request', 'i', 'm', { p: 1 }]);
    expect(message.at('/extra/a')).toBe(1);
    expect(textOf(Buffer.concat(message.withId(9)))).toBe(JSON.stringify({ ...wire, id: 9 }));
  });

  it('tells the kind', () => {
    const kinds = [
      { id: 1, method: 'm' }, { method: 'm' }, { id: 1, result: null }, { id: null, error: { code: 1, message: '' } }, { error: { code: 1, message: '' } },
    ].map((members) => JsonRpcMessage.fromObject({ jsonrpc: '2.0', ...members }).kind);
    expect(kinds).toEqual(['request', 'notification', 'response', 'error', 'error']);
  });

  it.each([
    null, 5, 'text', {}, { jsonrpc: '2.0' }, { jsonrpc: '2.0', id: 1 }, { jsonrpc: '2.0', result: 1 }, { jsonrpc: '2.0', id: {}, method: 'm' },
    { id: 1, method: 'm' }, { jsonrpc: '1.0', id: 1, method: 'm' }, { jsonrpc: '2.0', id: 1, method: 5 }, { jsonrpc: '2.0', id: 1, method: 'm', params: 1 },
    { jsonrpc: '2.0', id: 1, method: 'm', result: 1 }, { jsonrpc: '2.0', id: 1, result: 1, error: { code: 1, message: '' } },
    { jsonrpc: '2.0', id: 1, error: null }, { jsonrpc: '2.0', id: 1, error: 'no' },
  ])('refuses %j', (wire) => {
    expect(codeOf(() => JsonRpcMessage.fromObject(wire as never))).toBe('AIRS_MCP_INVALID_ARGUMENT');
  });
});
