import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendInfo } from '../../src/backend/select.js';
import { requireDist } from '../peer/dist.js';
import { ROOT } from './page.js';

beforeAll(requireDist);

interface Ran {
  stdout: string[];
  stderr: string[];
  status: number | null;
}

/** Runs an example as its page says, in its own folder. */
function run(path: string, input = '', args: readonly string[] = []): Ran {
  const { FORCE_COLOR: _, ...env } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, 'examples', path), ...args], {
    encoding: 'utf8', input, cwd: join(ROOT, 'examples', path, '..'), env: { ...env, NO_COLOR: '1' },
  });
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  return { stdout: lines(stdout), stderr: lines(stderr), status };
}

describe('the example', () => {
  it('of the backend tells which one runs', () => {
    const { stdout, status } = run('backend.mjs');
    expect({ status, named: stdout.join(' ').includes(`name: '${backendInfo().name}'`) }).toEqual({ status: 0, named: true });
  });

  it('of parsing tells each message of its standard input, and each line that is none', () => {
    const lines = [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say"}}', 'noise', '{"jsonrpc":"2.0","id":2,"method":7}',
      '{"jsonrpc":"2.0","id":3,"result":{}}',
    ];
    expect(run('parse.mjs', lines.join('\n'))).toEqual({
      status: 0, stdout: [],
      stderr: ['request 1 tools/call say', 'AIRS_MCP_PARSE_ERROR undefined', 'AIRS_MCP_INVALID_REQUEST 2', 'response 3 undefined undefined'],
    });
  });

  it('of calling starts the one that is called, and gets its answer', () => {
    expect(run('say/client.mjs')).toEqual({ stdout: ['hi'], stderr: [], status: 0 });
  });

  it('of a transport speaks to server-everything', () => {
    expect(run('transport.mjs')).toEqual({ stdout: ['response 1 mcp-servers/everything'], stderr: [], status: 0 });
  });

  it('of profiling writes a flame graph, and tells the shares', () => {
    const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-example-'));
    const output = join(folder, 'profile.svg');
    try {
      const { stdout, status } = run('profile.mjs', '', [output]);
      expect(status).toBe(0);
      expect(stdout[0]).toMatch(/^340000 tools in \d+ ms; flame graph in /);
      expect(readFileSync(output, 'utf8')).toContain('handleBurst');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('of the drop-in transports survives the crash of its server', () => {
    expect(run('drop-in/client.mjs')).toEqual({
      stdout: ['hello from a process', 'Connection closed: the server ended with code 3', 'hello from a process'],
      stderr: ['restarted (1): the server ended with code 3'], status: 0,
    });
  });

  it.each(['sdk1', 'sdk2'])('of %s, before its transport is replaced, is one that works', async (name) => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [join(ROOT, 'examples', 'drop-in', `${name}.mjs`)] }));
    expect((await client.callTool({ name: 'hello', arguments: {} })).content).toEqual([{ type: 'text', text: 'hello' }]);
    await client.close();
  });
});
