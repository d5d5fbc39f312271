import { setTimeout } from 'node:timers/promises';
import * as clients from '../clients/index.mjs';
import { quantile } from '../../dist/cli/bench/statistics.js';
import { MIB } from './inputs.mjs';

const SMALL = { message: 'hello from the bench' };
const BIG = { size: 64 * MIB };
const NANOSECONDS = 1e6;
/** A small call is due so often (ms), whether or not those before were answered. */
const EVERY = 1;
const LEAST_CALLS = 200;
const MOST_MESSAGES = 4;

const big = (client) => (client.raw ?? client.call)(BIG);

/**
 * Makes small calls until `done`, and gives their times (ns) from when they were due: one that was due in a standstill waited
 * for its end, and so did each that was due after it. To wait for an answer before the next call would count one of them.
 */
async function paced(small, done) {
  const calls = [];
  const timed = async (due) => {
    await small.call(SMALL);
    return (performance.now() - due) * NANOSECONDS;
  };
  for (let due = performance.now(); ; await setTimeout(EVERY)) {
    // Before the question whether it is done: what ends it may have been the standstill.
    for (; due <= performance.now(); due += EVERY) calls.push(timed(due));
    if (done(calls.length)) return Promise.all(calls);
  }
}

/** A quantile of the times of small calls to one server while another's 64 MiB message arrives. */
const during = ({ small, large }, share) => ({
  async sample() {
    const times = [];
    for (let i = 0; i < MOST_MESSAGES && times.length < LEAST_CALLS; i++) {
      let arriving = true;
      const arrived = big(large).finally(() => (arriving = false));
      times.push(...(await paced(small, () => !arriving)));
      await arrived;
    }
    return quantile(times, share);
  },
});

const undisturbed = ({ small }, share) => ({ sample: async () => quantile(await paced(small, (count) => count >= LEAST_CALLS), share) });

async function pairOf(make) {
  const [small, large] = await Promise.all([make(), make()]);
  for (let i = 0; i < 2_000; i++) await small.call(SMALL);
  await big(large);
  return { small, large };
}

async function open() {
  const airs = await pairOf(clients.airs);
  const loop = await pairOf(clients.loop);
  return { airs, loop, close: () => Promise.all([airs, loop].flatMap(({ small, large }) => [small.close(), large.close()])) };
}

const row = (name, share) => ({
  name: `${name} of small calls during a foreign 64 MiB message`,
  baseline: 'loop by hand',
  rounds: 5,
  slow: share === 1,
  notes: ['left out: the SDKs, which are busy for many seconds with such a message'],
  ways: ({ airs, loop }) => ({ 'airs-mcp': during(airs, share), 'airs-mcp, no big message': undisturbed(airs, share), 'loop by hand': during(loop, share) }),
});

export const group = {
  name: 'interference',
  costly: true,
  title: 'Small calls while a big message arrives',
  about:
    'One process has two servers: a small call to the first is due each millisecond, while the second’s 64 MiB result arrives, raw on ' +
    'our side. Times count from when a call was due, so that a standstill counts for all calls that were due in it.',
  unit: 'ns/call',
  rows: [row('p99', 0.99), row('longest', 1)],
  open,
};
