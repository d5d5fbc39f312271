import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { blob } from '../lib/data.mjs';
import { MIB } from './inputs.mjs';

const RECEIVER = fileURLToPath(new URL('../receivers/index.mjs', import.meta.url));
const WAYS = { airs: 'airs-mcp', lines: '\'data\' events', parsed: '\'data\' events, JSON.parse', sdk2: 'SDK 2.x' };
const MESSAGES = { full: 400, quick: 40 };

/** Sends messages to a fresh receiver; it then tells of itself. */
async function receive(kind, count, line) {
  const child = fork(RECEIVER, [kind, String(count)], { execArgv: ['--expose-gc', '--no-warnings'], stdio: ['pipe', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  const told = once(child, 'message');
  for (let i = 0; i < count; i++) if (!child.stdin.write(line)) await once(child.stdin, 'drain');
  const [report] = await told;
  child.stdin.end();
  await once(child, 'exit');
  return report;
}

/** Each round's reports, made when a row first asks for them. */
function open({ pace }) {
  const count = pace.rounds > 3 ? MESSAGES.full : MESSAGES.quick;
  const line = Buffer.from(`${blob(1, MIB)}\n`);
  const reports = {};
  const report = (kind, round) => ((reports[kind] ??= [])[round] ??= receive(kind, count, line));
  return {
    way(kind, field) {
      let round = 0;
      return { sample: async () => (await report(kind, round++))[field] };
    },
  };
}

/** `floor`: what ours counts as in a ratio when it is nothing. */
const row = (name, field, unit, floor) => ({
  name: `1 MiB messages: ${name}`,
  size: MIB, unit, floor,
  baseline: '\'data\' events',
  rounds: 5,
  ways: (shared) => Object.fromEntries(Object.entries(WAYS).map(([kind, way]) => [way, shared.way(kind, field)])),
});

export const group = {
  name: 'receiving',
  costly: true,
  title: 'Receiving 1 MiB messages',
  about:
    'A fresh process receives messages over a socket pair and looks at their ids. \'data\' events alone finds the lines and joins their pieces, ' +
    'without parsing. Collections are those of V8; peak memory is the resident set of the whole process, Node’s own included.',
  unit: 'bytes/message',
  rows: [
    row('bytes allocated', 'allocated', 'bytes/message', 1),
    row('collections', 'collections', 'per 1,000 messages', 1000 / MESSAGES.full),
    row('peak memory', 'peak', 'bytes', 1),
  ],
  open,
};
