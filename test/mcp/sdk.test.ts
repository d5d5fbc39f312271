/** The SDKs' clients and servers on our transports: both generations, both protocol eras. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client as Client2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as SdkTransport2 } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as SdkTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type StdioServerParameters, StdioClientTransport } from '../../src/mcp/client-stdio.js';
import { FIXTURES, frame, isAlive, lines, until } from './support.js';

type Generation = '1' | '2' | 'serve';
type Side = 'sdk' | 'ours';
interface Result {
  content: { text: string }[];
  isError?: boolean;
}

/** What the tests use of a client, the same for both generations. */
interface User {
  connect(transport: Transport): Promise<void>;
  call(name: string, args?: object, options?: object): Promise<Result>;
  era(): string | undefined;
  onerror(listener: (error: Error) => void): void;
  onclose(listener: () => void): void;
  close(): Promise<void>;
}

const INFO = { name: 'user', version: '1' };
const SAMPLE = { role: 'assistant', content: { type: 'text', text: 'sampled' }, model: 'm' } as const;
const ELICITED = { action: 'accept', content: { name: 'Ada' } } as const;
const capabilities = { sampling: {}, elicitation: {} };

function user1(): User {
  const client = new Client1(INFO, { capabilities });
  client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLE);
  client.setRequestHandler(ElicitRequestSchema, () => ELICITED);
  return {
    connect: (transport) => client.connect(transport),
    call: (name, args, options) => client.callTool({ name, arguments: { ...args } }, undefined, options) as Promise<Result>,
    era: () => undefined,
    onerror: (listener) => void (client.onerror = listener),
    onclose: (listener) => void (client.onclose = listener),
    close: () => client.close(),
  };
}

function user2(mode: 'legacy' | 'auto' | { pin: string }): User {
  const client = new Client2(INFO, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler('sampling/createMessage', () => SAMPLE);
  client.setRequestHandler('elicitation/create', () => ELICITED);
  return {
    connect: (transport) => client.connect(transport),
    call: (name, args, options) => client.callTool({ name, arguments: { ...args } }, options) as Promise<Result>,
    era: () => client.getProtocolEra(),
    onerror: (listener) => void (client.onerror = listener),
    onclose: (listener) => void (client.onclose = listener),
    close: () => client.close(),
  };
}

const serverArgs = (generation: Generation, side: Side, options: object = {}): string[] => [
  fileURLToPath(new URL('server.mjs', FIXTURES)),
  generation,
  side,
  JSON.stringify(options),
];

function transportTo(args: string[], side: Side, user: '1' | '2', options: Partial<StdioServerParameters> = {}): Transport {
  const parameters = {
    command: process.execPath,
    args,
    stderr: 'ignore' as const,
    env: { AIRS_MCP_BACKEND: process.env['AIRS_MCP_BACKEND'] ?? '' },
  };
  if (side === 'ours') return new StdioClientTransport({ ...parameters, ...options });
  return user === '1' ? new SdkTransport1(parameters) : new SdkTransport2(parameters);
}

async function connected(user: User, transport: Transport): Promise<User> {
  onTestFinished(() => user.close());
  await user.connect(transport);
  return user;
}

/** User, server, and which sides are ours; at least one is. */
const PAIRS: [string, () => User, '1' | '2', Generation, string | undefined][] = [
  ['client 1.x, server 1.x', user1, '1', '1', undefined],
  ['client 1.x, server 2.x', user1, '1', '2', undefined],
  ['client 1.x, serveStdio', user1, '1', 'serve', undefined],
  ['client 2.x, server 1.x', () => user2('legacy'), '2', '1', 'legacy'],
  ['client 2.x, server 2.x', () => user2('legacy'), '2', '2', 'legacy'],
  ['client 2.x probing, server 1.x', () => user2('auto'), '2', '1', 'legacy'],
  ['client 2.x probing, server 2.x', () => user2('auto'), '2', '2', 'legacy'],
  ['client 2.x, serveStdio', () => user2('legacy'), '2', 'serve', 'legacy'],
  ['client 2.x probing, serveStdio', () => user2('auto'), '2', 'serve', 'modern'],
  ['client 2.x pinned, serveStdio', () => user2({ pin: '2026-07-28' }), '2', 'serve', 'modern'],
];
const SIDES: [Side, Side][] = [
  ['ours', 'sdk'],
  ['sdk', 'ours'],
  ['ours', 'ours'],
];

describe.each(PAIRS)('%s', (_name, make, generation, server, era) => {
  it.each(SIDES)('client transport %s, server transport %s', async (clientSide, serverSide) => {
    const transport = transportTo(serverArgs(server, serverSide), clientSide, generation);
    const user = await connected(make(), transport);
    expect(user.era()).toBe(era);
    const { pid } = transport as Transport & { pid: number | null };
    const [echo, big, ...many] = await Promise.all([
      user.call('echo', { text: 'é😀\u2028"\\\n' }),
      user.call('big', { bytes: 300_000 }),
      user.call('rows', { count: 20_000 }),
      ...Array.from({ length: 50 }, (_, n) => user.call('echo', { text: `${n}` })),
    ]);
    expect(echo.content[0]?.text).toBe('é😀\u2028"\\\n');
    expect(big.content[0]?.text).toBe('x'.repeat(300_000));
    expect((JSON.parse(many[0]?.content[0]?.text ?? '') as unknown[]).length).toBe(20_000);
    expect(many.slice(1).map(({ content }) => content[0]?.text)).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
    expect((await user.call('noise')).content[0]?.text).toBe('after noise');
    await progresses(user, clientSide);
    await cancels(user);
    if (era !== 'modern') {
      expect((await user.call('sample', { prompt: 'p' })).content[0]?.text).toBe('sampled');
      expect((await user.call('elicit')).content[0]?.text).toBe('Ada');
    }
    await user.close();
    await until(() => !isAlive(pid));
  });
});

async function progresses(user: User, side: Side): Promise<void> {
  const seen: { progress: number }[] = [];
  const result = await user.call('progress', { steps: 5 }, { onprogress: (update: { progress: number }) => seen.push(update) });
  expect(result.content[0]?.text).toBe('done');
  // Over the SDK's transport the client drops what arrives together with the result.
  if (side === 'ours') expect(seen.map(({ progress }) => progress)).toEqual([1, 2, 3, 4, 5]);
}

async function cancels(user: User): Promise<void> {
  const abort = new AbortController();
  const slow = user.call('slow', { ms: 600_000 }, { signal: abort.signal });
  await user.call('echo', { text: 'in between' });
  abort.abort(new Error('enough'));
  await expect(slow).rejects.toThrow(/enough/);
  await user.call('echo', { text: 'alive' });
}

describe.each([
  ['1.x', user1, '1', '1'],
  ['2.x', () => user2('legacy'), '2', '2'],
] as const)('what the SDK %s leaves to the transport', (_name, make, generation, server) => {
  const open = async (options: Partial<StdioServerParameters> = {}, serverOptions: object = {}): Promise<User> =>
    connected(make(), transportTo(serverArgs(server, 'ours', serverOptions), 'ours', generation, options));

  it('keeps the last progress, though the result is right behind it', async () => {
    const user = await open();
    for (let round = 0; round < 20; round++) {
      const seen: unknown[] = [];
      const errors: Error[] = [];
      user.onerror((error) => errors.push(error));
      await user.call('progress', { steps: 3 }, { onprogress: (update: unknown) => seen.push(update) });
      expect(seen).toHaveLength(3);
      expect(errors).toEqual([]);
    }
  });

  it('fails a call whose result is too long with a code, and goes on', async () => {
    const user = await open({ maxBufferSize: 100_000 });
    await expect(user.call('big', { bytes: 200_000 })).rejects.toMatchObject({
      code: -32600,
      data: { code: 'AIRS_MCP_MESSAGE_TOO_LARGE' },
    });
    expect((await user.call('echo', { text: 'alive' })).content[0]?.text).toBe('alive');
  });

  it('fails a call whose request is too long for the server with a code, and goes on', async () => {
    const user = await open({}, { maxBufferSize: 100_000 });
    await expect(user.call('echo', { text: 'x'.repeat(200_000) })).rejects.toMatchObject({ code: -32600 });
    expect((await user.call('echo', { text: 'alive' })).content[0]?.text).toBe('alive');
  });

  it('fails a call whose result cannot be written', async () => {
    const user = await open();
    await expect(user.call('bigint')).rejects.toMatchObject({ code: -32603 });
  });

  it('fails open calls with the exit code and the last words of a server that dies', async () => {
    const user = await open();
    const closed = new Promise<void>((resolve) => user.onclose(resolve));
    const dying = user.call('exit', { code: 4 });
    const never = user.call('never');
    await expect(dying).rejects.toThrow(/Connection closed: .*code 4.*about to fail/);
    await expect(never).rejects.toThrow(/code 4/);
    await closed;
  });

  it('tells why a server did not come up', async () => {
    const user = make();
    const transport = transportTo(['-e', 'console.error("no config file"); process.exit(2)'], 'ours', generation);
    await expect(user.connect(transport)).rejects.toThrow(/code 2.*no config file/);
  });

  it('restarts a server that dies, without the client noticing more than failed calls', async () => {
    const user = await open({ restart: { initialDelay: 1 } });
    const before = (await user.call('pid')).content[0]?.text;
    await expect(user.call('exit', { code: 1 })).rejects.toThrow(/code 1/);
    const after = (await user.call('pid')).content[0]?.text;
    expect(after).not.toBe(before);
  });
});

it('restarts a server of 2026 without a handshake', async () => {
  const user = await connected(
    user2('auto'),
    transportTo(serverArgs('serve', 'ours'), 'ours', '2', { restart: { initialDelay: 1 } }),
  );
  expect(user.era()).toBe('modern');
  const before = (await user.call('pid')).content[0]?.text;
  await expect(user.call('exit', { code: 1 })).rejects.toThrow(/code 1/);
  expect((await user.call('pid')).content[0]?.text).not.toBe(before);
});

it('probes with a process of its own where the server dies of the probe', async () => {
  const legacyOnly = `
    const lines = require('node:readline').createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      if (method === 'server/discover') process.exit(1);
      if (id === undefined) return;
      const result = method === 'initialize'
        ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } }
        : { content: [{ type: 'text', text: 'served' }] };
      console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
    });`;
  for (const restart of [false, true]) {
    const user = await connected(user2('auto'), transportTo(['-e', legacyOnly], 'ours', '2', { restart }));
    expect(user.era()).toBe('legacy');
    expect((await user.call('any')).content[0]?.text).toBe('served');
    await user.close();
  }
});

describe.each(['1', '2', 'serve'] as const)('a server (%s) whose input ends', (generation) => {
  const shake = [
    {
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: INFO },
    },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
  ];
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'slow', arguments: { ms: 100 } } };

  async function oneShot(options: object): Promise<{ ids: unknown[]; code: number | null }> {
    const child = spawn(process.execPath, serverArgs(generation, 'ours', options), { stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.end(Buffer.concat([...shake, call].map(frame)));
    const [code] = (await once(child, 'close')) as [number | null];
    return { ids: lines(Buffer.concat(chunks)).map((message) => (message as { id: unknown }).id), code };
  }

  it('answers what is in flight, then ends', async () => {
    expect(await oneShot({})).toEqual({ ids: [0, 1], code: 0 });
  });

  it('answers nothing more with onEndOfInput: abort', async () => {
    expect((await oneShot({ onEndOfInput: 'abort' })).ids).not.toContain(1);
  });
});
