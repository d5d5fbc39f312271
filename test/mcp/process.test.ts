/** The server transport on the standard streams of a process of its own. */

import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { frame, isAlive, lines, until } from './support.js';

const TRANSPORT = new URL('../../dist/mcp/server-stdio.js', import.meta.url).href;

/** A server that answers each request with its params, and then what `body` says. */
const script = (body: string): string => `
  const { StdioServerTransport } = await import(${JSON.stringify(TRANSPORT)});
  const serve = async () => {
    const transport = new StdioServerTransport();
    transport.onmessage = ({ id, params }) => id !== undefined && transport.send({ jsonrpc: '2.0', id, result: params ?? {} });
    await transport.start();
    return transport;
  };
  const say = (text) => process.stderr.write(text + '\\n');
  ${body}`;

interface Run {
  child: ReturnType<typeof spawn>;
  out(): unknown[];
  err(): string;
  ended: Promise<number | null>;
}

function run(body: string, stdio: ['pipe' | number, 'pipe' | number, 'pipe'] = ['pipe', 'pipe', 'pipe']): Run {
  const env = { ...process.env };
  const child = spawn(process.execPath, ['--input-type=module', '-e', script(body)], { stdio, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, out: () => lines(Buffer.concat(out)), err: () => Buffer.concat(err).toString(), ended };
}

const request = (id: number): Buffer => frame({ jsonrpc: '2.0', id, method: 'x', params: { n: id } });

it('ends by itself when its input ends, with all answered', async () => {
  const { child, out, ended } = run('const transport = await serve(); transport.onclose = () => say("closed");');
  child.stdin?.end(Buffer.concat([request(1), request(2)]));
  expect(await ended).toBe(0);
  expect(out()).toEqual([1, 2].map((id) => ({ jsonrpc: '2.0', id, result: { n: id } })));
});

it('lets those hear of the end who listen on process.stdin', async () => {
  const { child, err, ended } = run(
    'await serve(); process.stdin.on("end", () => say("end")); process.stdin.on("close", () => say("close"));',
  );
  child.stdin?.end(request(1));
  await ended;
  expect(err().split('\n').filter(Boolean)).toEqual(['end', 'close']);
});

it('shares process.stdin with those who read it already', async () => {
  const { child, out, err, ended } = run('process.stdin.on("data", (chunk) => say(`${chunk.length} bytes`)); await serve();');
  child.stdin?.end(request(1));
  await ended;
  expect(out()).toHaveLength(1);
  expect(err()).toContain(`${request(1).length} bytes`);
});

it('lets the process end once it is closed, though the input is open', async () => {
  const { child, ended, out } = run('const transport = await serve(); setTimeout(() => transport.close(), 50);');
  child.stdin?.write(request(1));
  expect(await ended).toBe(0);
  expect(out()).toHaveLength(1);
});

it('can be followed by another on the same streams', async () => {
  const { child, out, err, ended } = run('const first = await serve(); await first.close(); await serve(); say("again");');
  await until(() => err() === 'again\n');
  child.stdin?.end(request(7));
  expect(await ended).toBe(0);
  expect(out()).toEqual([{ jsonrpc: '2.0', id: 7, result: { n: 7 } }]);
});

it('writes large answers to the end before it closes', async () => {
  const { child, out, ended } = run(`
    const transport = await serve();
    transport.onmessage = ({ id }) => {
      transport.send({ jsonrpc: '2.0', id, result: { pad: 'x'.repeat(3e6) } });
      transport.close();
    };`);
  child.stdin?.write(request(1));
  expect(await ended).toBe(0);
  expect((out()[0] as { result: { pad: string } }).result.pad).toHaveLength(3e6);
});

it('survives a client that stops reading', async () => {
  const { child, err, ended } = run(`
    const transport = await serve();
    transport.onerror = (error) => say(error.code);
    transport.onclose = () => say('closed');
    transport.onmessage = () => transport.send({ jsonrpc: '2.0', method: 'n', params: { pad: 'x'.repeat(1e5) } });`);
  child.stdout?.destroy();
  const ticker = setInterval(() => child.stdin?.write(request(1)), 5);
  child.stdin?.on('error', () => undefined);
  expect(await ended).toBe(0);
  clearInterval(ticker);
  expect(err().split('\n').filter(Boolean)).toEqual(['AIRS_MCP_TRANSPORT_FAILED', 'closed']);
});

it('reads and writes files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'in'), Buffer.concat([request(1), request(2)]));
  const { ended } = run('await serve();', [openSync(join(folder, 'in'), 'r'), openSync(join(folder, 'out'), 'w'), 'pipe']);
  expect(await ended).toBe(0);
  expect(lines(readFileSync(join(folder, 'out')))).toHaveLength(2);
});

it('ends though its client was killed: the kernel ends its input', async () => {
  const client = new URL('../../dist/mcp/client-stdio.js', import.meta.url).href;
  const parent = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { StdioClientTransport } = await import(${JSON.stringify(client)});
      const args = ['--input-type=module', '-e', process.argv[1]];
      const transport = new StdioClientTransport({ command: process.execPath, args });
      await transport.start();
      process.stdout.write(transport.pid + '\\n');`,
      script('await serve();'),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !isAlive(pid));
});
