/** The plots of docs/plots and the tables of docs/performance.md, from a run's results. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { GROUP_NAMES } from '../groups/index.mjs';
import { goal, reachedText, withUnit, times } from '../lib/format.mjs';
import { ratioBars, sizeLines } from './chart.mjs';

const DOCS = new URL('../../docs/', import.meta.url);
const PAGE = new URL('performance.md', DOCS);

/** The plots: name, group, and the rows of it, or the scale that its rows are drawn over. */
const BARS = [
  ['routing', ['140 B request', '6 KB tools/list', '1 MiB base64, 64 KiB chunks']],
  ['materialise', ['140 B request', '6 KB tools/list', '1 MiB base64, 64 KiB chunks']],
  ['serialise', ['1 KiB', '10 KiB', '100 KiB', '1 MiB']],
  ['stdio', ['small echo, one at a time', 'small echo, 256 in flight', '1 MiB result, one at a time', '1 MiB result, raw, one at a time']],
  ['receiving', ['1 MiB messages: bytes allocated', '1 MiB messages: collections', '1 MiB messages: peak memory']],
];
const LINES = ['streaming', 'batches', 'pool'];
/** What the names of tables about the newest Node start with. */
const NEWEST = 'newest-';

export function writeDocs(results) {
  mkdirSync(new URL('plots/', DOCS), { recursive: true });
  const native = results.rows.filter(({ backend }) => backend === 'native');
  for (const { name, title, scale } of results.groups) {
    const rows = native.filter(({ group }) => group === name);
    const goals = (row) => results.figures.filter((one) => one.backend === 'native' && one.group === name && one.row === row.name && one.over !== undefined);
    const chosen = BARS.find(([group]) => group === name)?.[1].flatMap((wanted) => rows.filter((row) => row.name === wanted)) ?? [];
    if (chosen.length > 0) writeFileSync(plot(name), ratioBars(title, chosen, { goals, alone: true }));
    const sized = rows.filter(({ size, unit }) => size !== undefined && unit === rows[0].unit);
    if (LINES.includes(name) && sized.length > 1) writeFileSync(plot(name), sizeLines(title, sized, { scale, alone: true }));
  }
  fill((name) => content(name, results));
}

/** The tables about another Node, of a run on that one. */
export function writeNewest(results) {
  fill((name) => (name.startsWith(NEWEST) ? content(name.slice(NEWEST.length), results) : undefined));
}

const plot = (name) => new URL(`plots/${name}.svg`, DOCS);

/** Replaces what stands between `<!-- results:NAME -->` and `<!-- /results -->`, where `contentOf` gives anything. */
function fill(contentOf) {
  const text = readFileSync(PAGE, 'utf8').replace(/(<!-- results:(\S+) -->\n)[\s\S]*?(<!-- \/results -->)/g, (old, start, name, end) => {
    const filled = contentOf(name);
    return filled === undefined ? old : `${start}${filled}\n${end}`;
  });
  writeFileSync(PAGE, text);
}

/** Undefined where the run left the group out; what is about all groups needs all of them. */
function content(name, results) {
  const has = (wanted) => results.rows.some(({ backend, group }) => backend === 'native' && group === wanted);
  if (GROUP_NAMES.includes(name) ? !has(name) : !GROUP_NAMES.every(has)) return undefined;
  if (name === 'machine') return about(results);
  if (name === 'figures') return figures(results.figures.filter(({ backend }) => backend === 'native'));
  if (name === 'fallback') return fallback(results.figures.filter(({ backend }) => backend !== 'native'));
  if (!GROUP_NAMES.includes(name)) return undefined;
  return table(results.rows.filter(({ backend, group }) => backend === 'native' && group === name));
}

function about({ machine, versions, backends, date, pace, seconds }) {
  const kernels = backends.map(({ name, kernel }) => `${name} (\`${kernel}\`)`).join(' and ');
  const peers = Object.entries(versions).filter(([name]) => !['airs-mcp', 'commit', 'node', 'v8'].includes(name)).map(([name, version]) => `${name} ${version}`);
  return `Measured ${date.slice(0, 10)} in ${Math.round(seconds)} s (${pace} run) on ${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${versions.node}, backends ${kernels}, commit \`${versions.commit}\`.\nPeers: ${peers.join(', ')}.`;
}

const line = (cells) => `| ${cells.join(' | ')} |`;

function figures(list) {
  return [line(['what', 'against', 'at least', 'measured (quartiles)', '']), '|---|---|---|---|---|',
    ...list.map((one) => line([one.figure, one.over ?? '', goal(one), reachedText(one), one.reached ? 'reached' : '**not yet**']))].join('\n');
}

function fallback(list) {
  const missed = list.filter(({ reached }) => !reached);
  const summary = `${list.length - missed.length} of ${list.length} rows are within 1.1× of code that uses \`JSON.parse\`, or faster.`;
  return missed.length === 0 ? summary : `${summary} The others:\n\n${figures(missed)}`;
}

function table(rows) {
  return [line(['row', 'way', 'median (quartiles)', 'ours is better by']), '|---|---|---|---|',
    ...rows.flatMap((row) => row.ways.map((way, index) => line([
      index === 0 ? row.name : '', way.name,
      `${withUnit(way.median, row.unit)} (${withUnit(way.low, row.unit)} to ${withUnit(way.high, row.unit)})`,
      index === 0 ? '' : `${times(way.ahead.median)} (${times(way.ahead.low)} to ${times(way.ahead.high)})`,
    ])))].join('\n');
}
