import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireDist } from '../../peer/dist.js';
import { MAIN, SERVER, ended, run, start } from '../run.js';

const EVERYTHING = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
const onPosix = process.platform !== 'win32';
let folder = '';

beforeAll(() => {
  requireDist();
  folder = mkdtempSync(join(tmpdir(), 'airs-mcp-tap-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface JsonLine {
  type: string;
  [key: string]: unknown;
}

const tap = (way: string, ...options: string[]): string[] => ['tap', ...options, '--', process.execPath, SERVER, way];
const jsonLines = (output: string): JsonLine[] => output.split('\n').filter((line) => line.startsWith('{"type"')).map((line) => JSON.parse(line) as JsonLine);

/** A process that has ended and that nobody waits for is still listed. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** All that two tools/calls of a session over server-everything say, whose wording depends on nothing else. */
async function session(command: string, args: string[]): Promise<unknown[]> {
  const client = new Client({ name: 'tap-test', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ command, args, stderr: 'ignore' }));
  const { tools } = await client.listTools();
  const echo = await client.callTool({ name: 'echo', arguments: { message: 'hällo' } });
  const large = await client.callTool({ name: 'echo', arguments: { message: 'A'.repeat(1024 * 1024) } });
  const bad = await client.callTool({ name: 'nope', arguments: {} }).catch((error: unknown) => String(error));
  const said = [client.getServerVersion(), tools, echo, large, bad];
  await client.close();
  return said;
}

describe('between the official client and server-everything', () => {
  it('the session is the same as without it, and what passed is told', async () => {
    const file = join(folder, 'everything.jsonl');
    const server = [EVERYTHING, 'stdio'];
    const tapped = await session(process.execPath, [MAIN, 'tap', '--json', '--output', file, '--', process.execPath, ...server]);
    expect(tapped).toEqual(await session(process.execPath, server));
    const lines = jsonLines(readFileSync(file, 'utf8'));
    const summary = lines.at(-1);
    expect(summary).toMatchObject({ type: 'summary', code: 0, unanswered: [], forgotten: 0, client: { invalid: 0, unseen: 0 }, server: { invalid: 0, unseen: 0 } });
    expect(summary?.['methods']).toEqual(expect.arrayContaining([
      expect.objectContaining({ caller: 'client', method: 'tools/call', calls: 3, answers: 3, errors: 1 }),
      expect.objectContaining({ caller: 'client', method: 'tools/list', calls: 1, answers: 1, errors: 0 }),
      expect.objectContaining({ caller: 'client', method: 'initialize', calls: 1, answers: 1, errors: 0 }),
    ]));
    const large = lines.filter(({ bytes }) => (bytes as number) > 1024 * 1024);
    expect(large.map(({ from, method }) => [from, method])).toEqual([['client', 'tools/call'], ['server', 'tools/call']]);
  });
});

describe('bytes', () => {
  it('come out as they went in, both ways, whatever they are', async () => {
    const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff));
    const input = Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"a"}\r\n\n\ufeff not json\n'), noise]);
    const { stdout, code, stderr } = await run(tap('echo', '--json'), input);
    expect(stdout.equals(input)).toBe(true);
    expect(code).toBe(0);
    expect(jsonLines(stderr).at(-1)).toMatchObject({ client: { bytes: input.length, unseen: 0 }, server: { bytes: input.length, unseen: 0 } });
  });

  it('of a flood all arrive, and are told without one missing', async () => {
    const { stdout, code, stderr } = await run(tap('floods', '--json'));
    expect(code).toBe(0);
    expect(jsonLines(stderr).at(-1)).toMatchObject({ server: { messages: 20_000, invalid: 0, bytes: stdout.length, unseen: 0 } });
  });

  it.runIf(onPosix)('wait in the host where the server never reads', async () => {
    const child = start(tap('never-reads'));
    child.stderr.resume();
    const said = (): Promise<unknown> => new Promise((resolve) => child.stdout.once('data', resolve));
    await said();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    let drained = false;
    child.stdin.on('drain', () => (drained = true));
    // Socket buffers, the tap's two streams and ours take a few MiB; a tap that gathered would take all.
    while (sent < 64 && child.stdin.write(chunk)) sent++;
    // A question that goes through the tap's event loop, and its answer back: a tap that read on would have read meanwhile.
    let waiting = 0;
    for (let still = 0; still < 20;) {
      child.kill('SIGUSR2');
      await said();
      still = child.stdin.writableLength === waiting ? still + 1 : 0;
      waiting = child.stdin.writableLength;
    }
    expect({ sent: sent < 8, waits: waiting > 0, drained }).toEqual({ sent: true, waits: true, drained: false });
    child.kill('SIGTERM');
    child.stdin.on('error', () => undefined);
    expect((await ended(child)).signal).toBe('SIGTERM');
  });
});

describe('the server\'s end', () => {
  it('is the tap\'s: the exit code and standard error pass', async () => {
    const { code, stderr } = await run(tap('dies'), '{"jsonrpc":"2.0","id":1,"method":"a"}\n');
    expect(code).toBe(3);
    expect(stderr).toContain('last words\n');
    expect(stderr).toMatch(/exit code 3/);
    expect(stderr).toMatch(/unanswered: 1\n {4}→ a id 1/);
  });

  it.runIf(onPosix)('by a signal is repeated', async () => {
    expect(await run(tap('killed'))).toMatchObject({ code: null, signal: 'SIGKILL', stderr: expect.stringContaining('ended by SIGKILL') });
  });

  it('that never began is told by the codes of a shell', async () => {
    const { code, stdout, stderr } = await run(['tap', '--', join(folder, 'no-such-command')]);
    expect({ code, stdout: stdout.length, stderr: /did not start/.test(stderr) }).toEqual({ code: 127, stdout: 0, stderr: true });
  });
});

describe.runIf(onPosix)('signals', () => {
  async function started(): Promise<{ child: ReturnType<typeof start>; pid: number; descendant: number }> {
    const child = start(tap('signals'));
    child.stderr.resume();
    const line = await new Promise<Buffer>((resolve) => child.stdout.once('data', resolve));
    const { result } = JSON.parse(line.toString()) as { result: { pid: number; descendant: number } };
    return { child, ...result };
  }

  it.each([['SIGTERM', 15], ['SIGINT', 2]] as const)('%s reaches the server, and what it leaves behind is ended', async (name, code) => {
    const { child, descendant } = await started();
    const end = ended(child);
    child.kill(name);
    expect((await end).code).toBe(code);
    expect(isAlive(descendant)).toBe(false);
  });

  it('that kill the tap end the server and all it started', async () => {
    const { child, pid, descendant } = await started();
    child.kill('SIGKILL');
    await Promise.all([gone(pid), gone(descendant)]);
  });
});
