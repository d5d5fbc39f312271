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
  return summary(pairs, ([a, b]) => b / a);
}

/** The same for what gives its own figure, of which more is better: the median of each, and ours by theirs. */
export async function inRounds(rounds, ours, theirs) {
  const pairs = [];
  for (let round = -1; round < rounds; round++) {
    const pair = [await ours(), await theirs()];
    if (round >= 0) pairs.push(pair);
  }
  return summary(pairs, ([a, b]) => a / b);
}

function summary(pairs, ratioOf) {
  const ratios = pairs.map(ratioOf).sort(ascending);
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
