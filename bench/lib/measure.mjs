/**
 * Times several ways of doing the same work in turn, round by round, so that a drift of the machine meets them all.
 * A ratio is taken within each round; its median and quartiles over the rounds are what is reported.
 *
 * A way is a function, which is one pass of the work and is timed here; or `{ pass, units }`, where its passes have other
 * numbers of units than the row's; or `{ sample }`, which takes a number of milliseconds to spend and gives a value in
 * the row's unit; with `cold: true` it is run once before the rounds.
 *
 * The loop is our own: mitata's `measure` collects all garbage and compiles a new loop for each measurement, after which code of
 * many small functions runs at a half or a third of its speed until it is compiled again, while JSON.parse runs as ever.
 */

import { spread } from './statistics.mjs';

/**
 * Warming up takes at least the first and at most the second of these (ms), by the budget of a way and round. Between them
 * it ends when a slice was hardly faster than the best before it, twice in a row: the compiler works in steps, so that two
 * like slices alone don't say that it is done.
 */
const warmUpFor = (budget) => [30 + budget * 2, 60 + budget * 5];
const firstWarmUpFor = (budget) => [100 + budget * 6, 200 + budget * 12];
const SLICE = 12;
/** A slice is hardly faster when it takes more than this share of the time. */
const SETTLED = 0.93;
/** A sample takes at least so long (ms): the clock's own call is then nothing. */
const SHORTEST = 0.05;
/** A pass from this long on (ms) may be the only sample of its round. */
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
async function warmUp(pass, [least, most]) {
  const began = performance.now();
  const passed = () => performance.now() - began;
  let mean = await slice(pass);
  for (let settled = 0; passed() < least || (settled < 2 && passed() < most); ) {
    const next = await slice(pass);
    settled = next > mean * SETTLED ? settled + 1 : 0;
    mean = Math.min(mean, next);
  }
  return mean;
}

/** Nanoseconds for one pass: the median of samples that are long enough for the clock. */
async function time(pass, budget) {
  const mean = await warmUp(pass, warmUpFor(budget));
  const passes = Math.max(1, Math.ceil(SHORTEST / mean));
  const least = mean < LONG ? 3 : 1;
  const samples = [];
  for (const until = performance.now() + budget; samples.length < least || performance.now() < until; ) {
    const began = process.hrtime.bigint();
    for (let i = 0; i < passes; i++) {
      const outcome = pass();
      if (outcome instanceof Promise) await outcome;
    }
    samples.push(Number(process.hrtime.bigint() - began) / passes);
  }
  return spread(samples).median;
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
    else if (way.cold === true) await way.sample(firstWarmUpFor(budget)[0]);
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
