/**
 * Times several ways of doing the same work in turn, round by round, so that a drift of the machine meets them all.
 * A round times each way with mitata, which finds the number of calls that the clock can tell; a ratio is
 * taken within each round, and its median and quartiles over the rounds are what is reported.
 */

import { measure } from 'mitata';

const quantile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  return sorted[below] + (sorted[Math.ceil(at)] - sorted[below]) * (at - below);
};

const spread = (values) => ({ median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) });

/** A full collection throws optimised code away, which must be made again before the clock counts. */
function warmUp(way, budget) {
  for (const end = performance.now() + budget; performance.now() < end; ) way();
}

/**
 * @param ways functions by name; the first is ours
 * @param options rounds: how many; units: pieces of work per call, by which times are divided; budget: ms per way and round
 * @returns by name: `time` in ns per unit, and `ratio`, that way's time by ours (above 1: ours is faster)
 */
export async function inTurn(ways, { rounds = 7, units = 1, budget = 60 } = {}) {
  const names = Object.keys(ways);
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      globalThis.gc?.();
      warmUp(ways[name], budget);
      const { p50 } = await measure(ways[name], { min_cpu_time: budget * 1e6, min_samples: 5, batch_samples: 64 });
      if (round >= 0) times[name].push(p50 / units);
    }
  }
  const ours = times[names[0]];
  return Object.fromEntries(
    names.map((name) => [name, { time: spread(times[name]), ratio: spread(times[name].map((time, round) => time / ours[round])) }]),
  );
}
