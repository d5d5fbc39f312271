import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { JsonRpcPeer, RuntimePerformanceMonitor, createMemoryTransportPair, subscribe } from '../../dist/index.js';

const CHANNELS = [
  'message:received', 'frame:refused', 'message:sent', 'call:started', 'call:settled', 'request:received', 'request:settled', 'pool:exhausted',
  'pressure:began', 'pressure:ended',
].map((name) => `airs-mcp:${name}`);
const LANES = 64;
/** A twentieth of the default: what its looks cost shows twentyfold. */
const INTERVAL = 50;
/** How long calls are made with and without, in turn (ms), and how often in a round. */
const STRETCH = 200;
const PAIRS = 4;
/** Calls whose questions are one pass. */
const CALLS = 1_000;
const NANOSECONDS = 1e3; // of a microsecond, in which CPU time is counted

export async function pair() {
  const [left, right] = createMemoryTransportPair();
  const server = new JsonRpcPeer(right, { handlers: { echo: ({ params }) => params } });
  const client = new JsonRpcPeer(left);
  await Promise.all([server.start(), client.start()]);
  const call = () => client.request('echo', { text: 'hello' });
  return { server, client, call, close: () => Promise.all([client.close(), server.close()]) };
}

/** CPU time of a call (ns), which another process on the machine disturbs less than the clock. */
async function stretch(call, duration) {
  let count = 0;
  const until = performance.now() + duration;
  const lane = async () => {
    for (; performance.now() < until; count++) await call();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: LANES }, lane));
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * NANOSECONDS) / count;
}

/** Calls with what `begin` starts and without, in turns that are shorter than the machine's moods. `begin` gives what ends it. */
function withAndWithout(call, begin) {
  let without = [];
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const watched = async (duration) => {
    const end = begin();
    try {
      return await stretch(call, duration);
    } finally {
      end();
    }
  };
  return [
    {
      cold: true,
      async sample() {
        const values = [];
        without = [];
        for (let i = 0; i < PAIRS; i++) {
          // Each goes first in every second turn.
          if (i % 2 === 0) values.push(await watched(STRETCH));
          without.push(await stretch(call, STRETCH));
          if (i % 2 === 1) values.push(await watched(STRETCH));
        }
        return mean(values);
      },
    },
    { sample: () => mean(without) },
  ];
}

const watching = {
  name: 'calls in memory, watched twenty times as often as by default',
  slow: true,
  ways({ call, client, server }) {
    const [watched, alone] = withAndWithout(call, () => {
      const monitor = new RuntimePerformanceMonitor({ interval: INTERVAL }).start();
      monitor.watch(server);
      monitor.watch(client);
      return () => monitor.stop();
    });
    return { 'airs-mcp, with the monitor': watched, 'airs-mcp, without': alone };
  },
};

const listening = {
  name: 'calls in memory, a listener on each channel',
  slow: true,
  ways({ call }) {
    const [heard, alone] = withAndWithout(call, () => {
      const ends = CHANNELS.map((name) => subscribe(name, () => undefined));
      return () => ends.forEach((end) => end());
    });
    return { 'airs-mcp, with listeners': heard, 'airs-mcp, without': alone };
  },
};

const unheard = {
  name: 'all that one call asks the channels while nobody listens',
  async ways({ call }) {
    const [checks] = await once(new Worker(new URL('../lib/checks.mjs', import.meta.url), { workerData: CHANNELS }), 'message');
    const asked = Array.from({ length: checks }, (_, i) => channel(CHANNELS[i % CHANNELS.length]));
    const questions = () => {
      let heard = 0;
      for (let i = 0; i < CALLS; i++) for (const one of asked) if (one.hasSubscribers) heard++;
      return heard;
    };
    return { 'airs-mcp, the questions': { pass: questions, units: CALLS }, 'airs-mcp, the whole call': { sample: () => stretch(call, STRETCH) } };
  },
};

export const group = {
  name: 'monitor',
  costly: true,
  title: 'What watching costs',
  about:
    'CPU time of a call between two peers in memory, with what watches it and without: in such calls there is no more work than has to be, so ' +
    'that the share of watching is the largest. A stage asks its channel whether somebody listens; how often a call does that is counted.',
  unit: 'ns/call',
  rows: [watching, listening, unheard].map((row) => ({ ...row, baseline: 'none' })),
  open: pair,
};
