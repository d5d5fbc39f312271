/**
 * Times several ways of doing the same work in turn, round by round, so that a drift of the machine meets them all.
 * A ratio is taken within each round; its median and quartiles over the rounds are what is reported.
 *
 * A way is a function, which is one pass of the work and is timed with mitata; or `{ pass, units }`, where its passes have
 * other numbers of units than the row's; or `{ sample }`, which takes a number of milliseconds to spend and gives a value in
 * the row's unit; with `cold: true` it is run once before the rounds.
 */

import { measure } from 'mitata';
import { spread } from './statistics.mjs';

/** Warming up ends when a slice of it (ms) was hardly faster than the one before, twice in a row, and after so long (ms) anyway. */
const SLICE = 12;
const warmUpFor = (budget) => Math.min(150, 50 + budget * 2.5);
const firstWarmUpFor = (budget) => Math.min(500, 200 + budget * 8);
/** A slice is hardly faster when it takes more than this share of the time. */
const SETTLED = 0.93;
/** Passes from this long on (ms) are few enough to be timed one by one, and once. */
const LONG = 20;
/** Memory above that at the row's start from which a full collection is due (bytes). */
const GARBAGE = 64 * 1024 * 1024;

/** Runs passes for some milliseconds, and gives the mean time of one. */
async function slice(pass) {
  let passes = 0;
  let taken = 0;
  for (const began = performance.now(); taken < SLICE; passes++) {
    const outcome = pass();
    if (outcome instanceof Promise) await outcome;
    taken = performance.now() - began;
  }
  return taken / passes;
}

/** Runs passes until the compiler seems to be done with their code, and gives the mean time of one. */
async function warmUp(pass, limit) {
  const until = performance.now() + limit;
  let mean = await slice(pass);
  for (let settled = 0; settled < 2 && performance.now() < until; ) {
    const next = await slice(pass);
    settled = next > mean * SETTLED ? settled + 1 : 0;
    mean = Math.min(mean, next);
  }
  return mean;
}

/** Nanoseconds for one pass. */
async function time(pass, budget) {
  const mean = await warmUp(pass, warmUpFor(budget));
  if (mean * 4 < budget) {
    const { p50 } = await measure(pass, { min_cpu_time: budget * 1e6, min_samples: 5, batch_samples: 64 });
    return p50;
  }
  // Too long for mitata's least number of samples.
  const taken = [];
  for (let left = mean < LONG ? 3 : 1; left > 0; left--) {
    const began = process.hrtime.bigint();
    await pass();
    taken.push(Number(process.hrtime.bigint() - began));
  }
  return spread(taken).median;
}

/**
 * Collects what the way before left. A full collection throws optimised code away with the hidden classes that have no
 * instances just then, so that it is made only where there is much to collect.
 */
function collector() {
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
  globalThis.gc?.();
  const atRest = used();
  return () => {
    if (used() > atRest + GARBAGE) globalThis.gc?.();
    else globalThis.gc?.({ type: 'minor' });
  };
}

async function once(way, { budget, units }) {
  if (way.sample !== undefined) return way.sample(budget);
  return (await time(way.pass ?? way, budget)) / (way.units ?? units);
}

/**
 * @param ways by name; the first is ours
 * @param options rounds: how many; budget: ms for each way and round, as much again goes before it for warming up;
 *   units: pieces of work in a pass, by which its time is divided; higher: whether a higher value is better; floor: the least that a value counts as in a ratio
 * @returns by name: `value`, the spread of the values, and `ahead`, that of how many times better ours was in the same round
 */
export async function inTurn(ways, { rounds = 7, budget = 50, units = 1, higher = false, floor = 0 } = {}) {
  const names = Object.keys(ways);
  const values = Object.fromEntries(names.map((name) => [name, []]));
  const collect = collector();
  for (const way of Object.values(ways)) {
    if (way.sample === undefined) await warmUp(way.pass ?? way, firstWarmUpFor(budget));
    else if (way.cold === true) await way.sample(firstWarmUpFor(budget));
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      collect();
      values[name].push(await once(ways[name], { budget, units }));
    }
  }
  return compare(values, { higher, floor });
}

/** Makes spreads of lists of values by name, the first of which is ours. */
function compare(values, { higher, floor }) {
  const [ours] = Object.values(values);
  const least = (value) => Math.max(value, floor);
  const ahead = (list) => list.map((value, round) => (higher ? ours[round] / value : least(value) / least(ours[round])));
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, { value: spread(list), ahead: spread(ahead(list)) }]));
}
