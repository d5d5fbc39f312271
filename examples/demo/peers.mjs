/** The part of the demo that runs over `JsonRpcPeer`: against server-everything, against our own server, and beside the SDK. */

import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { connectStdio } from '../../dist/index.js';
import { check, note, table } from './check.mjs';
import { inRounds, inTurn } from './timing.mjs';

const INFO = { name: 'demo', version: '1.0.0' };
const IN_FLIGHT = 256;
const MIB = 1024 * 1024;

const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const echo = (args) => ['tools/call', { name: 'echo', arguments: args }];

/** @returns what `initialize` gave */
async function handshake(peer, capabilities) {
  const answer = await peer.request('initialize', { protocolVersion: '2025-06-18', capabilities, clientInfo: INFO });
  await peer.notify('notifications/initialized');
  return answer;
}

/** The published server, which calls back while it is called: for a completion, with progress. */
export async function againstEverything({ command, args, stderr }) {
  const asked = [];
  const sampled = { role: 'assistant', content: { type: 'text', text: 'forty-two' }, model: 'demo' };
  const handlers = { 'sampling/createMessage': ({ params }) => (asked.push(params.maxTokens), sampled) };
  const peer = await connectStdio(command, args, { handlers, transport: { stderr } });
  const { serverInfo } = await handshake(peer, { sampling: {} });
  check(serverInfo.name === 'mcp-servers/everything', `initialize: ${serverInfo.name}`);

  const { tools } = await peer.request('tools/list');
  check(tools.some(({ name }) => name === 'trigger-sampling-request'), `tools/list: ${tools.length} tools`);
  const { content } = await peer.request(...echo({ message: 'hello' }));
  check(content[0].text === 'Echo: hello', 'tools/call echo');

  const steps = [];
  const long = { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 4 } };
  await peer.request('tools/call', long, { timeout: 5_000, resetTimeoutOnProgress: true, onProgress: ({ progress }) => steps.push(progress) });
  check(steps.join() === '1,2,3,4', `progress of a long operation: ${steps.join(', ')}`);

  const sampling = { name: 'trigger-sampling-request', arguments: { prompt: 'the answer?', maxTokens: 7 } };
  const completed = await peer.request('tools/call', sampling);
  check(asked.join() === '7' && /forty-two/.test(completed.content[0].text), 'it asked us for a completion, and used it');

  const controller = new AbortController();
  const unwanted = peer.request('tools/call', long, { signal: controller.signal });
  controller.abort();
  check((await codeOf(unwanted)).code === 'AIRS_MCP_CANCELLED', 'a call that its signal cancels rejects with AIRS_MCP_CANCELLED');
  check((await codeOf(peer.request('no/such'))).remoteCode === -32601, 'a method that it does not have: -32601');
  await peer.close();
  report(peer, { completed: 5, failed: 1, cancelled: 1 });
}

/** Our client and our server. */
export async function againstOurs() {
  const peer = await connectStdio(process.execPath, [script('peer-server.mjs')], {
    handlers: { 'demo/name': ({ params }) => `the ${params.of}` }, transport: { stderr: 'inherit' },
  });
  const { serverInfo } = await handshake(peer, {});
  check(serverInfo.name === 'airs-mcp-peer', `initialize: ${serverInfo.name}`);
  check((await peer.request('demo/ask', { who: 'client' })) === 'the client', 'the server calls back while it is called');

  const steps = [];
  await peer.request(...echo({ message: 'slowly', times: 3 }), { onProgress: ({ progress, total }) => steps.push(`${progress}/${total}`) });
  check(steps.join() === '1/3,2/3,3/3', `progress before the answer: ${steps.join(', ')}`);
  check((await codeOf(peer.request('demo/wait', {}, { timeout: 20 }))).code === 'AIRS_MCP_REQUEST_TIMEOUT', 'a call that takes too long times out');
  check((await peer.request('demo/cancelled')) === 1, 'and its handler is told to stop');

  const texts = await Promise.all(peer.batch([0, 1, 2].map((i) => ({ method: 'tools/call', params: echo({ message: i })[1] }))));
  check(texts.map(({ content }) => content[0].text).join() === 'Echo: 0,Echo: 1,Echo: 2', 'three calls in one batch');
  return peer;
}

/** The same echo by our peers, and by the official SDK's client and server, in turn. */
export async function besideTheSdk(peer) {
  const sdk = new Client(INFO);
  await sdk.connect(new StdioClientTransport({ command: process.execPath, args: [script('sdk-server.mjs')] }));
  const ours = (args) => peer.request(...echo(args));
  const theirs = (args) => sdk.callTool({ name: 'echo', arguments: args });
  const raw = async () => {
    const message = await peer.request(...echo({ size: MIB }), { raw: true });
    const { byteLength } = message;
    message.release();
    return byteLength;
  };
  check((await raw()) > MIB && (await ours({ size: MIB })).content[0].text.length === MIB, 'a result of 1 MiB, raw and parsed');

  const wrong = { ours: 0, theirs: 0 };
  const rates = await inRounds(5, () => pipelined(ours, 10_000, (n) => (wrong.ours += n)), () => pipelined(theirs, 2_000, (n) => (wrong.theirs += n)));
  check(wrong.ours === 0 && wrong.theirs === 0, `every one of the echoes came back to its own call, ${IN_FLIGHT} in flight`);
  const small = await inTurn(200, () => ours({ message: 'hello' }), () => theirs({ message: 'hello' }));
  const parsed = await inTurn(12, () => ours({ size: MIB }), () => theirs({ size: MIB }));
  const unparsed = await inTurn(12, raw, () => theirs({ size: MIB }));
  print(rates, small, parsed, unparsed);
  check(rates.ratio > 1 && unparsed.ratio > 1, 'faster than the SDK');

  await sdk.close();
  await peer.close();
  const { pendingCount, late, unknown, successRate, registered } = peer.correlation.statistics();
  check(pendingCount === 0 && late === 0 && unknown === 0, `of ${registered} calls none is left, late, or unknown (success rate ${successRate.toFixed(5)})`);
}

function print(rates, ...rest) {
  const rows = [['call', 'JsonRpcPeer', 'official SDK 2.x', 'faster by', '(quartiles)']];
  const row = (label, unit, ours, theirs, { ratio, low, high }) =>
    rows.push([label, `${ours} ${unit}`, `${theirs} ${unit}`, `${ratio.toFixed(2)}x`, `${low.toFixed(2)}..${high.toFixed(2)}`]);
  row(`echo, ${IN_FLIGHT} in flight`, '/s', Math.round(rates.ours), Math.round(rates.theirs), rates);
  ['echo, one at a time', '1 MiB result, parsed', '1 MiB result, raw'].forEach((label, i) =>
    row(label, 'us', rest[i].ours.toFixed(0), rest[i].theirs.toFixed(0), rest[i]));
  table(rows);
}

/** Calls per second with {@link IN_FLIGHT} at a time. */
async function pipelined(call, count, found) {
  let next = 0;
  const start = performance.now();
  const lane = async () => {
    for (let i = next++; i < count; i = next++) {
      const { content } = await call({ message: `m${i}` });
      if (content[0].text !== `Echo: m${i}`) found(1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return (count / (performance.now() - start)) * 1000;
}

/** The error that a call rejects with; an empty object where it does not. */
function codeOf(call) {
  return call.then(() => ({}), (error) => error);
}

function report(peer, expected) {
  const statistics = peer.correlation.statistics();
  const right = Object.entries(expected).every(([name, count]) => statistics[name] === count) && statistics.pendingCount === 0;
  const { completed, failed, cancelled, p50ResponseTime, maxResponseTime } = statistics;
  check(right, `statistics: ${completed} completed, ${failed} failed, ${cancelled} cancelled, none pending`);
  note(`response times: p50 ${p50ResponseTime.toFixed(2)} ms, max ${maxResponseTime.toFixed(2)} ms`);
}
