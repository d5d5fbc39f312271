import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { JsonRpcMessage } from '../../../src/message/message.js';
import { SocketTransport } from '../../../src/transport/socket.js';

let server: Server | undefined;
let folder: string | undefined;

afterEach(() => {
  server?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
  server = folder = undefined;
});

/** A server whose connections answer each request with its params. */
function listen(where: { port: number; host: string } | { path: string }): Promise<SocketTransport[]> {
  const accepted: SocketTransport[] = [];
  server = createServer((socket: Socket) => {
    const transport = new SocketTransport(socket);
    transport.onmessage = (message) => {
      void transport.send(JsonRpcMessage.response(message, message.params));
      message.release();
    };
    void transport.start();
    accepted.push(transport);
  });
  return new Promise((resolve) => server?.listen(where, () => resolve(accepted)));
}

async function exchange(transport: SocketTransport, size: number): Promise<number> {
  const answer = new Promise<JsonRpcMessage>((resolve) => {
    transport.onmessage = resolve;
  });
  await transport.send(JsonRpcMessage.request(1, 'm', ['x'.repeat(size)]));
  return ((await answer).result as string[])[0]?.length ?? 0;
}

describe('a socket transport', () => {
  it('speaks over TCP, into pooled memory on the connecting side', async () => {
    const accepted = await listen({ port: 0, host: '127.0.0.1' });
    const transport = new SocketTransport({ port: (server?.address() as AddressInfo).port, host: '127.0.0.1' });
    await transport.start();
    expect(await exchange(transport, 100)).toBe(100);
    expect(transport.buffers.metrics().transfers).toMatchObject({ zeroCopyReceives: 1, copiedReceives: 0 });
    expect(await exchange(transport, 1_000_000)).toBe(1_000_000);
    await transport.close();
    await Promise.all(accepted.map((each) => each.close()));
  });

  it('speaks over a Unix socket', async () => {
    folder = mkdtempSync(join(tmpdir(), 'airs-'));
    const path = join(folder, 'socket');
    const accepted = await listen({ path });
    const transport = new SocketTransport({ path });
    await transport.start();
    expect(await exchange(transport, 5)).toBe(5);
    await transport.close();
    await Promise.all(accepted.map((each) => each.close()));
  });

  it('fails its start where nobody listens', async () => {
    folder = mkdtempSync(join(tmpdir(), 'airs-'));
    const transport = new SocketTransport({ path: join(folder, 'nobody') });
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_CONNECT_FAILED' });
  });
});
