/**
 * Times several ways of doing the same work in turn, round by round, so that a drift of the machine meets them all.
 * A ratio is taken within each round; its median and quartiles over the rounds are what is reported.
 *
 * The loop is our own: mitata's `measure` collects all garbage and compiles a new loop for each measurement, after which code of
 * many small functions runs at a half or a third of its speed until it is compiled again, while JSON.parse runs as ever.
 */

import { performance } from 'node:perf_hooks';
import { type Spread, spread } from './statistics.js';

/** One pass of the work, which is timed here. */
export type Pass = () => unknown;

/** A pass; or one with other numbers of units than the row's; or what gives a value of its own. */
export type Way =
  | Pass
  | { readonly pass: Pass; readonly units?: number }
  | {
    /** Takes the milliseconds to spend; gives a value in the row's unit. */
    sample(this: void, budget: number): number | Promise<number>;
    /** Whether it is to be run once before the rounds. */
    readonly cold?: boolean;
  };

export interface Measuring {
  /** How often each way takes its turn; default 7. */
  readonly rounds?: number | undefined;
  /** For each way and round (ms); as much again goes before it for warming up. Default 50. */
  readonly budget?: number | undefined;
  /** Pieces of work in a pass, by which its time is divided; default 1. */
  readonly units?: number | undefined;
  /** After so long (ms), what goes before the rounds included, no more of them than {@link FEWEST} are begun; default: without end. */
  readonly patience?: number | undefined;
  /** Whether a higher value is better; default false. */
  readonly higher?: boolean | undefined;
  /** The least that a value counts as in a ratio; default 0. */
  readonly floor?: number | undefined;
}

export interface Measured {
  /** Nanoseconds for a unit of work, or in the unit of what `sample` gives. */
  readonly value: Spread;
  /** How many times better the first way was in the same round. */
  readonly ahead: Spread;
  /** How many rounds there were. */
  readonly rounds: number;
}

/** The least number of rounds that have quartiles of their own. */
const FEWEST = 3;

/**
 * Warming up takes at least the first and at most the second of these (ms), by the budget of a way and round. Between them
 * it ends when a slice was hardly faster than the best before it, twice in a row: the compiler works in steps, so that two
 * like slices alone don't say that it is done.
 */
const warmUpFor = (budget: number): [number, number] => [30 + budget * 2, 60 + budget * 5];
const firstWarmUpFor = (budget: number): [number, number] => [100 + budget * 6, 200 + budget * 12];
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
async function slice(pass: Pass): Promise<number> {
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
async function warmUp(pass: Pass, [least, most]: readonly [number, number]): Promise<number> {
  const began = performance.now();
  const passed = (): number => performance.now() - began;
  let mean = await slice(pass);
  for (let settled = 0; passed() < least || (settled < 2 && passed() < most); ) {
    const next = await slice(pass);
    settled = next > mean * SETTLED ? settled + 1 : 0;
    mean = Math.min(mean, next);
  }
  return mean;
}

/** Nanoseconds for one pass: the median of samples that are long enough for the clock. */
async function time(pass: Pass, budget: number): Promise<number> {
  const mean = await warmUp(pass, warmUpFor(budget));
  const passes = Math.max(1, Math.ceil(SHORTEST / mean));
  const least = mean < LONG ? 3 : 1;
  const samples: number[] = [];
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
 * Collects what the way before left, where Node was started with `--expose-gc`. A full collection throws optimised code
 * away with the hidden classes that have no instances just then, so that it is made only where there is much to collect.
 */
function collector(): () => void {
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;
  globalThis.gc?.();
  const atRest = used();
  return () => {
    if (used() > atRest + GARBAGE) globalThis.gc?.();
    else globalThis.gc?.({ type: 'minor' });
  };
}

const passOf = (way: Exclude<Way, { sample: unknown }>): Pass => (typeof way === 'function' ? way : way.pass);

async function once(way: Way, budget: number, units: number): Promise<number> {
  if ('sample' in way) return way.sample(budget);
  return (await time(passOf(way), budget)) / ((typeof way === 'function' ? undefined : way.units) ?? units);
}

async function prepare(way: Way, budget: number): Promise<void> {
  const [least, most] = firstWarmUpFor(budget);
  if (!('sample' in way)) await warmUp(passOf(way), [least, most]);
  else if (way.cold === true) await way.sample(least);
}

/** @param ways by name; the first is ours */
export async function inTurn(ways: Readonly<Record<string, Way>>, measuring: Measuring = {}): Promise<Record<string, Measured>> {
  const { rounds = 7, budget = 50, units = 1, patience = Infinity, higher = false, floor = 0 } = measuring;
  const began = performance.now();
  const lists = Object.entries(ways).map(([name, way]) => ({ name, way, values: [] as number[] }));
  const collect = collector();
  for (const { way } of lists) await prepare(way, budget);
  for (let round = 0; round < rounds && (round < FEWEST || performance.now() - began < patience); round++) {
    for (const { way, values } of lists) {
      collect();
      values.push(await once(way, budget, units));
    }
  }
  const ours = lists[0]?.values ?? [];
  const least = (value: number): number => Math.max(value, floor);
  const ahead = (value: number, round: number): number => {
    const own = ours[round] as number; // every way has a value of each round
    return higher ? own / value : least(value) / least(own);
  };
  return Object.fromEntries(lists.map(({ name, values }) => [name, { value: spread(values), ahead: spread(values.map(ahead)), rounds: values.length }]));
}
