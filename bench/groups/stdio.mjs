import * as clients from '../clients/index.mjs';
import { oneByOne, pipelined } from '../../dist/cli/bench/calls.js';
import { openLimits } from '../peers/limits.mjs';
import { KIB, MIB } from './inputs.mjs';

const NAMES = { airs: 'airs-mcp', sdk2: 'SDK 2.x', sdk1: 'SDK 1.x', vscode: 'vscode-jsonrpc', loop: 'loop by hand' };
const SMALL = { message: 'hello from the bench' };
const each = (shared, way) => Object.fromEntries(Object.entries(shared.clients).map(([key, client]) => [NAMES[key], way(client)]));

const alone = (name, args, size) => ({
  name: `${name}, one at a time`,
  size,
  ways: (shared) => ({
    ...each(shared, (client) => oneByOne(() => client.call(args))),
    'bare socketpair': shared.limits.pair?.('socketpair', size),
    'bare pipe': shared.limits.pair?.('pipe', size),
  }),
});

const together = (name, args, size, lanes) => ({
  name: `${name}, ${lanes} in flight`,
  size, unit: '/s', higher: true,
  ways: (shared) => each(shared, (client) => pipelined(() => client.call(args), lanes)),
});

/** The result stays bytes on our side; the others can't do without parsing it. */
const raw = (name, args, size) => ({
  name: `${name}, raw, one at a time`,
  size,
  ways: (shared) => ({
    ...each(shared, (client) => oneByOne(() => (client.raw ?? client.call)(args))),
    'bare socketpair': shared.limits.pair?.('socketpair', size),
    'bare pipe': shared.limits.pair?.('pipe', size),
  }),
});

const rows = [
  alone('small echo', SMALL, 140),
  together('small echo', SMALL, 140, 256),
  alone('64 KiB result', { size: 64 * KIB }, 64 * KIB),
  together('64 KiB result', { size: 64 * KIB }, 64 * KIB, 16),
  alone('1 MiB result', { size: MIB }, MIB),
  together('1 MiB result', { size: MIB }, MIB, 4),
  raw('1 MiB result', { size: MIB }, MIB),
];

async function open({ backend, pace }) {
  const wanted = backend === 'native' ? Object.keys(NAMES) : ['airs', 'loop'];
  const open = Object.fromEntries(await Promise.all(wanted.map(async (name) => [name, await clients[name]()])));
  for (const client of Object.values(open)) await warmUp(client, pace.budget * 100);
  const limits = openLimits();
  return {
    clients: open, limits,
    close: () => Promise.all([limits, ...Object.values(open)].map((one) => one.close())),
  };
}

/** The compiler is done after some 200,000 calls; until then ours is at half its rate, and a loop of few functions near its own. */
async function warmUp(client, time) {
  const until = performance.now() + time;
  while (performance.now() < until) await pipelined(() => client.call(SMALL), 256).sample(5);
  for (let i = 0; i < 5; i++) await client.call({ size: MIB });
}

export const group = {
  name: 'stdio',
  title: 'Calls over stdio, two processes',
  about:
    'Each package’s own client and server in two processes, a tool that echoes a short text or gives a text of some size. The ' +
    'loop by hand reads lines, parses them and writes once per tick: no deadlines, no bounds, no cancelling. A bare socketpair or ' +
    'pipe is a C++ program that answers 140 bytes with as many bytes as the result has.',
  unit: 'ns/call',
  rows: rows.map((row) => ({ ...row, baseline: 'loop by hand' })),
  open,
};
