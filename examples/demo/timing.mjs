import { performance } from 'node:perf_hooks';

/**
 * Times two ways of doing the same thing, call by call in turn, so that both meet the same machine.
 * Gives the median of each in microseconds, and the median of the pairs' ratios with its quartiles.
 */
export async function inTurn(rounds, ours, theirs) {
  const pairs = [];
  for (let round = -Math.ceil(rounds / 5); round < rounds; round++) {
    const pair = [await timed(ours), await timed(theirs)];
    if (round >= 0) pairs.push(pair);
  }
  const ratios = pairs.map(([a, b]) => b / a).sort(ascending);
  return {
    ours: median(pairs.map(([a]) => a)),
    theirs: median(pairs.map(([, b]) => b)),
    ratio: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
  };
}

async function timed(call) {
  const start = performance.now();
  await call();
  return (performance.now() - start) * 1000;
}

const ascending = (a, b) => a - b;
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const median = (values) => quantile([...values].sort(ascending), 0.5);
