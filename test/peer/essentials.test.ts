import { describe, expect, it } from 'vitest';
import type { JsonRpcMessage } from '../../src/message/message.js';
import { rawJson } from '../../src/message/json.js';
import type { Handlers } from '../../src/peer/methods.js';
import { JsonRpcPeer, type PeerOptions } from '../../src/peer/peer.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';

interface Pair {
  near: JsonRpcPeer;
  far: JsonRpcPeer;
  close: () => Promise<unknown>;
}

async function connected(handlers: Handlers, far: PeerOptions = {}, near: PeerOptions = {}): Promise<Pair> {
  const [left, right] = createMemoryTransportPair();
  const pair = { near: new JsonRpcPeer(left, near), far: new JsonRpcPeer(right, { ...far, handlers }) };
  await Promise.all([pair.near.start(), pair.far.start()]);
  return { ...pair, close: () => Promise.all([pair.near.close(), pair.far.close()]) };
}

/** A peer, and the transport that stands for the other side. */
async function facing(options: PeerOptions): Promise<{ peer: JsonRpcPeer; say: (text: string) => Promise<void>; heard: () => Promise<object> }> {
  const [left, right] = createMemoryTransportPair();
  const peer = new JsonRpcPeer(left, options);
  const queue: object[] = [];
  let wake: (() => void) | undefined;
  right.onmessage = (message) => {
    queue.push(message.toJSON());
    wake?.();
  };
  await Promise.all([peer.start(), right.start()]);
  const heard = async (): Promise<object> => {
    while (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return queue.shift() as object;
  };
  return { peer, say: (text) => right.sendBytes(Buffer.from(text)), heard };
}

describe('a call', () => {
  it('gives the result of a handler, sync or async, value or JSON text', async () => {
    const { near, close } = await connected({
      sync: ({ params }) => ({ got: params }),
      async: async ({ params }) => {
        await Promise.resolve();
        return params;
      },
      raw: () => rawJson(Buffer.from('{"n":1e400}')),
    });
    expect(await near.request('sync', [1])).toEqual({ got: [1] });
    expect(await near.request('async', { a: 2 })).toEqual({ a: 2 });
    const message = await near.request('raw', undefined, { raw: true });
    expect(Buffer.from(message.rawResult ?? []).toString()).toBe('{"n":1e400}');
    message.release();
    await close();
  });

  it('rejects with the number, message and data that the handler threw', async () => {
    const { near, close } = await connected({
      refuse: () => {
        throw Object.assign(new Error('no'), { code: -32042, data: { why: 'x' } });
      },
    });
    await expect(near.request('refuse')).rejects.toMatchObject({ code: 'AIRS_MCP_REMOTE', remoteCode: -32042, message: 'no', data: { why: 'x' } });
    await expect(near.request('unknown')).rejects.toMatchObject({ remoteCode: -32601 });
    await close();
  });

  it('that times out is cancelled on the other side, whose handler hears it and whose answer is not sent', async () => {
    let aborted: (() => void) | undefined;
    const heard = new Promise<void>((resolve) => (aborted = resolve));
    const { near, close } = await connected({
      slow: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => (aborted?.(), reject(signal.reason as Error)))),
    });
    await expect(near.request('slow', undefined, { timeout: 20 })).rejects.toMatchObject({ code: 'AIRS_MCP_REQUEST_TIMEOUT' });
    await heard;
    expect(near.correlation.statistics()).toMatchObject({ pendingCount: 0, timedOut: 1 });
    await close();
  });

  it('hears of progress before its result', async () => {
    const { near, close } = await connected({
      work: async (request) => {
        await request.progress({ progress: 1, total: 2 });
        await request.progress(2);
        return 'done';
      },
    });
    const seen: unknown[] = [];
    const result = await near.request('work', {}, { onProgress: (progress) => seen.push((progress as { progress: number }).progress) });
    expect([...seen, result]).toEqual([1, 2, 'done']);
    await close();
  });

  it('goes both ways at once', async () => {
    const { near, far, close } = await connected(
      { up: async ({ params }): Promise<unknown> => far.request('down', params) },
      {},
      { handlers: { down: ({ params }) => params } },
    );
    expect(await Promise.all(Array.from({ length: 50 }, (_, i) => near.request('up', [i])))).toEqual(Array.from({ length: 50 }, (_, i) => [i]));
    await close();
  });

  it('past the queue of the other side is refused, and none is lost', async () => {
    const { near, close } = await connected(
      { wait: () => new Promise((resolve) => setImmediate(resolve, 'ok')) },
      { processor: { workerCount: 1, queueCapacity: 2, backpressureThreshold: 1 } },
    );
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => near.request('wait')));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason as { data: { code: string } });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ data }) => data.code === 'AIRS_MCP_QUEUE_FULL')).toBe(true);
    expect(outcomes).toHaveLength(20);
    await close();
  });

  it('is answered when the other side aborts its work, and refused after the close', async () => {
    let begin: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const { near, far } = await connected({ never: () => new Promise(() => begin?.()) });
    const settled = expect(near.request('never')).rejects.toMatchObject({ code: 'AIRS_MCP_REMOTE', remoteCode: -32000 });
    await begun;
    await far.close({ drain: false });
    await settled;
    await near.close();
    await expect(near.request('never')).rejects.toMatchObject({ code: 'AIRS_MCP_SHUTDOWN' });
  });

  it('and others go out as one batch', async () => {
    const { near, close } = await connected({ add: ({ params }) => (params as number[]).reduce((a, b) => a + b), note: () => undefined });
    const [sum, gone, bad] = near.batch([{ method: 'add', params: [1, 2] }, { method: 'note', notification: true }, { method: 'nothing' }]);
    expect(await sum).toBe(3);
    await gone;
    await expect(bad).rejects.toMatchObject({ remoteCode: -32601 });
    await close();
  });
});

describe('a peer answers', () => {
  it('a batch with a batch, invalid members included, and one of notifications with nothing', async () => {
    const { peer, say, heard } = await facing({ handlers: { echo: ({ params }) => params } });
    await say('[{"jsonrpc":"2.0","method":"echo","params":[1]}]');
    await say('[{"jsonrpc":"2.0","id":1,"method":"echo","params":[7]},{"jsonrpc":"2.0","method":"echo","params":[8]},5]');
    expect(await heard()).toMatchObject({ id: 1, result: [7] });
    expect(await heard()).toMatchObject({ id: null, error: { code: -32600 } });
    await peer.close();
  });

  it('a request whose id is in flight with an error', async () => {
    const { peer, say, heard } = await facing({ handlers: { never: () => new Promise(() => undefined) } });
    await say('{"jsonrpc":"2.0","id":"a","method":"never"}');
    await say('{"jsonrpc":"2.0","id":"a","method":"never"}');
    expect(await heard()).toMatchObject({ id: 'a', error: { code: -32600 } });
    await peer.close({ drain: false });
  });

  it('noise with nothing in MCP, and with id null in LSP', async () => {
    const mcp = await facing({ handlers: { echo: ({ params }) => params } });
    await mcp.say('starting up');
    await mcp.say('{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}');
    expect(await mcp.heard()).toMatchObject({ id: 1 });
    await mcp.peer.close();
    const lsp = await facing({ protocol: 'lsp' });
    await lsp.say('starting up');
    expect(await lsp.heard()).toMatchObject({ id: null, error: { code: -32700 } });
    await lsp.peer.close();
  });

  it('with the exact bytes of an id', async () => {
    const [left, right] = createMemoryTransportPair();
    const peer = new JsonRpcPeer(left, { handlers: { echo: () => 1 } });
    const answer = new Promise<JsonRpcMessage>((resolve) => {
      right.onmessage = resolve;
    });
    await Promise.all([peer.start(), right.start()]);
    await right.sendBytes(Buffer.from('{"jsonrpc":"2.0","id":9223372036854775808,"method":"echo"}'));
    expect((await answer).idText).toBe('9223372036854775808');
    await peer.close();
  });
});
