/** Faults, and what a transport makes of each: `{ ok, outcome }`. Children are ended before a case returns. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:os';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client as Client2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as ClientTransport2 } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as ClientTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StdioServerTransport as ServerTransport1 } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StdioServerTransport as ServerTransport2 } from '@modelcontextprotocol/server/stdio';
import { StdioClientTransport } from '../dist/mcp/client-stdio.js';
import { StdioServerTransport } from '../dist/mcp/server-stdio.js';

const SERVER = fileURLToPath(new URL('../test/fixtures/mcp/server.mjs', import.meta.url));
const MIB = 1024 * 1024;
/** How long one test may take, where these cases are tests (ms): more on machines that are slow. */
const TEST_LIMIT = process.env.AIRS_MCP_TEST_LIMIT;
/** After this long without news a case counts as stuck (ms). None waits for more than a few things in turn. */
const PATIENCE = TEST_LIMIT === undefined ? 3_000 : Number(TEST_LIMIT) / 5;
/** The transports give a server two times 2 s before they kill it (ms). */
const CLOSING = 2 * PATIENCE;
const STUCK = Symbol('stuck');

/** Who is put to the test: a client and both transports. */
export const SUBJECTS = [
  {
    name: 'SDK 1.x',
    Client: Client1,
    ClientTransport: ClientTransport1,
    ServerTransport: ServerTransport1,
    generation: '1',
    side: 'sdk',
  },
  {
    name: 'SDK 2.x',
    Client: Client2,
    ClientTransport: ClientTransport2,
    ServerTransport: ServerTransport2,
    generation: '2',
    side: 'sdk',
  },
  {
    name: 'airs-mcp under SDK 1.x',
    Client: Client1,
    ClientTransport: StdioClientTransport,
    ServerTransport: StdioServerTransport,
    generation: '1',
    side: 'ours',
  },
  {
    name: 'airs-mcp under SDK 2.x',
    Client: Client2,
    ClientTransport: StdioClientTransport,
    ServerTransport: StdioServerTransport,
    generation: '2',
    side: 'ours',
  },
];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const orStuck = (promise, ms = PATIENCE) => Promise.race([promise, sleep(ms).then(() => STUCK)]);
const frame = (message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;

/** Whether a process runs. One that has ended may wait for init to take notice. */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return platform() !== 'linux' || !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const gone = (pid) => until(() => !isAlive(pid), PATIENCE / 3);

function kill(pid) {
  try {
    if (pid) process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Runs `use` with a connected client; ends the server whatever happens. */
async function withClient(subject, options, use) {
  const args = options.args ?? [SERVER, subject.generation, subject.side];
  const transport = new subject.ClientTransport({ command: process.execPath, stderr: 'ignore', ...options, args });
  const client = new subject.Client({ name: 'faults', version: '1' });
  client.onerror = () => {};
  let pid = null;
  try {
    const connecting = client.connect(transport);
    connecting.catch(() => {});
    pid = transport.pid;
    await connecting;
    pid = transport.pid;
    return await use(client, transport);
  } finally {
    kill(pid);
    await orStuck(
      client.close().catch(() => {}),
      CLOSING,
    );
  }
}

/** Runs `use` with a started transport to a server given as source text. */
async function withTransport(subject, source, options, use) {
  const transport = new subject.ClientTransport({
    command: process.execPath,
    args: ['-e', source],
    stderr: 'ignore',
    ...options,
  });
  const seen = { messages: [], errors: [], closed: false };
  transport.onmessage = (message) => seen.messages.push(message);
  transport.onerror = (error) => seen.errors.push(error);
  transport.onclose = () => (seen.closed = true);
  await transport.start();
  const { pid } = transport;
  try {
    return await use(transport, seen, pid);
  } finally {
    kill(pid);
    await orStuck(
      transport.close().catch(() => {}),
      CLOSING,
    );
  }
}

async function until(condition, ms = PATIENCE) {
  const end = performance.now() + ms;
  while (!condition() && performance.now() < end) await sleep(5);
  return condition();
}

const call = (client, name, args = {}, options = {}) =>
  client instanceof Client1
    ? client.callTool({ name, arguments: args }, undefined, options)
    : client.callTool({ name, arguments: args }, options);
const ended = (promise) =>
  promise.then(
    () => 'answered',
    (error) => `${error.code ?? ''} ${error.message}`.trim().split('\n')[0].slice(0, 80),
  );

/** Starts a server that answers nothing but what `source` makes it; for faults of the server's own streams. */
function serve(subject, source = []) {
  const child = spawn(process.execPath, [SERVER, subject.generation, subject.side, ...source], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (output.out += chunk));
  child.stderr.on('data', (chunk) => (output.err += chunk));
  child.stdin.on('error', () => {});
  const exit = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
  return { child, output, exit };
}

const HANDSHAKE =
  frame({
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'faults', version: '1' } },
  }) + frame({ method: 'notifications/initialized' });

async function alive(client) {
  const outcome = await orStuck(ended(call(client, 'echo', { text: 'x' }, { timeout: PATIENCE })));
  return outcome === 'answered';
}

export const FAULTS = {
  '11 MiB result under a 10 MiB cap': (subject) =>
    withClient(subject, { maxBufferSize: 10 * MIB }, async (client) => {
      const outcome = await orStuck(ended(call(client, 'big', { bytes: 11 * MIB })));
      const lives = await alive(client);
      return { ok: lives, outcome: `${outcome === STUCK ? 'no answer' : outcome}; session ${lives ? 'lives' : 'dead'}` };
    }),

  '400 kB on an unread stderr pipe': (subject) =>
    withClient(subject, { stderr: 'pipe' }, async (client) => {
      const outcome = await orStuck(ended(call(client, 'log', { bytes: 400_000 })));
      return { ok: outcome === 'answered', outcome: outcome === STUCK ? 'server blocked, no answer' : outcome };
    }),

  '15 sends to a child that does not read': (subject) =>
    withTransport(subject, 'setInterval(() => {}, 1e6)', {}, async (transport, _seen, pid) => {
      let warned = false;
      const onwarning = (warning) => (warned ||= warning.name === 'MaxListenersExceededWarning');
      process.on('warning', onwarning);
      let settled = 0;
      for (let id = 0; id < 15; id++) {
        const sent = transport.send({ jsonrpc: '2.0', id, method: 'x', params: { pad: 'x'.repeat(100_000) } });
        sent.then(
          () => settled++,
          () => settled++,
        );
      }
      await sleep(50);
      process.off('warning', onwarning);
      kill(pid);
      const all = await until(() => settled === 15);
      return { ok: all && !warned, outcome: `${warned ? 'listener leak warning; ' : ''}${settled} of 15 settled` };
    }),

  'child killed during a send': (subject) =>
    withTransport(subject, 'setInterval(() => {}, 1e6)', {}, async (transport, seen, pid) => {
      const sent = transport.send({ jsonrpc: '2.0', id: 1, method: 'x', params: { pad: 'x'.repeat(8 * MIB) } });
      await sleep(20);
      kill(pid);
      const outcome = await orStuck(ended(sent));
      await until(() => seen.closed);
      return {
        ok: outcome !== STUCK && seen.closed,
        outcome: outcome === STUCK ? 'send never settles' : `send settles; ${seen.closed ? 'closed' : 'open'}`,
      };
    }),

  'grandchild holds stdout when the server exits': (subject) => {
    const source = `
      const { pid } = require('node:child_process').spawn('sleep', ['30'], { stdio: 'inherit' });
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', method: 'pid', params: { pid } }) + '\\n', () => process.exit(1));`;
    return withTransport(subject, source, {}, async (_transport, seen) => {
      await until(() => seen.messages.length > 0);
      const grandchild = seen.messages[0].params.pid;
      const closed = await until(() => seen.closed);
      const left = !(await gone(grandchild));
      kill(grandchild);
      return {
        ok: closed && !left,
        outcome: `${closed ? 'onclose comes' : 'no onclose'}; grandchild ${left ? 'left behind' : 'gone'}`,
      };
    });
  },

  'close() of a server with a grandchild': (subject) => {
    const source = `
      const { pid } = require('node:child_process').spawn('sleep', ['30'], { stdio: 'inherit' });
      process.stdout.write(JSON.stringify({ jsonrpc: '2.0', method: 'pid', params: { pid } }) + '\\n');
      process.stdin.on('end', () => process.exit(0)).resume();`;
    return withTransport(subject, source, {}, async (transport, seen) => {
      await until(() => seen.messages.length > 0);
      const grandchild = seen.messages[0].params.pid;
      await orStuck(transport.close(), CLOSING);
      const closed = await until(() => seen.closed, PATIENCE / 6);
      const left = !(await gone(grandchild));
      kill(grandchild);
      return {
        ok: closed && !left,
        outcome: `${closed ? 'onclose comes' : 'no onclose'}; grandchild ${left ? 'left behind' : 'gone'}`,
      };
    });
  },

  'end of input with a request in flight': async (subject) => {
    const { child, output, exit } = serve(subject);
    child.stdin.end(HANDSHAKE + frame({ id: 1, method: 'tools/call', params: { name: 'slow', arguments: { ms: 150 } } }));
    const code = await orStuck(exit);
    await sleep(20);
    child.kill('SIGKILL');
    const answered = output.out.includes('"id":1');
    return {
      ok: answered && code === 0,
      outcome: `${answered ? 'answered' : 'not answered'}; ${code === STUCK ? 'does not exit' : `exit ${code}`}`,
    };
  },

  'EPIPE: the client stops reading': async (subject) => {
    const { child, output, exit } = serve(subject);
    child.stdin.write(HANDSHAKE);
    await until(() => output.out.includes('"id":0'));
    child.stdout.destroy();
    const ticker = setInterval(() => child.stdin.write(frame({ id: 1, method: 'ping' })), 10);
    const code = await orStuck(exit);
    clearInterval(ticker);
    child.kill('SIGKILL');
    const crashed = output.err.includes('EPIPE');
    return { ok: code === 0 && !crashed, outcome: code === STUCK ? 'runs on' : `${crashed ? 'crashes' : 'ends'}, exit ${code}` };
  },

  'noise lines on stdout': (subject) =>
    withClient(subject, {}, async (client, transport) => {
      const errors = [];
      client.onerror = (error) => errors.push(error);
      const outcome = await orStuck(ended(call(client, 'noise')));
      const counted = transport.counts?.noise;
      const told = errors.length > 0 ? `${errors.length} errors` : counted > 0 ? `${counted} counted` : 'nothing told';
      return { ok: outcome === 'answered' && errors.length === 0 && counted === 2, outcome: `${outcome}; ${told}` };
    }),

  'UTF-8 split at every byte': async (subject) => {
    const message = { id: 1, method: 'x', params: { text: 'é\u2028😀"\\' } };
    const bytes = Buffer.from(frame(message));
    let good = 0;
    for (let at = 1; at < bytes.length; at++) {
      const stdin = new PassThrough();
      const transport = new subject.ServerTransport(stdin, new PassThrough());
      transport.onmessage = (got) => (good += Number(got.params.text === message.params.text));
      await transport.start();
      stdin.write(bytes.subarray(0, at));
      await new Promise(setImmediate);
      stdin.write(bytes.subarray(at));
      await new Promise(setImmediate);
      await transport.close();
    }
    return { ok: good === bytes.length - 1, outcome: `${good} of ${bytes.length - 1} splits` };
  },

  'progress right before the result': (subject) =>
    withClient(subject, {}, async (client) => {
      let seen = 0;
      for (let round = 0; round < 20; round++) await call(client, 'progress', { steps: 5 }, { onprogress: () => seen++ });
      return { ok: seen === 100, outcome: `${seen} of 100 arrive` };
    }),

  'server dies at its start': async (subject) => {
    const args = ['-e', 'console.error("no config file"); process.exit(2)'];
    const outcome = await orStuck(ended(withClient(subject, { args }, () => {})));
    const told = String(outcome).includes('code 2');
    return { ok: told, outcome: outcome === STUCK ? 'stuck' : outcome };
  },

  'result that is not serialisable': (subject) =>
    withClient(subject, {}, async (client) => {
      const outcome = await orStuck(ended(call(client, 'bigint')));
      return { ok: outcome !== STUCK, outcome: outcome === STUCK ? 'call hangs' : outcome };
    }),
};
