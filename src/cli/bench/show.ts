/** What was measured, as text for people. */

import type { Paint } from '../paint.js';
import { bytesText, tableLines, threeFigures } from '../text.js';
import type { Results, RowResult } from './session.js';
import type { Spread } from './statistics.js';

const SCALES = [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']] as const;

/** Nanoseconds, or a number each second. */
export function valueText(value: number, unit: RowResult['unit']): string {
  if (unit === 'per second') return `${threeFigures(value)}/s`;
  const [factor, name] = SCALES.find(([least]) => value >= least) ?? ([1, 'ns'] as const);
  return `${threeFigures(value / factor)} ${name}`;
}

const aheadText = ({ median, low, high }: Spread): string => `${threeFigures(median)}× (${threeFigures(low)} to ${threeFigures(high)})`;

export function resultLines({ version, backend, runtime, machine, rounds, groups }: Results, paint: Paint): string[] {
  return [
    paint('bold', `airs-mcp ${version}`),
    `  backend ${backend.name}, kernel ${backend.kernel}; ${runtime.name} ${runtime.version}`,
    `  ${machine.cpu}, ${machine.cores} cores, ${bytesText(machine.memory)} of memory, ${machine.platform} ${machine.arch}`,
    `  Values are medians of ${rounds} rounds, in each of which the ways take turns. Ahead by: theirs against ours in the`,
    '  same round, the median with its quartiles; more than 1 is in our favour.',
    ...groups.flatMap(({ title, about, rows }) => ['', paint('bold', title), paint('dim', `  ${about}`), ...tableOf(rows).map((line) => `  ${line}`)]),
  ];
}

function tableOf(rows: readonly RowResult[]): string[] {
  const heading = ['', ...(rows[0]?.ways ?? []).map(({ name }) => name), 'ahead by'];
  return tableLines([heading, ...rows.map(({ name, unit, ways }) => {
    const [, theirs] = ways;
    return [name, ...ways.map(({ value }) => valueText(value.median, unit)), theirs === undefined ? '' : aheadText(theirs.ahead)];
  })]);
}
