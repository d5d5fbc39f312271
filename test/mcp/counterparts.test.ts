/** Programs of others: the reference file server under our client transport, the Inspector's command line over our server's. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client as Client2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as SdkTransport2 } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as SdkTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StdioClientTransport } from '../../src/mcp/client-stdio.js';
import { FIXTURES, until } from './support.js';

const FILES = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/dist/index.js');

interface Visitor {
  connect(transport: Transport): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<object>;
  close(): Promise<void>;
}

const INFO = { name: 'visitor', version: '1' };
const capabilities = { roots: {} };

function visitor1(roots: () => object): Visitor {
  const client = new Client1(INFO, { capabilities });
  client.setRequestHandler(ListRootsRequestSchema, () => roots() as never);
  return client;
}

function visitor2(roots: () => object): Visitor {
  const client = new Client2(INFO, { capabilities });
  client.setRequestHandler('roots/list', () => roots() as never);
  return client;
}

const PICTURE = Buffer.alloc(1_500_000, 'picture');

/** Every tool of the server, in an order that makes sense; `folder` is made anew for each visit. */
const CALLS: readonly [string, (folder: string) => Record<string, unknown>][] = [
  ['list_allowed_directories', () => ({})],
  ['create_directory', (folder) => ({ path: join(folder, 'sub', 'deep') })],
  ['write_file', (folder) => ({ path: join(folder, 'a.txt'), content: 'é😀 "line"\n'.repeat(100_000) })],
  ['read_file', (folder) => ({ path: join(folder, 'a.txt'), head: 2 })],
  ['read_text_file', (folder) => ({ path: join(folder, 'a.txt') })],
  ['read_media_file', (folder) => ({ path: join(folder, 'picture.png') })],
  ['read_multiple_files', (folder) => ({ paths: ['a.txt', 'no.txt', 'picture.png'].map((name) => join(folder, name)) })],
  ['edit_file', (folder) => ({ path: join(folder, 'a.txt'), edits: [{ oldText: 'no such text', newText: '' }] })],
  ['list_directory', (folder) => ({ path: folder })],
  ['list_directory_with_sizes', (folder) => ({ path: folder, sortBy: 'size' })],
  ['search_files', (folder) => ({ path: folder, pattern: '**/*.txt' })],
  ['get_file_info', (folder) => ({ path: join(folder, 'a.txt') })],
  ['move_file', (folder) => ({ source: join(folder, 'a.txt'), destination: join(folder, 'sub', 'b.txt') })],
  ['directory_tree', (folder) => ({ path: folder })],
  ['read_text_file', () => ({ path: '/etc/hostname' })],
];

async function visit(make: (roots: () => object) => Visitor, transport: Transport, folder: string): Promise<Record<string, unknown>> {
  mkdirSync(folder);
  writeFileSync(join(folder, 'picture.png'), PICTURE);
  let asked = false;
  const visitor = make(() => ((asked = true), { roots: [{ uri: `file://${folder}`, name: 'here' }] }));
  await visitor.connect(transport);
  await until(() => asked);
  // The server looks at the roots for a while after it got them, and goes by its arguments until then.
  const allowed = (): Promise<unknown> => visitor.callTool({ name: 'list_allowed_directories', arguments: {} });
  while (!JSON.stringify(await allowed()).includes(folder)) continue;
  const { tools } = await visitor.listTools();
  const seen: Record<string, unknown> = { tools };
  for (const [index, [name, args]] of CALLS.entries()) {
    const result = await visitor.callTool({ name, arguments: args(folder) }).catch((error: unknown) => (error as Error).message);
    seen[`${index} ${name}`] = JSON.stringify(result).replace(/(created|modified|accessed): [^\\]*/g, '$1');
  }
  await visitor.close();
  rmSync(folder, { recursive: true });
  expect(new Set(CALLS.map(([name]) => name))).toEqual(new Set(tools.map(({ name }) => name)));
  return seen;
}

describe.each([
  ['1.x', visitor1, SdkTransport1],
  ['2.x', visitor2, SdkTransport2],
] as const)('the client of SDK %s', (_generation, visitor, SdkTransport) => {
  it('sees the same of server-filesystem over our transport as over the SDK one, in every tool', async () => {
    const root = mkdtempSync(join(tmpdir(), 'airs-mcp-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const folder = join(root, 'files');
    const server = { command: process.execPath, args: [FILES, root], stderr: 'ignore' as const };
    const theirs = await visit(visitor, new SdkTransport(server), folder);
    const ours = await visit(visitor, new StdioClientTransport(server), folder);
    const names = Object.keys(theirs).filter((name) => JSON.stringify(theirs[name]) !== JSON.stringify(ours[name]));
    expect(names).toEqual([]);
    expect(String(ours['5 read_media_file'])).toContain(PICTURE.toString('base64'));
    expect(ours['12 move_file']).toContain('Successfully moved');
    expect(ours['14 read_text_file']).toContain('Access denied');
  });
});

/** The Inspector's command line and a Node that it runs on; undefined where they can't be had from npm. */
async function inspector(): Promise<[node: string, script: string] | undefined> {
  // By a variable, for it is a plain script without types.
  const path = '../../.ci/runtimes.mjs';
  const { program } = (await import(path)) as { program(name: string): Promise<string> };
  try {
    return [await program('node24'), await program('inspector')];
  } catch {
    return undefined;
  }
}

describe('the Inspector (skipped where npm has neither it nor a Node that runs it)', () => {
  it.for(['1', '2', 'serve'])('lists and calls the tools of a server (%s) on our transport', { timeout: 300_000 }, async (generation, { skip }) => {
    const tool = await inspector();
    if (tool === undefined) return skip();
    const [node, script] = tool;
    const server = [process.execPath, fileURLToPath(new URL('server.mjs', FIXTURES)), generation, 'ours'];
    const run = async (...args: string[]): Promise<unknown> => {
      const backend = `AIRS_MCP_BACKEND=${process.env['AIRS_MCP_BACKEND'] ?? ''}`;
      const { stdout } = await promisify(execFile)(node, [script, '--cli', ...server, '-e', backend, ...args]);
      return JSON.parse(stdout);
    };
    expect(await run('--method', 'tools/list')).toMatchObject({
      tools: expect.arrayContaining([expect.objectContaining({ name: 'echo' })]),
    });
    expect(await run('--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'text=hé')).toEqual({
      content: [{ type: 'text', text: 'hé' }],
    });
    expect(await run('--method', 'tools/call', '--tool-name', 'big', '--tool-arg', 'bytes=300000')).toEqual({
      content: [{ type: 'text', text: 'x'.repeat(300_000) }],
    });
  });
});
