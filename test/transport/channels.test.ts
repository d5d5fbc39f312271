import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { ChildProcessTransport } from '../../src/transport/child.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { published } from '../support/channels.js';

async function open() {
  const [left, right] = createMemoryTransportPair();
  const closed = [left, right].map((each) => new Promise<void>((resolve) => (each.onclose = resolve)));
  const received: string[] = [];
  right.onmessage = (message) => {
    received.push(message.kind);
    message.release();
  };
  await Promise.all([left.start(), right.start()]);
  return { left, right, received, end: async () => (await left.close(), await Promise.all(closed)) };
}

describe('the channels of transports', () => {
  it('tell of each message that is accepted and that arrives, before it is delivered', async () => {
    const sent = published('airs-mcp:message:sent', ({ transport, message }) => [transport, message.kind, message.at('/params/n')]);
    const arrived = published('airs-mcp:message:received', ({ transport, message }) => [transport, message.id, message.byteLength]);
    const { left, right, received, end } = await open();
    await left.send(JsonRpcMessage.request(1, 'a', { n: 1 }));
    await left.send({ jsonrpc: '2.0', method: 'b', params: { n: 2 } });
    await left.send([JsonRpcMessage.request(3, 'a', { n: 3 }), JsonRpcMessage.notification('a')]);
    await left.sendBytes(Buffer.from('{"jsonrpc":"2.0","id":4,"method":"x","params":{"n":4}}'));
    await left.sendBytes([Buffer.from('{"jsonrpc":"2.0","id":5,"method":"x",'), Buffer.from('"params":{"n":5}}')]);
    await left.sendBytes(Buffer.from('no message'));
    await end();
    expect(sent).toEqual([
      [left, 'request', 1], [left, 'notification', 2], [left, 'request', 3], [left, 'notification', undefined], [left, 'request', 4], [left, 'request', 5],
    ]);
    expect(arrived.map(([transport, id]) => [transport, id])).toEqual([1, undefined, 3, undefined, 4, 5].map((id) => [right, id]));
    expect(arrived[0]?.[2]).toBe('{"jsonrpc":"2.0","id":1,"method":"a","params":{"n":1}}'.length);
    expect(received.filter((kind) => kind !== 'invalid')).toHaveLength(6);
  });

  it('tell of refused frames, with the id where it shows', async () => {
    const refused = published('airs-mcp:frame:refused', ({ failure, id }) => [failure.code, id]);
    const { left, end } = await open();
    await left.sendBytes(Buffer.from('{"jsonrpc":"2.0","id":7,"method":5}'));
    await left.sendBytes(Buffer.from('noise'));
    await end();
    expect(refused).toEqual([['AIRS_MCP_INVALID_REQUEST', 7], ['AIRS_MCP_PARSE_ERROR', undefined]]);
  });

  it('do not tell of what was not accepted', async () => {
    const sent = published('airs-mcp:message:sent');
    const { left, end } = await open();
    await end();
    await left.send(JsonRpcMessage.notification('late')).catch(() => undefined);
    expect(sent).toEqual([]);
  });

  it('tell when a transport opens, closes, and why', async () => {
    const opened = published('airs-mcp:transport:opened', ({ transport }) => transport);
    const closed = published('airs-mcp:transport:closed');
    const { left, right, end } = await open();
    await end();
    expect(opened).toEqual([left, right]);
    expect(closed.map(({ transport }) => transport)).toEqual([left, right]);
    expect(closed[0]?.error).toBeUndefined();
    const missing = new ChildProcessTransport({ command: '/nowhere/at/all' });
    await expect(missing.start()).rejects.toMatchObject({ code: 'AIRS_MCP_SPAWN_FAILED' });
    await missing.close();
    expect(closed.slice(2)).toEqual([{ transport: missing, error: expect.objectContaining({ code: 'AIRS_MCP_SPAWN_FAILED' }) }]);
  });

  it("tell of a child's exit", async () => {
    const exits = published('airs-mcp:child:exit');
    const child = new ChildProcessTransport({ command: process.execPath, args: ['-e', 'process.exit(3)'], stderr: 'ignore' });
    const closed = new Promise<void>((resolve) => (child.onclose = resolve));
    child.onmessage = () => undefined;
    await child.start();
    const { pid } = child;
    await closed;
    expect(exits).toEqual([{ transport: child, pid: pid ?? expect.any(Number), exitCode: 3, signal: undefined }]);
  });
});

describe('the channels of memory', () => {
  it('tell when a pool is exhausted, and when pressure begins and ends', async () => {
    const exhausted = published('airs-mcp:pool:exhausted');
    const began = published('airs-mcp:pressure:began');
    const ended = published('airs-mcp:pressure:ended');
    const buffers = new BufferManager({ bufferPoolSize: 1, writeBufferCapacity: 100, backpressureThreshold: 50 });
    const only = buffers.tryAcquireWriteBuffer();
    expect(exhausted).toEqual([]);
    expect(began).toEqual([{ of: 'bytes', held: 100, threshold: 50 }]);
    expect(buffers.tryAcquireWriteBuffer()).toBeNull();
    const waiting = buffers.acquireWriteBuffer();
    buffers.tryAcquireWriteBuffer();
    expect(exhausted).toEqual([0, 0, 1].map((count) => ({ pool: 'write', size: 1, waiting: count })));
    only?.release();
    (await waiting).release();
    expect(ended.at(-1)).toEqual({ of: 'bytes', held: 0, threshold: 50 });
    buffers.close();
    expect(buffers.tryAcquireWriteBuffer()).toBeNull();
    expect(exhausted).toHaveLength(3);
  });
});
