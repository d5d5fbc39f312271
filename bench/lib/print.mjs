const number = (value) => (value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));

/** Prints a group as a table: for each row its ways, with medians, quartiles, and how many times ours each takes. */
export function printGroup({ title, unit }, rows) {
  console.log(`\n${title} (${unit}; ratio: that way's time by the first's, median and quartiles over the rounds)`);
  for (const { name, results } of rows) {
    console.log(`  ${name}`);
    for (const [way, { time, ratio }] of Object.entries(results)) {
      const times = `${number(time.median)} (${number(time.low)}..${number(time.high)})`;
      console.log(`    ${way.padEnd(24)} ${times.padStart(32)}   ${ratio.median.toFixed(2)}x (${ratio.low.toFixed(2)}..${ratio.high.toFixed(2)})`);
    }
  }
}
