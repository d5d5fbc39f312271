import { oneByOne, pipelined } from '../../dist/cli/bench/calls.js';
import * as clients from '../clients/index.mjs';
import { KIB, MIB } from './inputs.mjs';

const SMALL = { message: 'hello from the bench' };

/** Through the tap, and directly. */
const both = (way) => ({ tapped, direct }) => ({ 'airs-mcp, through the tap': way(tapped), 'airs-mcp, directly': way(direct) });

const alone = (name, args) => ({ name: `${name}, one at a time`, ways: both(({ call }) => oneByOne(() => call(args))) });

const together = (name, args, lanes) => ({
  name: `${name}, ${lanes} in flight`, unit: '/s', higher: true, ways: both(({ call }) => pipelined(() => call(args), lanes)),
});

export const group = {
  name: 'tap',
  costly: true,
  title: 'What the tap costs',
  about:
    'The same calls between two processes with `airs-mcp tap` between them and without. The tap is a process more on the way, with a thread ' +
    'that looks at copies; with two cores four of them share what two had.',
  unit: 'ns/call',
  rows: [
    alone('small echo', SMALL),
    together('small echo', SMALL, 256),
    together('64 KiB result', { size: 64 * KIB }, 16),
    alone('1 MiB result', { size: MIB }),
  ].map((row) => ({ ...row, baseline: 'none' })),
  async open() {
    const [tapped, direct] = await Promise.all([clients.tapped(), clients.airs()]);
    for (const { call } of [tapped, direct]) await pipelined(() => call(SMALL), 256).sample(60);
    return { tapped, direct, close: () => Promise.all([tapped.close(), direct.close()]) };
  },
};
