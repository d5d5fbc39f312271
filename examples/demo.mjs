/**
 * Real MCP sessions over stdio in both directions, with figures:
 * the published server-everything spoken to through airs-mcp, beside the official SDK's client; a server on airs-mcp
 * spoken to by the official SDK's client; then the same over `JsonRpcPeer`: server-everything, and our own server beside the
 * SDK's. Exits non-zero if any answer is wrong.
 */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { ChildProcessTransport, backendInfo } from '../dist/index.js';
import { check, finish, note, step, table } from './demo/check.mjs';
import { againstEverything, againstOurs, besideTheSdk } from './demo/peers.mjs';
import { Session } from './demo/session.mjs';
import { inTurn } from './demo/timing.mjs';

const everything = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
const EVERYTHING = { command: process.execPath, args: [everything, 'stdio'], stderr: 'ignore' };
const OUR_SERVER = { command: process.execPath, args: [fileURLToPath(new URL('demo/server.mjs', import.meta.url))], stderr: 'inherit' };
const LARGE = 'A'.repeat(1024 * 1024);

const { name, kernel, reason, externalBuffers } = backendInfo();
step('Backend');
note(`${name}, kernel ${kernel}, ${externalBuffers ? 'native' : 'V8'} memory (${reason})`);

step('1. server-everything through airs-mcp');
const transport = new ChildProcessTransport(EVERYTHING);
const session = new Session(transport);
await transport.start();
await handshake(session);
await useTools(session);
await useResources(session);

step('2. The same calls by airs-mcp and by the official SDK, in turn');
const sdk = new Client({ name: 'demo', version: '1.0.0' });
await sdk.connect(new StdioClientTransport(EVERYTHING));
await compare(session, sdk);
await sdk.close();
report(transport);
await transport.close();

step('3. A server on airs-mcp, called by the official SDK');
await serve();

step('4. server-everything through JsonRpcPeer: calls, and calls back');
await againstEverything(EVERYTHING);

step('5. JsonRpcPeer on both ends: serveStdio and connectStdio, beside the official SDK\'s client and server');
await besideTheSdk(await againstOurs());
finish();

async function handshake(client) {
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'demo', version: '1.0.0' } };
  await reading(client.request('initialize', params), (answer) => {
    check(answer.at('/result/serverInfo/name') === 'mcp-servers/everything', `initialize: ${answer.at('/result/serverInfo/name')}`);
  });
  await client.notify('notifications/initialized');
}

async function useTools(client) {
  await reading(client.request('tools/list'), ({ result, rawResult }) => {
    const names = result.tools.map((tool) => tool.name);
    check(names.includes('echo') && names.includes('get-sum'), `tools/list: ${names.length} tools in ${rawResult.length} bytes`);
  });
  await reading(callTool(client, 'echo', { message: 'hello' }), (answer) => {
    check(answer.at('/result/content/0/text') === 'Echo: hello', 'tools/call echo');
  });
  await reading(callTool(client, 'get-sum', { a: 2, b: 40 }), (answer) => {
    const text = answer.at('/result/content/0/text');
    check(/\b42\b/.test(text), `tools/call get-sum: ${text}`);
  });
  await reading(callTool(client, 'get-tiny-image', {}), ({ result }) => {
    check(result.content.some((part) => part.type === 'image'), 'tools/call get-tiny-image: an image');
  });
  await reading(callTool(client, 'echo', { message: LARGE }), (answer) => {
    const right = answer.at('/result/content/0/text') === `Echo: ${LARGE}`;
    check(right, `tools/call echo of 1 MiB: ${answer.byteLength} bytes, of which only the text was parsed`);
  });
}

async function useResources(client) {
  const resources = await reading(client.request('resources/list'), ({ result }) => result.resources);
  check(resources.length > 0, `resources/list: ${resources.length} resources`);
  const [{ uri }] = resources;
  await reading(client.request('resources/read', { uri }), (answer) => {
    check(answer.at('/result/contents/0/uri') === uri, `resources/read ${uri}`);
  });
}

async function compare(client, official) {
  const rows = [['call', 'airs-mcp', 'official SDK', 'faster by', '(quartiles)']];
  const row = (label, { ours, theirs, ratio, low, high }) =>
    rows.push([label, `${ours.toFixed(0)} us`, `${theirs.toFixed(0)} us`, `${ratio.toFixed(2)}x`, `${low.toFixed(2)}..${high.toFixed(2)}`]);
  const echo = (message) => [
    async () => (await callTool(client, 'echo', { message })).release(),
    () => official.callTool({ name: 'echo', arguments: { message } }),
  ];
  row('tools/call echo, 5 bytes', await inTurn(200, ...echo('hello')));
  row('tools/list', await inTurn(100, async () => (await client.request('tools/list')).release(), () => official.request({ method: 'tools/list' })));
  row('tools/call echo, 1 MiB', await inTurn(15, ...echo(LARGE)));
  table(rows);
  note('(the server is the same program on both sides, and most of each call is its own time)');
}

function report({ buffers }) {
  const { transfers, read } = buffers.metrics();
  const { bufferPoolHitRatio } = buffers.zeroCopyMetrics();
  note(`received ${transfers.messagesReceived} messages, ${mib(transfers.bytesReceived)} MiB; sent ${transfers.messagesSent}, ${mib(transfers.bytesSent)} MiB`);
  note(`${transfers.zeroCopyReceives} messages lay where the kernel wrote them, ${transfers.copiedReceives} were copied once`);
  note(`pool hit ratio ${bufferPoolHitRatio.toFixed(3)}, ${read.lent} read buffers lent, ${read.lostToGc} left to the garbage collector`);
}

async function serve() {
  const client = new Client({ name: 'demo', version: '1.0.0' });
  await client.connect(new StdioClientTransport(OUR_SERVER));
  check(client.getServerVersion()?.name === 'airs-mcp-demo', `initialize: ${client.getServerVersion()?.name}`);
  const { tools } = await client.listTools();
  check(tools.length === 1 && tools[0].name === 'count', `tools/list: ${tools.map((tool) => tool.name).join(', ')}`);
  const counted = await client.callTool({ name: 'count', arguments: { text: 'bytes in, messages out' } });
  check(counted.content[0].text === '4', `tools/call count: ${counted.content[0].text} words`);
  const long = await client.callTool({ name: 'count', arguments: { text: 'word '.repeat(200_000) } });
  check(long.content[0].text === '200000', `tools/call count of 1 MB: ${long.content[0].text} words`);
  await client.close();
}

function callTool(client, tool, args) {
  return client.request('tools/call', { name: tool, arguments: args });
}

/** Reads an answer and gives its memory back. */
async function reading(answer, read) {
  const message = await answer;
  try {
    return read(message);
  } finally {
    message.release();
  }
}

function mib(bytes) {
  return (bytes / 1024 / 1024).toFixed(1);
}
