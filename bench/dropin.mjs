/**
 * `node bench/dropin.mjs`: the SDK's own stdio transports against ours, both under the SDK's client and server, in turn.
 * `--sdk 1` for SDK 1.x (default 2), `--quick` for few rounds, `--filter TEXT` for some rows, `--skip-64` without 64 MiB.
 */

import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { backendInfo } from '../dist/index.js';
import { StdioClientTransport } from '../dist/mcp/client-stdio.js';
import { peakMemory } from '../test/fixtures/mcp/peak.mjs';

const MIB = 1024 * 1024;
const SERVER = fileURLToPath(new URL('../test/fixtures/mcp/server.mjs', import.meta.url));
const { values } = parseArgs({
  options: {
    sdk: { type: 'string', default: '2' },
    quick: { type: 'boolean', default: false },
    filter: { type: 'string', default: '' },
    'skip-64': { type: 'boolean', default: false },
    // What a process of its own is started with.
    memory: { type: 'string' },
    side: { type: 'string' },
    row: { type: 'string' },
  },
});
const GENERATION = values.sdk;
const { Client } = await import(
  GENERATION === '1' ? '@modelcontextprotocol/sdk/client/index.js' : '@modelcontextprotocol/client'
);
const sdk = await import(GENERATION === '1' ? '@modelcontextprotocol/sdk/client/stdio.js' : '@modelcontextprotocol/client/stdio');
const TRANSPORTS = { sdk: sdk.StdioClientTransport, ours: StdioClientTransport };
const LIMIT = 100 * MIB;

async function connect(side) {
  const args = [SERVER, GENERATION, side, JSON.stringify({ maxBufferSize: LIMIT })];
  const client = new Client({ name: 'bench', version: '1' });
  await client.connect(new TRANSPORTS[side]({ command: process.execPath, args, maxBufferSize: LIMIT, stderr: 'ignore' }));
  return client;
}

/** After this long a call counts as one that never ends (ms). */
const PATIENCE = 120_000;
const call = (client, name, args) =>
  client.callTool({ name, arguments: args }, ...(GENERATION === '1' ? [undefined] : []), { timeout: PATIENCE });
const quantile = (numbers, share) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * share)];
const median = (numbers) => quantile(numbers, 0.5);

/** Milliseconds for each of `count` calls, `width` of them in flight. */
async function timed(client, { tool, args, count, width }) {
  const began = performance.now();
  let next = 0;
  const lane = async () => {
    while (next++ < count) await call(client, tool, args);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return (performance.now() - began) / count;
}

const text = 'x'.repeat(100);
/** Where the system puts processes decides on small messages: each visit connects anew, both sides in turn. */
const ECHO = { tool: 'echo', args: { text }, visits: 4, rounds: 10, warm: 4 };
const ROWS = [
  { name: 'echo of 100 B, one at a time', ...ECHO, count: 400, width: 1, warm: 8 },
  { name: 'echo of 100 B, 16 in flight', ...ECHO, count: 800, width: 16 },
  { name: 'echo of 100 B, 128 in flight', ...ECHO, count: 800, width: 128 },
  ...[1, 4, 9].map((mib) => ({
    name: `${mib} MiB of text`,
    tool: 'big',
    args: { bytes: mib * MIB },
    count: 1,
    width: 1,
    visits: 2,
    rounds: 8,
    warm: 3,
  })),
  ...[1, 4, 9].map((mib) => {
    const count = mib * 27_000;
    return { name: `about ${mib} MiB of JSON in text`, tool: 'rows', args: { count }, count: 1, width: 1, visits: 2, rounds: 8, warm: 3 };
  }),
  { name: '64 MiB of text', tool: 'big', args: { bytes: 64 * MIB }, count: 1, width: 1, visits: 1, rounds: 1, warm: 0, long: true },
];

/** Runs alone in a process, as a user's client does: a round of the row for each message from the parent. */
async function serveRounds(side, row) {
  const client = await connect(side);
  const serverTime = async () => (row.long ? 0 : Number((await call(client, 'cpu', {})).content[0].text));
  const cpu = async () => process.cpuUsage().user + process.cpuUsage().system + (await serverTime());
  process.on('message', async () => {
    const before = await cpu();
    const began = performance.now();
    try {
      const time = await timed(client, row);
      process.send({ time, cpu: (await cpu()) - before });
    } catch ({ message }) {
      // A call that fails early ends the row: what it would have taken is not known.
      process.send({ failed: performance.now() - began < PATIENCE ? message : `> ${PATIENCE / 1000} s` });
    }
  });
  process.once('disconnect', () => client.close());
  process.send({ ready: true });
}

async function startRounds(side, row) {
  const args = ['--sdk', GENERATION, '--side', side, '--row', row.name];
  const child = fork(fileURLToPath(import.meta.url), args);
  await once(child, 'message');
  return child;
}

async function round(child) {
  child.send('go');
  const [{ time = Infinity, cpu = NaN, failed }] = await once(child, 'message');
  return { time, cpu, failed };
}

/** Adds the times of one pair of processes, and each round's ratio. */
async function visit(row, times) {
  const children = { sdk: await startRounds('sdk', row), ours: await startRounds('ours', row) };
  const rounds = values.quick ? Math.min(row.rounds, 5) : row.rounds;
  for (let number = -row.warm; number < rounds; number++) {
    const result = {};
    // Who goes first changes, since the second finds a warmer or a busier machine.
    for (const side of number % 2 === 0 ? ['sdk', 'ours'] : ['ours', 'sdk']) result[side] = await round(children[side]);
    if (number < 0) continue;
    for (const side of ['sdk', 'ours']) {
      times[side].push(result[side].time);
      times.cpu[side] += result[side].cpu;
      times.failed[side] ??= result[side].failed;
    }
    times.ratio.push(result.sdk.time / result.ours.time);
  }
  for (const child of Object.values(children)) {
    child.disconnect();
    await once(child, 'exit');
  }
}

/** `cpu`: what both processes used (us): a busy machine disturbs it less than the time that passed. */
async function measure(row) {
  const times = { sdk: [], ours: [], ratio: [], cpu: { sdk: 0, ours: 0 }, failed: {} };
  for (let count = values.quick ? 1 : row.visits; count > 0; count--) await visit(row, times);
  return times;
}

/** Runs alone in a process: how much its peak, and its server's, grow by results of 9 MiB (MiB). */
async function memory(side) {
  const client = await connect(side);
  const peaks = async () => [peakMemory(), Number((await call(client, 'peak', {})).content[0].text)];
  await timed(client, { tool: 'echo', args: { text }, count: 2000, width: 16 });
  await call(client, 'make', { bytes: 9 * MIB });
  const before = await peaks();
  await timed(client, { tool: 'big', args: { bytes: 9 * MIB }, count: 20, width: 1 });
  const after = await peaks();
  await client.close();
  console.log(JSON.stringify(after.map((peak, i) => peak - before[i])));
}

function memoryRow() {
  const of = (side) => {
    return Array.from({ length: values.quick ? 1 : 3 }, () => {
      const args = [fileURLToPath(import.meta.url), '--sdk', GENERATION, '--memory', side];
      return JSON.parse(spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
    });
  };
  return { sdk: of('sdk'), ours: of('ours') };
}

if (values.memory !== undefined) {
  await memory(values.memory);
} else if (values.side !== undefined) {
  await serveRounds(
    values.side,
    ROWS.find(({ name }) => name === values.row),
  );
} else {
  const { name, kernel } = backendInfo();
  console.log(
    `SDK ${GENERATION}.x transports against airs-mcp on ${name} (${kernel}), Node ${process.versions.node}; medians; ratio of the medians, and quartiles of the rounds' ratios`,
  );
  const print = (cells) =>
    console.log(
      `| ${cells[0].padEnd(34)} | ${cells
        .slice(1)
        .map((cell) => cell.padStart(13))
        .join(' | ')} |`,
    );
  print(['', 'SDK', 'airs-mcp', 'ratio', 'its quartiles', 'CPU ratio']);
  print(['-'.repeat(34), ...Array.from({ length: 5 }, () => '-'.repeat(13))]);
  const wanted = (title) => title.includes(values.filter);
  for (const row of ROWS) {
    if (!wanted(row.name) || (row.long && values['skip-64'])) continue;
    const times = await measure(row);
    const [theirs, ours] = [median(times.sdk), median(times.ours)];
    const spread = [0.25, 0.75].map((share) => quantile(times.ratio, share).toFixed(2)).join('..');
    const shown = (side, time) => times.failed[side] ?? `${time.toPrecision(4)} ms`;
    const cells = [row.name, shown('sdk', theirs), shown('ours', ours)];
    if (times.failed.sdk ?? times.failed.ours) print([...cells, '', '', '']);
    else print([...cells, `${(theirs / ours).toFixed(2)}x`, spread, `${(times.cpu.sdk / times.cpu.ours).toFixed(2)}x`]);
  }
  if (wanted('peak memory at 9 MiB')) {
    const { sdk: theirs, ours } = memoryRow();
    ['client', 'server'].forEach((who, i) => {
      const ratios = theirs.flatMap((run) => ours.map((other) => run[i] / other[i]));
      const [sdkPeak, ourPeak] = [theirs, ours].map((runs) => median(runs.map((run) => run[i])));
      const spread = [0.25, 0.75].map((share) => quantile(ratios, share).toFixed(2)).join('..');
      const peaks = [sdkPeak, ourPeak].map((peak) => `+${peak.toFixed(0)} MiB`);
      print([`peak memory at 9 MiB, ${who}`, ...peaks, `${(sdkPeak / ourPeak).toFixed(2)}x`, spread, '']);
    });
  }
}
