/** Programs of others, where they are installed: the reference file server, and the Inspector's command line. */

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as SdkTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StdioClientTransport } from '../../src/mcp/client-stdio.js';
import { FIXTURES } from './support.js';

const { resolve } = createRequire(import.meta.url);

/** The script behind a package's command; undefined where the package is not installed. */
function commandOf(name: string): string | undefined {
  try {
    const manifest = resolve(`${name}/package.json`);
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> };
    return join(dirname(manifest), Object.values(bin)[0] ?? '');
  } catch {
    return undefined;
  }
}

/** A newer Node than this one, where one is installed as a package: the Inspector may need it. */
function newerNode(): string {
  try {
    return resolve('node/bin/node');
  } catch {
    return process.execPath;
  }
}

const files = commandOf('@modelcontextprotocol/server-filesystem');
const inspector = commandOf('@modelcontextprotocol/inspector');

describe.runIf(files !== undefined)('server-filesystem', () => {
  it('does the same over our client transport as over the SDK one', async () => {
    const root = mkdtempSync(join(tmpdir(), 'airs-mcp-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const visit = async (make: (args: string[]) => Transport): Promise<unknown[]> => {
      const folder = join(root, 'files');
      mkdirSync(folder);
      const client = new Client({ name: 'files', version: '1' });
      await client.connect(make([files as string, folder])); // the suite runs only where it is installed
      const call = (name: string, args: object): Promise<unknown> =>
        client.callTool({ name, arguments: { ...args } }).catch((error: unknown) => (error as Error).message);
      const path = join(folder, 'a.txt');
      const seen = [
        await client.listTools(),
        await call('write_file', { path, content: 'é😀 "line"\n'.repeat(100_000) }),
        await call('read_text_file', { path }),
        await call('list_directory', { path: folder }),
        await call('search_files', { path: folder, pattern: '*.txt' }),
        await call('edit_file', { path, edits: [{ oldText: 'no such text', newText: '' }] }),
        await call('read_text_file', { path: '/etc/hostname' }),
        await call('move_file', { source: path, destination: join(folder, 'b.txt') }),
        await call('directory_tree', { path: folder }),
      ];
      await client.close();
      rmSync(folder, { recursive: true });
      return seen;
    };
    const server = (args: string[]) => ({ command: process.execPath, args, stderr: 'ignore' as const });
    const theirs = await visit((args) => new SdkTransport(server(args)));
    const ours = await visit((args) => new StdioClientTransport(server(args)));
    expect(JSON.stringify(ours) === JSON.stringify(theirs)).toBe(true);
    expect(JSON.stringify(ours).length).toBeGreaterThan(1_000_000);
  });
});

describe.runIf(inspector !== undefined)('the Inspector', () => {
  const run = async (generation: string, ...args: string[]): Promise<unknown> => {
    const server = [process.execPath, fileURLToPath(new URL('server.mjs', FIXTURES)), generation, 'ours'];
    const { stdout } = await promisify(execFile)(newerNode(), [inspector as string, '--cli', ...server, ...args]); // as above
    return JSON.parse(stdout);
  };

  it.each(['1', '2', 'serve'])('lists and calls the tools of a server (%s) on our transport', async (generation) => {
    expect(await run(generation, '--method', 'tools/list')).toMatchObject({
      tools: expect.arrayContaining([expect.objectContaining({ name: 'echo' })]),
    });
    expect(await run(generation, '--method', 'tools/call', '--tool-name', 'echo', '--tool-arg', 'text=hé')).toEqual({
      content: [{ type: 'text', text: 'hé' }],
    });
  });
});
