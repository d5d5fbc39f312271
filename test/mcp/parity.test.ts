/** What a user can observe of a transport, asked of the SDKs' own and of ours alike. */

import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { StdioClientTransport as Client2, getDefaultEnvironment as environment2 } from '@modelcontextprotocol/client/stdio';
import { StdioClientTransport as Client1, getDefaultEnvironment as environment1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StdioServerTransport as Server1 } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { StdioServerTransport as Server2 } from '@modelcontextprotocol/server/stdio';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StdioClientTransport, type StdioServerParameters, getDefaultEnvironment } from '../../src/mcp/client-stdio.js';
import { StdioServerTransport } from '../../src/mcp/server-stdio.js';
import { readAll } from '../support/streams.js';
import { Recorder, frame, lines, nextTurn, scripted, until } from './support.js';

type ClientTransport = Transport & { readonly pid: number | null; readonly stderr: NodeJS.EventEmitter | null };
type MakeClient = (server: Pick<StdioServerParameters, 'command' | 'args' | 'env' | 'cwd' | 'maxBufferSize'> & { stderr?: 'pipe' | 'ignore' }) => ClientTransport;
type MakeServer = (stdin: PassThrough, stdout: PassThrough, options?: { maxBufferSize?: number }) => Transport;

const CLIENTS: [string, MakeClient][] = [
  ['SDK 1.x', (server) => new Client1(server as ConstructorParameters<typeof Client1>[0])],
  ['SDK 2.x', (server) => new Client2(server as ConstructorParameters<typeof Client2>[0])],
  ['airs-mcp', (server) => new StdioClientTransport(server)],
];
const SERVERS: [string, MakeServer][] = [
  ['SDK 1.x', (...args) => new Server1(...args)],
  ['SDK 2.x', (...args) => new Server2(...args)],
  ['airs-mcp', (...args) => new StdioServerTransport(...args)],
];

const ECHO = 'on = (message) => send(message.method === undefined ? message : { jsonrpc: "2.0", id: message.id, result: message.params });';
const IDS = [0, 7, -3, 2 ** 53 - 1, '', '7', 'é😀'];
const request = (id: string | number, params: Record<string, unknown> = {}) => ({ jsonrpc: '2.0' as const, id, method: 'x', params });

describe.each(CLIENTS)('a client transport of %s', (_name, make) => {
  const client = (body: string, options: Partial<Parameters<MakeClient>[0]> = {}): { transport: ClientTransport; seen: Recorder } => {
    const transport = make({ ...scripted(body), stderr: 'ignore', ...options });
    onTestFinished(() => transport.close());
    return { transport, seen: new Recorder(transport) };
  };

  it('has no pid before its start and after its close, and one between', async () => {
    const { transport, seen } = client(ECHO);
    expect(transport.pid).toBeNull();
    await transport.start();
    expect(transport.pid).toBeGreaterThan(0);
    await transport.close();
    expect(transport.pid).toBeNull();
    await seen.closed;
    expect(seen.events).toEqual(['close']);
  });

  it('throws when it is started twice, and takes two closes as one', async () => {
    const { transport, seen } = client(ECHO);
    await transport.start();
    await expect(transport.start()).rejects.toThrow(/StdioClientTransport already started/);
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
    await seen.closed;
    await nextTurn();
    expect(seen.events).toEqual(['close']);
  });

  it('rejects its start where there is no such program, and tells onerror before onclose', async () => {
    const { transport, seen } = client('', { command: 'no-such-program-here' });
    await expect(transport.start()).rejects.toMatchObject({ code: 'ENOENT' });
    await seen.closed;
    expect(seen.events).toEqual(['error', 'close']);
  });

  it('has standard error before the start where it is piped, and nothing where not', async () => {
    const { transport } = client('process.stderr.write("early");', { stderr: 'pipe' });
    let text = '';
    transport.stderr?.on('data', (chunk: Buffer) => (text += String(chunk)));
    await transport.start();
    await until(() => text === 'early');
    expect(client(ECHO).transport.stderr).toBeNull();
  });

  it('keeps ids, with their type, and the order of messages; each is what the schema of the SDK accepts', async () => {
    const { transport, seen } = client(ECHO);
    await transport.start();
    for (const id of IDS) void transport.send(request(id, { of: id }));
    await until(() => seen.messages.length === IDS.length);
    expect(seen.messages).toEqual(IDS.map((id) => ({ jsonrpc: '2.0', id, result: { of: id } })));
    for (const message of seen.messages) {
      expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
      expect(JSONRPCMessageSchema.parse(message)).toEqual(message);
    }
  });

  it('gives the server its arguments, variables and folder', async () => {
    const { transport, seen } = client('on = ({ id }) => send({ jsonrpc: "2.0", id, result: { cwd: process.cwd(), extra: process.env.EXTRA } });', {
      env: { EXTRA: '1' },
      cwd: '/',
    });
    await transport.start();
    void transport.send(request(1));
    await until(() => seen.messages.length === 1);
    expect(seen.messages).toEqual([{ jsonrpc: '2.0', id: 1, result: { cwd: '/', extra: '1' } }]);
  });

  it('rejects what is sent before its start', async () => {
    await expect(client(ECHO).transport.send(request(1))).rejects.toThrow(/Not connected/);
  });
});

describe.each(SERVERS)('a server transport of %s', (_name, make) => {
  const server = async (options?: { maxBufferSize?: number }) => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const transport = make(stdin, stdout, options);
    const seen = new Recorder(transport);
    await transport.start();
    return { stdin, stdout, transport, seen };
  };

  it('throws when it is started twice, and closes once', async () => {
    const { transport, seen } = await server();
    await expect(transport.start()).rejects.toThrow(/StdioServerTransport already started/);
    await transport.close();
    expect(seen.events).toEqual(['close']);
  });

  it('gives messages synchronously, in order, while the bytes come in', async () => {
    const { stdin, transport, seen } = await server();
    await nextTurn();
    stdin.write(Buffer.concat(IDS.map((id) => frame(request(id)))));
    expect(seen.messages).toEqual(IDS.map((id) => request(id)));
    await transport.close();
  });

  it('writes one line for each message, in order', async () => {
    const { stdout, transport } = await server();
    const answers = IDS.map((id) => ({ jsonrpc: '2.0' as const, id, result: { text: 'é\u2028\n😀' } }));
    await Promise.all(answers.map((answer) => transport.send(answer)));
    await transport.close();
    expect(lines(readAll(stdout))).toEqual(answers);
  });

  it('tells onerror before onclose where a message is past maxBufferSize', async () => {
    const { stdin, transport, seen } = await server({ maxBufferSize: 1000 });
    stdin.write(frame(request(1, { pad: 'x'.repeat(2000) })));
    await nextTurn();
    await transport.close();
    expect(seen.events[0]).toBe('error');
    expect(seen.events.at(-1)).toBe('close');
    expect(seen.messages).toEqual([]);
  });

  it('pauses the input at its close, and leaves both streams open', async () => {
    const { stdin, stdout, transport } = await server();
    await transport.close();
    expect([stdin.isPaused(), stdin.destroyed, stdout.writableEnded, stdin.listenerCount('data')]).toEqual([true, false, false, 0]);
  });
});

it('the default environment is that of SDK 2.x, and holds all of that of 1.x', () => {
  expect(getDefaultEnvironment()).toEqual(environment2());
  expect(getDefaultEnvironment()).toMatchObject(environment1());
});

it('on Windows too', async () => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor; // every process has one
  onTestFinished(() => {
    Object.defineProperty(process, 'platform', platform);
    vi.resetModules();
  });
  Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
  vi.resetModules();
  // The lists are made when the modules load: each is loaded once more.
  const again = async (name: string): Promise<string[]> => {
    const url = `${pathToFileURL(createRequire(import.meta.url).resolve(name)).href}?on=windows`;
    return ((await import(/* @vite-ignore */ url)) as { DEFAULT_INHERITED_ENV_VARS: string[] }).DEFAULT_INHERITED_ENV_VARS;
  };
  const { DEFAULT_INHERITED_ENV_VARS: ours } = await import('../../src/transport/environment.js');
  expect([...ours].sort()).toEqual((await again('@modelcontextprotocol/client/stdio')).sort());
  expect(ours).toEqual(expect.arrayContaining(await again('@modelcontextprotocol/sdk/client/stdio.js')));
  expect(ours).toContain('PATHEXT');
});
