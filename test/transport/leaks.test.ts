import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { ChildProcessTransport } from '../../src/transport/child.js';
import type { Transport, TransportOptions } from '../../src/transport/contract.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { SocketTransport } from '../../src/transport/socket.js';
import { follow } from './support.js';

const script = fileURLToPath(new URL('../fixtures/transport/child.mjs', import.meta.url));
const ROUNDS = 20;

const descriptors = (): number => readdirSync('/proc/self/fd').length;

const warnings: string[] = [];
const note = (warning: Error): void => void warnings.push(warning.name);
beforeAll(() => void process.on('warning', note));
afterAll(() => void process.off('warning', note));

async function talk(transport: Transport): Promise<void> {
  const story = follow(transport);
  await transport.start();
  await transport.send(JsonRpcMessage.request(1, 'echo', ['x'.repeat(100_000)]));
  await story.messages(1);
}

/** Runs `round` often, after once to warm up, and compares what is open and what listens. */
async function repeat(round: (options: TransportOptions) => Promise<void>, rounds = ROUNDS): Promise<void> {
  const buffers = new BufferManager();
  const listeners = (): number => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  await round({ buffers });
  const before = { descriptors: process.platform === 'linux' ? descriptors() : 0, listeners: listeners() };
  for (let i = 0; i < rounds; i++) await round({ buffers });
  // What was closed may still be on its way through the event loop.
  await vi.waitFor(() => {
    if (process.platform === 'linux') expect(descriptors()).toBeLessThanOrEqual(before.descriptors);
    const { read, write, oneOffs } = buffers.metrics();
    expect([read.lent, write.lent, oneOffs.lent]).toEqual([0, 0, 0]);
  });
  expect(listeners()).toBe(before.listeners);
  expect(warnings).toEqual([]);
}

describe('nothing is left behind by', () => {
  it('children that are closed', async () => {
    await repeat(async (options) => {
      const transport = new ChildProcessTransport({ command: process.execPath, args: [script], stderr: 'pipe', ...options });
      await talk(transport);
      await transport.close();
    });
  });

  it('many children at once', async () => {
    await repeat(async (options) => {
      const transports = Array.from({ length: 3 }, () => new ChildProcessTransport({ command: process.execPath, args: [script], ...options }));
      await Promise.all(transports.map(talk));
      await Promise.all(transports.map((transport) => transport.close()));
    });
  });

  it.skipIf(process.platform === 'win32')('children whose pipes others hold', async () => {
    const holders: number[] = [];
    try {
      await repeat(async (options) => {
        const transport = new ChildProcessTransport({ command: process.execPath, args: [script, 'escaped-holder'], stderr: 'ignore', ...options });
        const closed = new Promise<void>((resolve) => {
          transport.onclose = () => resolve();
        });
        transport.onmessage = (message) => {
          holders.push((message.params as [number])[0]);
          message.release();
          void transport.send(JsonRpcMessage.notification('exit', [0]));
        };
        await transport.start();
        await closed;
      }, 3);
    } finally {
      for (const pid of holders) process.kill(pid, 'SIGKILL');
    }
  });

  it('children that die', async () => {
    await repeat(async (options) => {
      const transport = new ChildProcessTransport({ command: process.execPath, args: [script, 'die'], stderr: 'ignore', ...options });
      const story = follow(transport);
      await transport.start();
      void transport.send(JsonRpcMessage.request(1, 'm', ['x'.repeat(1 << 20)]));
      await story.closed;
    });
  });

  it.each([{ command: 'no-such-program-anywhere' }, { command: process.execPath, args: ['\0'] }])('children that do not start: %j', async (what) => {
    await repeat(async (options) => {
      const transport = new ChildProcessTransport({ ...what, ...options });
      await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_SPAWN_FAILED' });
    });
  });

  it('connections', async () => {
    const server = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await repeat(async (options) => {
      const transport = new SocketTransport({ port, host: '127.0.0.1' }, options);
      await talk(transport);
      await transport.close();
    });
    await new Promise((resolve) => server.close(resolve));
    await repeat(async (options) => {
      await expect(new SocketTransport({ port, host: '127.0.0.1' }, options).start()).rejects.toMatchObject({ code: 'AIRS_MCP_CONNECT_FAILED' });
    });
  });

  it('pairs in memory', async () => {
    await repeat(async (options) => {
      const [left, right] = createMemoryTransportPair(options);
      right.onmessage = (message) => {
        void right.send(message);
        message.release();
      };
      await right.start();
      await talk(left);
      await Promise.all([left.close(), right.close()]);
    });
  });
});
