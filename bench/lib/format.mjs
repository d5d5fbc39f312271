/** Figures as a person reads them. */

const SCALES = {
  ns: [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']],
  bytes: [[2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB'], [1, 'B']],
};

export function plain(value) {
  if (value === 0) return '0';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

/** A value with its unit: `ns/message` gives `1.2 µs`. What it is per stands in the heading. */
export function withUnit(value, unit) {
  const [base] = unit.split('/');
  const scale = SCALES[base];
  if (scale === undefined) return base === 'times' ? `${plain(value)}×` : `${plain(value)}${unit === '/s' ? '/s' : ''}`;
  const [factor, name] = scale.find(([least]) => Math.abs(value) >= least) ?? scale.at(-1);
  return `${plain(value / factor)} ${name}`;
}

/** How many times, with two digits behind the point only where they matter. */
export const times = (value) => `${value >= 100 ? plain(value) : value >= 9.95 ? value.toFixed(1) : value.toFixed(2)}×`;

/** A target as it is written: `≥ 8×`, `within 1.3×`, `≤ 50 ns`. */
export function goal({ atLeast, atMost, unit }) {
  if (atMost !== undefined) return `≤ ${withUnit(atMost, unit)}`;
  return atLeast < 0.94 && atLeast !== 0.95 ? `within ${plain(1 / atLeast)}×` : `≥ ${plain(atLeast)}×`;
}

/** What was reached, in the words of its goal: how far ahead, or within how much of a limit. */
export function reachedText({ atLeast, atMost, unit, value, low, high }) {
  if (atMost !== undefined) return `${withUnit(value, unit)} (${withUnit(low, unit)} to ${withUnit(high, unit)})`;
  if (atLeast < 0.94) return `within ${times(1 / value)} (${times(1 / high)} to ${times(1 / low)})`;
  return `${times(value)} (${times(low)} to ${times(high)})`;
}
