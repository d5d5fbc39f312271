/**
 * Both protocol eras of SDK 2.x, with the SDK's client, its version probe and its `serveStdio`: what a client sees over
 * our transport on either side or both is what it sees over the SDK's.
 */

import { fileURLToPath } from 'node:url';
import { Client, type McpSubscription } from '@modelcontextprotocol/client';
import { StdioClientTransport as SdkTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type StdioServerParameters, StdioClientTransport } from '../../src/mcp/client-stdio.js';
import { FIXTURES, isAlive, until } from './support.js';

type Side = 'sdk' | 'ours';
type Mode = 'legacy' | 'auto' | { pin: string };
type Era = 'legacy' | 'modern';

const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

function client(mode: Mode): { client: Client; heard: string[] } {
  const visitor = new Client({ name: 'visitor', version: '1' }, { capabilities, versionNegotiation: { mode } });
  const sample = { role: 'assistant', content: { type: 'text', text: 'sampled é😀' }, model: 'm' } as const;
  visitor.setRequestHandler('sampling/createMessage', () => sample);
  visitor.setRequestHandler('elicitation/create', ({ params }) => ({
    action: 'accept',
    ...(params.mode !== 'url' && { content: { name: 'Ada' } }),
  }));
  visitor.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///here', name: 'here' }] }));
  const heard: string[] = [];
  visitor.fallbackNotificationHandler = ({ method, params }) => Promise.resolve(void heard.push(`${method} ${sorted(params)}`));
  onTestFinished(() => visitor.close());
  return { client: visitor, heard };
}

function transport(side: Side, serverSide: Side, options: Partial<StdioServerParameters> = {}): SdkTransport | StdioClientTransport {
  const server = {
    command: process.execPath,
    args: [fileURLToPath(new URL('features.mjs', FIXTURES)), serverSide],
    env: { AIRS_MCP_BACKEND: process.env['AIRS_MCP_BACKEND'] ?? '' },
    stderr: 'ignore' as const,
  };
  return side === 'ours' ? new StdioClientTransport({ ...server, ...options }) : new SdkTransport(server);
}

/** JSON with its members in order: the SDK's transports put those that they know first. */
function sorted(value: unknown): string {
  const isObject = (member: unknown): member is object => typeof member === 'object' && member !== null && !Array.isArray(member);
  return JSON.stringify(value ?? null, (_key, member: unknown) => (isObject(member) ? Object.fromEntries(Object.entries(member).sort()) : member));
}

const TOOLS = ['echo', 'fails', 'structured', 'ask-name', 'ask-page', 'ask-sample', 'ask-roots', 'rounds', 'all-at-once', 'no-such-tool'];
const LOG_LEVEL = { 'io.modelcontextprotocol/logLevel': 'info' };
const FILTER = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['memo://note'] };

/** Uses every feature, at once where that makes no difference to what is heard. */
async function tour(mode: Mode, ...sides: [Side, Side]): Promise<Record<string, unknown>> {
  const { client: visitor, heard } = client(mode);
  const over = transport(...sides);
  await visitor.connect(over);
  const record: Record<string, unknown> = { era: visitor.getProtocolEra(), discovered: visitor.getDiscoverResult() };
  const see = async (key: string, doing: Promise<unknown>): Promise<void> => {
    const failed = (error: unknown): object => ({ failed: (error as Error).message, code: (error as { code?: unknown }).code });
    record[key] = JSON.parse(sorted(await doing.catch(failed)));
  };
  const call = (name: string, args: object = {}, options: object = {}): Promise<unknown> =>
    visitor.callTool({ name, arguments: { ...args }, ...(name === 'log' && { _meta: LOG_LEVEL }) }, options);
  await Promise.all([
    ...TOOLS.map((name) => see(name, call(name, name === 'echo' ? { text: 'é😀\u2028 "q" \\ \n' } : {}))),
    ...['note', 'blob', 'asking', 'by-id/7', 'none'].map((name) => see(`read ${name}`, visitor.readResource({ uri: `memo://${name}` }))),
    see('tools', visitor.listTools()),
    see('resources', visitor.listResources()),
    see('templates', visitor.listResourceTemplates()),
    see('prompts', visitor.listPrompts()),
    see('prompt', visitor.getPrompt({ name: 'visit', arguments: { city: 'Zürich' } })),
    see('asking prompt', visitor.getPrompt({ name: 'asking' })),
    see('completion', visitor.complete({ ref: { type: 'ref/prompt', name: 'visit' }, argument: { name: 'city', value: 'Z' } })),
    see('template completion', visitor.complete({ ref: { type: 'ref/resource', uri: 'memo://by-id/{id}' }, argument: { name: 'id', value: '4' } })),
  ]);
  await see('log', call('log'));
  let subscription: McpSubscription | undefined;
  await see('listen', visitor.listen(FILTER).then((made) => (subscription = made).honoredFilter));
  for (const uri of ['memo://note', 'memo://blob']) await see(`touch ${uri}`, call('touch', { uri }));
  const abort = new AbortController();
  const slow = call('slow', {}, { signal: abort.signal });
  await see('meanwhile', call('echo', { text: 'meanwhile' }));
  abort.abort('enough');
  await see('cancelled', slow);
  await subscription?.close();
  await see('after', call('echo', { text: 'alive' }));
  record['listened'] = await subscription?.closed;
  record['heard'] = heard;
  const { pid } = over;
  await visitor.close();
  await until(() => !isAlive(pid));
  return record;
}

describe.each<[string, Mode, Era]>([
  ['a client of 2025', 'legacy', 'legacy'],
  ['a client that probes', 'auto', 'modern'],
  ['a client pinned to 2026', { pin: '2026-07-28' }, 'modern'],
])('%s', (_name, mode, era) => {
  it('sees the same over our transport, on either side or both', async () => {
    const [theirs, ...ours] = await Promise.all([tour(mode, 'sdk', 'sdk'), tour(mode, 'ours', 'sdk'), tour(mode, 'sdk', 'ours'), tour(mode, 'ours', 'ours')]);
    for (const record of ours) expect(record).toEqual(theirs);
    expect(theirs).toMatchObject({ era, after: { content: [{ text: 'alive' }] }, rounds: { content: [{ text: expect.stringContaining('sampled é😀') as unknown }] } });
    expect(theirs['cancelled']).toMatchObject({ failed: expect.stringContaining('enough') as unknown });
    expect((theirs['heard'] as string[]).some((line) => line.includes('memo://note'))).toBe(true);
    expect(theirs['listened']).toBe(era === 'modern' ? 'local' : undefined);
  });
});

interface Listener {
  visitor: Client;
  pid: number;
  subscription: McpSubscription;
}

async function listen(side: Side, serverSide: Side, options: Partial<StdioServerParameters> = {}): Promise<Listener> {
  const { client: visitor } = client('auto');
  const over = transport(side, serverSide, options);
  await visitor.connect(over);
  const subscription = await visitor.listen({ toolsListChanged: true });
  return { visitor, pid: over.pid as number, subscription }; // it was started
}

describe.each<[Side, Side]>([
  ['ours', 'sdk'],
  ['sdk', 'ours'],
  ['ours', 'ours'],
])('what is listened to, client transport %s, server transport %s', (...sides) => {
  it('ends gracefully where the server says so', async () => {
    const { pid, subscription } = await listen(...sides);
    process.kill(pid, 'SIGUSR2');
    expect(await subscription.closed).toBe('graceful');
  });

  it('ends as cut off where the server is killed', async () => {
    const { pid, subscription } = await listen(...sides);
    process.kill(pid, 'SIGKILL');
    expect(await subscription.closed).toBe('remote');
  });
});

it.each<Side>(['sdk', 'ours'])('what is listened to ends where the server is restarted, and can be listened to again (server transport %s)', async (side) => {
  const { visitor, pid, subscription } = await listen('ours', side, { restart: { initialDelay: 1 } });
  process.kill(pid, 'SIGKILL');
  expect(await subscription.closed).toBe('remote');
  const again = await visitor.listen({ toolsListChanged: true });
  const changed = new Promise((resolve) => visitor.setNotificationHandler('notifications/tools/list_changed', resolve));
  await visitor.callTool({ name: 'touch', arguments: { uri: 'memo://note' } });
  await changed;
  await again.close();
});
