/**
 * What the package must do on any runtime, without a test framework: parse, call over memory, over a child's stdio, over TCP.
 * Usage: NODE|bun|deno run -A conformance.mjs    beside a node_modules that holds airs-mcp (or in this package itself)
 * Prints one line of JSON; its `digest` must be the same on every runtime and both backends.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const { backendInfo, connectStdio, createMemoryTransportPair, JsonRpcPeer, serveStdio, SocketTransport, StreamingParser } = await import('airs-mcp');
const SELF = fileURLToPath(import.meta.url);

const FRAMES = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{"text":"h\\u00e9 \\ud83d\\ude00"}}}',
  '{"jsonrpc":"2.0","id":"1","result":{"content":[{"type":"text","text":"ü€𝄞"}],"n":[1e400,-0,12345678901234567890]}}',
  '{"jsonrpc":"2.0","\\u0069d":2.50,"error":{"code":-32000,"message":"no","data":[null,true,{}]}}',
  '{"jsonrpc":"2.0","method":"notifications/progress"}',
  '[{"jsonrpc":"2.0","id":3,"method":"a"},{"jsonrpc":"2.0","method":"b"}]',
  '{"jsonrpc":"2.0","id":4,"method":"x","params":[tru]}',
  'not json', '{"jsonrpc":"2.0","id":5,', '{"jsonrpc":"1.0","id":6,"method":"x"}', '""', '[]',
  `{"jsonrpc":"2.0","id":7,"result":${JSON.stringify('x'.repeat(5000))}}`,
].map((line) => Buffer.from(`${line}\n`));
const STREAM = Buffer.concat([...FRAMES, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d, 0x0a]), ...FRAMES]);

function describe(message) {
  const said = message.kind === 'invalid' ? message.failure.code : JSON.stringify(message);
  const line = `${message.kind} ${String(message.id)} ${message.method} ${said}`;
  message.release();
  return line;
}

/** Every message of the stream, received in chunks of `size` bytes. */
function parse(size) {
  const parser = new StreamingParser();
  const lines = [];
  for (let at = 0; at < STREAM.length; at += size) {
    for (const message of parser.parseMultipleFromBytes(STREAM.subarray(at, at + size))) lines.push(describe(message));
  }
  return lines.join('\n');
}

function parsing() {
  const whole = parse(STREAM.length);
  for (const size of [1, 2, 3, 7, 64, 1000, 4096]) assert.equal(parse(size), whole, `in chunks of ${size} bytes`);
  return createHash('sha256').update(whole).digest('hex').slice(0, 16);
}

const HANDLERS = {
  echo: (request) => request.params,
  fail() {
    throw new Error('on purpose');
  },
  big: (request) => 'y'.repeat(request.params.bytes),
};

async function calls(peer) {
  assert.deepEqual(await peer.request('echo', { text: 'é€😀' }), { text: 'é€😀' });
  assert.equal((await peer.request('big', { bytes: 3_000_000 })).length, 3_000_000);
  assert.deepEqual(await Promise.all(Array.from({ length: 500 }, (_, n) => peer.request('echo', [n]))), Array.from({ length: 500 }, (_, n) => [n]));
  await assert.rejects(peer.request('fail', {}), { code: 'AIRS_MCP_REMOTE' });
  await assert.rejects(peer.request('absent', {}));
}

async function overMemory() {
  const [near, far] = createMemoryTransportPair();
  const server = new JsonRpcPeer(far, { handlers: HANDLERS });
  const client = new JsonRpcPeer(near);
  await Promise.all([server.start(), client.start()]);
  await calls(client);
  await client.close();
  await server.close();
}

async function overStdio() {
  const flags = process.versions.deno ? ['run', '-A', '--quiet'] : [];
  const env = { AIRS_MCP_BACKEND: process.env.AIRS_MCP_BACKEND ?? '' };
  const peer = await connectStdio(process.execPath, [...flags, SELF, 'serve'], { env });
  await calls(peer);
  await peer.close();
}

async function overSocket() {
  const peers = [];
  const listener = createServer((socket) => {
    const peer = new JsonRpcPeer(new SocketTransport(socket), { handlers: HANDLERS });
    peers.push(peer.start());
  });
  await new Promise((listening) => listener.listen(0, '127.0.0.1', listening));
  const client = new JsonRpcPeer(new SocketTransport({ host: '127.0.0.1', port: listener.address().port }));
  await client.start();
  await calls(client);
  await client.close();
  await Promise.all(peers);
  await new Promise((closed) => listener.close(closed));
}

if (process.argv[2] === 'serve') {
  await serveStdio(HANDLERS);
} else {
  const { name, kernel, reason, externalBuffers } = backendInfo();
  const digest = parsing();
  await overMemory();
  await overStdio();
  await overSocket();
  const { bun, deno, node } = process.versions;
  const runtime = bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`;
  console.log(JSON.stringify({ runtime, backend: name, kernel, externalBuffers, digest, reason }));
}
