/** Calls over stdio between two processes, against a loop by hand on both ends. */

import { performance } from 'node:perf_hooks';
import type { EchoClient } from './clients.js';
import type { Way } from './measure.js';
import type { EchoArguments } from './echo.js';
import { type Group, OURS, type Row } from './row.js';
import { quantile } from './statistics.js';

const MIB = 1024 * 1024;
const SMALL: EchoArguments = { message: 'hello from the bench' };
const LARGE: EchoArguments = { size: MIB };
const LANES = 256;
const NANOSECONDS = 1e6;

type Call = () => Promise<unknown>;

/** The median time of a call, one at a time. */
export function oneByOne(call: Call): Way {
  return {
    async sample(budget) {
      const times: number[] = [];
      for (const began = performance.now(); performance.now() - began < budget * 4 || times.length < 6; ) {
        const start = performance.now();
        await call();
        times.push((performance.now() - start) * NANOSECONDS);
      }
      return quantile(times, 0.5);
    },
  };
}

/** Calls per second with `lanes` in flight. Two processes need their time to find their step, so that a sample is long. */
export function pipelined(call: Call, lanes: number): Way {
  return { sample: (budget) => rate(call, lanes, budget * 20) };
}

/** @param duration ms */
async function rate(call: Call, lanes: number, duration: number): Promise<number> {
  const began = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    do {
      await call();
      done++;
    } while (performance.now() < began + duration);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return (done / (performance.now() - began)) * 1000;
}

/** Lets the compiler see both ends at work. @param duration ms */
export async function warmUp({ call }: EchoClient, duration: number): Promise<void> {
  await rate(() => call(SMALL), LANES, duration);
  for (let i = 0; i < 5; i++) await call(LARGE);
}

const row = (name: string, rate: boolean, way: (client: EchoClient) => Way): Row => ({
  name, rate, ways: ({ ours, loop }) => ({ [OURS]: way(ours), 'loop by hand': way(loop) }),
});

export const CALLS: Group = {
  title: 'calls over stdio, two processes',
  about: 'The loop by hand reads lines, parses them and writes once per tick: no deadlines, no bounds, no checks, no cancelling.',
  rows: [
    row('small echo, one at a time', false, ({ call }) => oneByOne(() => call(SMALL))),
    row(`small echo, ${LANES} in flight`, true, ({ call }) => pipelined(() => call(SMALL), LANES)),
    row('1 MiB result, one at a time', false, ({ call }) => oneByOne(() => call(LARGE))),
    row('1 MiB result, ours left as bytes', false, ({ raw, call }) => oneByOne(() => (raw ?? call)(LARGE))),
  ],
};
