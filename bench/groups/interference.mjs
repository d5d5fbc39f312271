import * as clients from '../clients/index.mjs';
import { quantile } from '../../dist/cli/bench/statistics.js';
import { MIB } from './inputs.mjs';

const SMALL = { message: 'hello from the bench' };
const BIG = { size: 64 * MIB };
const NANOSECONDS = 1e6;
const LEAST_CALLS = 200;
const MOST_MESSAGES = 4;

const big = (client) => (client.raw ?? client.call)(BIG);

/** A quantile of the times of small calls to one server while another's 64 MiB message arrives. */
const during = ({ small, large }, share) => ({
  async sample() {
    const times = [];
    for (let i = 0; i < MOST_MESSAGES && times.length < LEAST_CALLS; i++) {
      let arriving = true;
      const arrived = big(large).finally(() => (arriving = false));
      while (arriving) {
        const began = performance.now();
        await small.call(SMALL);
        times.push((performance.now() - began) * NANOSECONDS);
      }
      await arrived;
    }
    return quantile(times, share);
  },
});

const undisturbed = ({ small }, share) => ({
  async sample() {
    const times = [];
    for (let i = 0; i < LEAST_CALLS; i++) {
      const began = performance.now();
      await small.call(SMALL);
      times.push((performance.now() - began) * NANOSECONDS);
    }
    return quantile(times, share);
  },
});

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
    'One process has two servers: small calls go to the first, one at a time, while the second’s 64 MiB result arrives, raw on our ' +
    'side. The loop’s server makes its message anew each time, which leaves quiet time for small calls; its one long standstill ' +
    'per message shows in the longest.',
  unit: 'ns/call',
  rows: [row('p99', 0.99), row('longest', 1)],
  open,
};
