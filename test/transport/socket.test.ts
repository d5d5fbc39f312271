import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, type NetConnectOpts, type Server, Socket as NetSocket, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JsonRpcMessage } from '../../src/message/message.js';
import { type SocketOptions, SocketTransport } from '../../src/transport/socket.js';
import { follow, idsIn, outcomes, stateOf } from './support.js';

let folder: string;
let server: Server;
/** Sockets that the server accepted, and whoever waits for one. */
let accepted: Socket[];
let waiting: ((socket: Socket) => void)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airs-socket-'));
  accepted = [];
  waiting = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    const waiter = waiting.shift();
    if (waiter === undefined) accepted.push(socket);
    else waiter(socket);
  });
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const accept = (): Promise<Socket> => {
  const socket = accepted.shift();
  return socket === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(socket);
};

async function listen(kind: 'TCP' | 'a Unix socket'): Promise<NetConnectOpts> {
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder}` : join(folder, 'socket');
  await new Promise<void>((resolve) => (kind === 'TCP' ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve)));
  return kind === 'TCP' ? { port: (server.address() as AddressInfo).port, host: '127.0.0.1' } : { path };
}

/** Both ends, started. */
async function connected(options: SocketOptions = {}, kind: 'TCP' | 'a Unix socket' = 'TCP'): Promise<{ near: SocketTransport; far: SocketTransport; raw: Socket }> {
  const near = new SocketTransport(await listen(kind), options);
  const [raw] = await Promise.all([accept(), near.start()]);
  const far = new SocketTransport(raw, options);
  return { near, far, raw };
}

const request = (id: number, params: unknown[] = []): JsonRpcMessage => JsonRpcMessage.request(id, 'm', params);
const line = (id: number, size = 0): string => `{"jsonrpc":"2.0","id":${id},"method":"m","params":["${'x'.repeat(size)}"]}\n`;

describe.each(['TCP', 'a Unix socket'] as const)('over %s', (kind) => {
  it('messages of a megabyte go both ways, in order', async () => {
    const { near, far } = await connected({}, kind);
    const [nearStory, farStory] = [follow(near), follow(far)];
    await far.start();
    const sends: Promise<void>[] = [];
    for (let id = 0; id < 8; id++) {
      sends.push(near.send(request(id, ['n'.repeat(1 << 20)])), far.send(request(id, ['f'.repeat(1 << 20)])));
    }
    await Promise.all([...sends, nearStory.messages(8), farStory.messages(8)]);
    const ids = ['0', '1', '2', '3', '4', '5', '6', '7'];
    expect([idsIn(nearStory), idsIn(farStory)]).toEqual([ids, ids]);
    await Promise.all([near.close(), far.close()]);
    expect([nearStory.events.at(-1), farStory.events.at(-1)]).toEqual(['close', 'close']);
  });

  it('bytes land in pooled memory where we connect, and are copied once where a socket is given', async () => {
    const { near, far } = await connected({}, kind);
    const [nearStory, farStory] = [follow(near), follow(far)];
    await far.start();
    for (let id = 1; id <= 3; id++) {
      await Promise.all([near.send(request(id)), far.send(request(id)), nearStory.messages(id), farStory.messages(id)]);
    }
    expect(near.buffers.metrics().transfers).toMatchObject({ zeroCopyReceives: 3, copiedReceives: 0 });
    expect(far.buffers.metrics().transfers).toMatchObject({ zeroCopyReceives: 0, copiedReceives: 3 });
    await Promise.all([near.close(), far.close()]);
  });

  it('an end that closes is the end of input for the other', async () => {
    const { near, far } = await connected({}, kind);
    const [nearStory, farStory] = [follow(near), follow(far)];
    await far.start();
    void near.send(request(1));
    await near.close();
    await farStory.closed;
    expect([nearStory.events, farStory.events]).toEqual([['close'], ['message 1', 'close']]);
  });
});

describe('connecting', () => {
  it.each<[string, () => NetConnectOpts]>([
    ['nobody listens', () => ({ path: join(folder, 'nobody') })],
    ['the port is none', () => ({ port: 70_000 })],
    ['the name leads nowhere', () => ({ host: 'example.invalid', port: 1, lookup: (_name, _options, done) => done(new Error('not found'), []) })],
  ])('fails where %s', async (_, target) => {
    const transport = new SocketTransport(target());
    const story = follow(transport);
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_CONNECT_FAILED', cause: expect.any(Error) as Error });
    expect(story.events).toEqual([]);
    await transport.close();
    expect(transport.buffers.metrics().read.lent).toBe(0);
  });

  it('that has succeeded stays so when connectTimeout is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { near, far } = await connected({ connectTimeout: 3_000 });
      const [nearStory, farStory] = [follow(near), follow(far)];
      await far.start();
      await vi.advanceTimersByTimeAsync(3_000);
      await Promise.all([near.send(request(1)), far.send(request(2)), nearStory.messages(1), farStory.messages(1)]);
      expect(vi.getTimerCount()).toBe(0);
      vi.useRealTimers();
      await Promise.all([near.close(), far.close()]);
      expect([nearStory.events.at(-1), farStory.events.at(-1)]).toEqual(['close', 'close']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('asks the kernel not to hold small writes back', async () => {
    const asked = vi.spyOn(NetSocket.prototype, 'setNoDelay');
    try {
      const { near, far } = await connected();
      expect(asked.mock.calls).toEqual([[true]]);
      await far.start();
      await Promise.all([near.close(), far.close()]);
    } finally {
      asked.mockRestore();
    }
  });

  it('is refused at a port that nobody listens on any more', async () => {
    const target = await listen('TCP');
    await new Promise((resolve) => server.close(resolve));
    await expect(new SocketTransport(target).start()).rejects.toMatchObject({ code: 'AIRS_MCP_CONNECT_FAILED' });
    await listen('TCP');
  });

  describe('to what never answers', () => {
    const silent: NetConnectOpts = { host: 'silent.invalid', port: 1, lookup: () => undefined };
    beforeEach(async () => {
      await listen('TCP');
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('fails after connectTimeout', async () => {
      const transport = new SocketTransport(silent, { connectTimeout: 3_000 });
      const started = transport.start();
      const failed = expect(started).rejects.toMatchObject({ code: 'AIRS_MCP_CONNECT_FAILED', message: expect.stringContaining('3000 ms') as string });
      await vi.advanceTimersByTimeAsync(2_999);
      expect(await stateOf(started)).toBe('pending');
      await vi.advanceTimersByTimeAsync(1);
      await failed;
      expect(vi.getTimerCount()).toBe(0);
    });

    it('is given up at a close', async () => {
      const transport = new SocketTransport(silent);
      const story = follow(transport);
      const refused = expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_CLOSED' });
      await transport.close();
      await refused;
      expect(story.events).toEqual(['close']);
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it.each([[{ connectTimeout: 0 }], [{ connectTimeout: Infinity }], [{ closeTimeout: -1 }]])('refuses options that make no sense: %j', (options) => {
    expect(() => new SocketTransport({ port: 1 }, options)).toThrow(expect.objectContaining({ code: 'AIRS_MCP_INVALID_CONFIG' }));
  });
});

describe('a peer', () => {
  it('that resets the connection is a failure; what is unsent is refused', async () => {
    const { near, raw } = await connected();
    const story = follow(near);
    raw.pause();
    const sends = Array.from({ length: 20 }, (_, id) => near.send(request(id, ['x'.repeat(1 << 20)])));
    await stateOf(Promise.race(sends));
    raw.resetAndDestroy();
    await story.closed;
    expect(story.events).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
    expect((await outcomes(sends)).at(-1)).toBe('AIRS_MCP_TRANSPORT_FAILED');
    await expect(near.send(request(1))).rejects.toMatchObject({ code: 'AIRS_MCP_TRANSPORT_FAILED' });
  });

  it('that resets the connection of a given socket is one, too', async () => {
    const target = await listen('TCP');
    const client = connect(target as { port: number });
    client.on('error', () => undefined);
    const far = new SocketTransport(await accept());
    const story = follow(far);
    await far.start();
    client.resetAndDestroy();
    await story.closed;
    expect(story.events).toEqual(['error AIRS_MCP_TRANSPORT_FAILED', 'close']);
  });

  it.each(['connected', 'given'])('that has ended its side still gets answers over a %s socket', async (which) => {
    const { near, far, raw } = await connected();
    // As a server makes its sockets by default.
    raw.allowHalfOpen = false;
    const [asked, answering] = which === 'given' ? [near, far] : [far, near];
    const story = follow(answering, true);
    const askedStory = follow(asked, true);
    await far.start();
    void asked.send(request(1));
    const socket = (asked as unknown as { socket: Socket }).socket;
    await story.messages(1);
    socket.end();
    await vi.waitFor(() => expect(story.events).toEqual(['message 1', 'end']));
    for (let id = 1; id <= 3; id++) await answering.send(JsonRpcMessage.response(id, 'late'));
    await askedStory.messages(3);
    expect(idsIn(askedStory)).toEqual(['1', '2', '3']);
    await Promise.all([near.close(), far.close()]);
  });

  it('that ends in the middle of a message is heard to that point', async () => {
    const { near, raw } = await connected();
    const story = follow(near);
    raw.end(`${line(1)}{"jsonrpc":"2.0","id":2`);
    await story.closed;
    raw.destroy();
    expect(story.events).toEqual(['message 1', 'message AIRS_MCP_MESSAGE_TRUNCATED', 'close']);
  });

  it('that never reads makes sends wait, and is cut off at the close', async () => {
    const { near, raw } = await connected({ closeTimeout: 20 });
    raw.pause();
    const sends = Array.from({ length: 20 }, (_, id) => near.send(request(id, ['x'.repeat(1 << 20)])));
    expect(await stateOf(Promise.all(sends))).toBe('pending');
    await near.close();
    expect((await outcomes(sends)).at(-1)).toBe('AIRS_MCP_TRANSPORT_CLOSED');
    raw.destroy();
  });

  it('that never ends its side is left after closeTimeout', async () => {
    const { near, raw } = await connected({ closeTimeout: 20 });
    const ended = new Promise((resolve) => raw.on('end', resolve).resume());
    await near.close();
    await ended;
    raw.destroy();
  });

  it('gets all that was sent before a close, though what it sent itself was not read', async () => {
    const { near, far, raw } = await connected();
    const reply = JsonRpcMessage.response(1, 'r'.repeat(3 << 20));
    raw.pause();
    near.pause();
    near.onmessage = (message) => message.release();
    raw.write(Array.from({ length: 500 }, (_, id) => line(id, 1_000)).join(''));
    const sent = near.send(reply);
    const closed = near.close();
    const story = follow(far);
    await far.start();
    await Promise.all([sent, closed, story.closed]);
    expect(story.events).toEqual(['message 1', 'close']);
    // The rest was taken from the kernel, but not kept.
    expect(near.buffers.metrics().transfers.bytesReceived).toBe(0);
  });
});

describe('a consumer that pauses', () => {
  it('makes the peer wait, with bounded memory, and loses nothing', async () => {
    const { near, far } = await connected();
    const story = follow(near);
    near.pause();
    await far.start();
    const sends = Array.from({ length: 64 }, (_, id) => far.send(request(id, ['x'.repeat(1 << 19)])));
    expect(await stateOf(Promise.all(sends))).toBe('pending');
    const { read, oneOffs } = near.buffers.metrics();
    expect(read.lent + oneOffs.lent).toBeLessThanOrEqual(1);
    near.resume();
    await Promise.all([...sends, story.messages(64)]);
    expect(idsIn(story)).toEqual(Array.from({ length: 64 }, (_, id) => String(id)));
    await Promise.all([near.close(), far.close()]);
  });

  it('and resumes again and again from within gets everything', async () => {
    const { near, far } = await connected();
    const seen: number[] = [];
    const all = new Promise<void>((resolve) => {
      near.onmessage = (message) => {
        seen.push(message.id as number);
        message.release();
        if (seen.length === 300) resolve();
        near.pause();
        if (seen.length % 3 === 0) near.resume();
        else setImmediate(() => near.resume());
      };
    });
    await far.start();
    for (let id = 0; id < 300; id++) void far.send(request(id, ['x'.repeat(id * 10)]));
    await all;
    expect(seen).toEqual(Array.from({ length: 300 }, (_, id) => id));
    await Promise.all([near.close(), far.close()]);
  });
});

describe('a given socket', () => {
  it('is closed also where the transport was never started', async () => {
    const { near, far, raw } = await connected({ closeTimeout: 20 });
    await far.close();
    expect(raw.destroyed).toBe(true);
    await near.close();
  });

  it('that is destroyed already is seen to be', async () => {
    const { near, far, raw } = await connected();
    raw.destroy();
    const story = follow(far);
    await far.start();
    await story.closed;
    expect(story.events.at(-1)).toBe('close');
    await near.close();
  });
});
