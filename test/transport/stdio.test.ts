import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, openSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JsonRpcMessage } from '../../src/message/message.js';
import { StdioTransport } from '../../src/transport/stdio.js';
import { type Compiled, compile } from './compiled.js';
import { follow, idsIn, outcomes } from './support.js';

const onWindows = process.platform === 'win32';
const script = fileURLToPath(new URL('../fixtures/transport/stdio-server.mjs', import.meta.url));
const request = (id: number | string, method: string, params: unknown[] = []): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;

describe('over a pair of streams', () => {
  const pair = (options: { endOutput?: boolean } = {}): { input: PassThrough; output: PassThrough; transport: StdioTransport } => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    return { input, output, transport: new StdioTransport({ input, output, ...options }) };
  };

  it('reads one and writes the other, in order, wherever the input is cut', async () => {
    const bytes = Buffer.from(request('ä', 'one') + request(2, 'two'));
    for (let cut = 0; cut <= bytes.length; cut += 7) {
      const { input, output, transport } = pair();
      const story = follow(transport);
      await transport.start();
      input.write(bytes.subarray(0, cut));
      input.end(bytes.subarray(cut));
      await story.closed;
      expect(story.events).toEqual(['message "ä"', 'message 2', 'close']);
      expect(output.writableEnded).toBe(true);
    }
  });

  it('takes text, too', async () => {
    const { input, transport } = pair();
    input.setEncoding('utf8');
    const story = follow(transport);
    await transport.start();
    input.end(request('€', 'one'));
    await story.closed;
    expect(idsIn(story)).toEqual(['"€"']);
  });

  it('sends memory that nobody overwrites while the reader has not come', async () => {
    const { output, transport } = pair();
    await transport.start();
    const sent: string[] = [];
    for (let i = 0; i < 10; i++) {
      const message = { jsonrpc: '2.0', id: i, result: String(i).repeat(1_000) } as const;
      void transport.send(message);
      sent.push(`${JSON.stringify(message)}\n`);
      await Promise.resolve();
    }
    await transport.close();
    const received: Buffer[] = [];
    for await (const chunk of output) received.push(chunk as Buffer);
    expect(Buffer.concat(received).toString()).toBe(sent.join(''));
  });

  it('leaves the output open where it is told to, and the input always', async () => {
    const { input, output, transport } = pair({ endOutput: false });
    await transport.start();
    await transport.close();
    expect(output.writableEnded).toBe(false);
    expect(input.destroyed).toBe(false);
    expect(input.isPaused()).toBe(true);
  });

  it('destroys an output that nobody reads, so that its reader sees an end', async () => {
    const [input, output] = [new PassThrough(), new PassThrough({ highWaterMark: 10 })];
    const transport = new StdioTransport({ input, output, closeTimeout: 10 });
    await transport.start();
    const sends = [1, 2, 3].map((id) => transport.send(JsonRpcMessage.response(id, 'x'.repeat(100))));
    await new Promise(setImmediate);
    sends.push(transport.send(JsonRpcMessage.response(4, '')));
    await transport.close();
    expect(output.destroyed).toBe(true);
    expect((await outcomes(sends)).at(-1)).toBe('AIRS_MCP_TRANSPORT_CLOSED');
  });

  it('survives garbage of every kind between good messages', async () => {
    const { input, transport } = pair();
    const story = follow(transport);
    await transport.start();
    const bad: (string | Uint8Array)[] = [
      'Debugger attached.', '{"jsonrpc":"2.0","id":7', '\0', '\x01{}', '"\x02"', '{"jsonrpc":"2.0","id":1,"method":"m","params":[01]}', '[]', '[1]', 'nul',
      new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), new Uint8Array([0x22, 0xe2, 0x82]),
      '['.repeat(10_000), '\ufeff{}', '{"jsonrpc":"2.0","id":{},"method":"m"}',
    ];
    bad.forEach((line, i) => {
      input.write(line);
      input.write(`\r\n\n${request(i, 'm')}`);
    });
    input.end();
    await story.closed;
    expect(idsIn(story).filter((id) => /^\d+$/.test(id))).toEqual(bad.map((_, i) => String(i)));
    expect(idsIn(story).filter((id) => !/^\d+$/.test(id))).toHaveLength(bad.length);
  });
});

describe("over this process's own standard input and output", () => {
  let compiled: Compiled;
  let url: string;
  let folder: string;

  beforeAll(() => {
    compiled = compile();
    url = compiled.url('transport/stdio');
    folder = mkdtempSync(join(tmpdir(), 'airs-stdio-'));
  });
  afterAll(() => {
    compiled.remove();
    rmSync(folder, { recursive: true });
  });

  const serve = (mode = 'plain') => spawn(process.execPath, [script, url, mode], { stdio: 'pipe' });

  /** Runs a shell command; $NODE, $SCRIPT and $URL start the server. */
  function shell(command: string): { stdout: string; stderr: string; status: number | null } {
    const env = { ...process.env, NODE: process.execPath, SCRIPT: script, URL: url };
    return spawnSync('sh', ['-c', command], { env, encoding: 'utf8', maxBuffer: 1 << 26, timeout: 20_000 });
  }

  const ids = (stdout: string): unknown[] => stdout.split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { id?: unknown }).id);

  it('answers over a socket pair, straight from pooled memory, and exits at the end of its input', async () => {
    const child = serve();
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.write(request(1, 'echo', ['hello']));
    await once(child.stdout, 'data');
    child.stdin.end(request(2, 'echo', ['x'.repeat(200_000)]));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(ids(Buffer.concat(out).toString())).toEqual([1, 2]);
    const said = Buffer.concat(err).toString();
    if (!onWindows) expect(said).toMatch(/^direct [12] copied [01]\nclose\n$/);
  });

  it.skipIf(onWindows)('answers over pipes of the shell', () => {
    const { stdout, stderr, status } = shell(`printf '%s' '${request(1, 'echo', ['a'])}${request(2, 'echo')}' | "$NODE" "$SCRIPT" "$URL" plain | cat`);
    expect(ids(stdout)).toEqual([1, 2]);
    expect(stderr).toBe('direct 2 copied 0\nclose\n');
    expect(status).toBe(0);
  });

  it.skipIf(onWindows)('answers a file, into a file', () => {
    const [input, output] = [join(folder, 'in'), join(folder, 'out')];
    writeFileSync(input, request(1, 'echo', ['a']) + request(2, 'large', [1_000_000]));
    const { stderr, status } = shell(`"$NODE" "$SCRIPT" "$URL" plain < '${input}' > '${output}'`);
    expect(ids(readFileSync(output, 'utf8'))).toEqual([1, 2]);
    expect(stderr).toBe('large\ndirect 0 copied 2\nclose\n');
    expect(status).toBe(0);
  });

  it.skipIf(onWindows)('closes at once where there is no input', () => {
    expect(shell('"$NODE" "$SCRIPT" "$URL" plain < /dev/null')).toMatchObject({ stdout: '', stderr: 'direct 0 copied 0\nclose\n', status: 0 });
  });

  it('writes nothing but its messages, and nothing at all before the start', () => {
    const run = (mode: string, input: string) => spawnSync(process.execPath, [script, url, mode], { input, encoding: 'utf8' });
    expect(run('never-starts', request(1, 'echo')).stdout).toBe('');
    expect(run('plain', `noise\n${request(1, 'echo', ['a'])}`).stdout).toBe('{"jsonrpc":"2.0","id":1,"result":["a"]}\n');
  });

  it('finishes what is under way after the end of its input, where it is asked to wait', () => {
    const { stdout, stderr } = spawnSync(process.execPath, [script, url, 'waits-at-end'], { input: request(1, 'echo'), encoding: 'utf8' });
    expect(stdout.trim().split('\n').at(-1)).toBe('{"jsonrpc":"2.0","method":"last"}');
    expect(stderr).toMatch(/^end\n.*\nclose\n$/);
  });

  it.each([['plain', 'nobody exits it'], ['exit-after-close', 'it exits right after the close']])(
    'writes a reply of a megabyte in full to a reader that comes late (%s)', async (mode) => {
      const child = serve(mode);
      child.stdout.pause();
      child.stdin.end(request(1, 'large', [1 << 20]));
      await once(child.stderr, 'data');
      const out: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk)).resume();
      await once(child, 'close');
      expect(Buffer.concat(out).length).toBe('{"jsonrpc":"2.0","id":1,"result":""}\n'.length + (1 << 20));
    },
  );

  it.skipIf(onWindows)('reports a reader that went away, and does not crash', async () => {
    const child = serve();
    const err: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.write(request(1, 'echo'));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child.stdout, 'close');
    child.stdin.write(request(2, 'flood'));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    const said = Buffer.concat(err).toString();
    expect(said).toMatch(/^error AIRS_MCP_TRANSPORT_FAILED\n/);
    expect(said).toContain('refused true');
    expect(said).toContain('close');
  });

  it('exits by itself after a close, though its input stays open', async () => {
    const child = serve();
    child.stdin.write(request(1, 'close'));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
  });

  it('shares standard input with whoever reads it already', async () => {
    const child = serve('reads-already');
    child.stdin.end(request(1, 'echo'));
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    expect(ids(chunk.toString())).toEqual([1]);
    await once(child, 'close');
  });

  it('can be followed by another on the same standard input', async () => {
    const child = serve('twice');
    child.stdin.end(request(1, 'echo'));
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(chunk.toString())).toMatchObject({ result: 'second' });
    await once(child, 'close');
  });

  it('leaves standard input usable after the close', async () => {
    const child = serve('uses-stdin-later');
    const err: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.write(request(1, 'close'));
    await once(child.stderr, 'data');
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(Buffer.concat(err).toString()).toContain('stdin works');
  });

  it.skipIf(onWindows)('copes with a standard input that is closed, or a folder', () => {
    expect(shell('"$NODE" "$SCRIPT" "$URL" plain <&-').status).toBe(0);
    const fd = openSync(folder, 'r');
    const result = spawnSync(process.execPath, [script, url, 'plain'], { stdio: [fd, 'pipe', 'pipe'], encoding: 'utf8' });
    closeSync(fd);
    expect(result.stderr).toContain('close');
  });
});
