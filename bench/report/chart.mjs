/** Charts as SVG. Colours come from classes: `STYLE` has those that are right on white and on dark. */

import { plain, times, withUnit } from '../lib/format.mjs';

export const STYLE = `
.chart text { font: 12px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: var(--text, #7b838f); }
.chart .name { fill: var(--strong, #7b838f); } .chart .title { font-weight: 600; font-size: 13px; fill: var(--strong, #7b838f); }
.chart .axis, .chart .grid { stroke: var(--line, #8a93a03d); } .chart .one { stroke: var(--text, #7b838f); }
.chart .peer { fill: #3b8edb; } .chart .limit { fill: #b08a4a; } .chart .behind { fill: #e0625c; } .chart .reference { fill: #8d75c9; }
.chart .range { stroke: var(--strong, #7b838f); stroke-width: 1.2; } .chart .goal { stroke: #1fa971; stroke-width: 2.4; }
.chart path { fill: none; stroke-width: 2.2; }`;

const COLOURS = ['#1fa971', '#3b8edb', '#e08a3c', '#8d75c9', '#d9608f', '#5aa9a6', '#9a9a4a', '#b3705a'];
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escape = (text) => String(text).replace(/[&<>"]/g, (character) => ESCAPES[character]);

/** An SVG for a page, or with its style for a file of its own. */
const svg = (width, height, label, body, alone) =>
  `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" ${alone ? `width="${width}" height="${height}" ` : ''}role="img" aria-label="${escape(label)}">${alone ? `<style>${STYLE}</style>` : ''}${body.join('')}</svg>\n`;

const logScale = (least, most, from, to) => (value) => from + ((Math.log(Math.min(Math.max(value, least), most)) - Math.log(least)) / (Math.log(most) - Math.log(least))) * (to - from);

/** 1, 2, 5, 10, 20 and so on within a range, thinned to at most `most`. */
function ticks(least, top, most = 9) {
  const all = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(top)); power++) for (const digit of [1, 2, 5]) all.push(digit * 10 ** power);
  const inside = all.filter((tick) => tick >= least * 0.999 && tick <= top * 1.001);
  const tens = inside.filter((tick) => /^1(e|0|$)|^0\.0*1$/.test(String(tick)));
  return inside.length <= most ? inside : tens;
}

const WIDTH = 860;
const LABELS = 250;
const VALUES = 150;
const BAR = 22;

/**
 * How far ahead ours is of each other way, on a log axis: one block of bars for each row.
 *
 * @param goals for each row's name the targets that are about other ways of it
 */
export function ratioBars(title, rows, { goals = () => [], alone = false } = {}) {
  const bars = rows.map((row) => ({ row, others: [...row.ways.slice(1).filter(({ name }) => !name.startsWith('airs-mcp')), ...referencesOf(row)] }));
  const values = bars.flatMap(({ row, others }) => [...others.map(({ ahead }) => ahead.median), ...goals(row).map(({ atLeast }) => atLeast)]);
  const least = Math.max(0.01, Math.min(0.5, ...values) * 0.8);
  const most = Math.max(2, ...values) * 1.25;
  const x = logScale(least, most, LABELS, WIDTH - VALUES);
  const body = [];
  let y = 8;
  for (const { row, others } of bars) {
    const ours = row.ways[0];
    body.push(`<text class="title" x="0" y="${y + 14}">${escape(row.name)}</text><text x="${WIDTH - VALUES + 12}" y="${y + 14}">ours ${escape(withUnit(ours.median, row.unit))}</text>`);
    y += 24;
    for (const other of others) {
      body.push(bar(other, row, goals(row).filter(({ over }) => over === other.name), x, y));
      y += BAR;
    }
    y += 12;
  }
  const axis = ticks(least, most).map((tick) => `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="4" y2="${y}"/><text x="${x(tick)}" y="${y + 16}" text-anchor="middle">${plain(tick)}×</text>`);
  return svg(WIDTH, y + 26, title, [...axis, ...body], alone);
}

function bar({ name, role, median, ahead, note }, { unit }, goals, x, y) {
  const [from, to] = [x(1), x(ahead.median)];
  const colour = role === 'limit' || role === 'reference' ? role : ahead.median < 1 ? 'behind' : 'peer';
  const range = ahead.low === undefined ? '' : `<line class="range" x1="${x(ahead.low)}" x2="${x(ahead.high)}" y1="${y + 9}" y2="${y + 9}"/>`;
  const marks = goals.map(({ atLeast }) => `<line class="goal" x1="${x(atLeast)}" x2="${x(atLeast)}" y1="${y - 1}" y2="${y + 19}"><title>target</title></line>`);
  return (
    `<text class="name" x="${LABELS - 10}" y="${y + 13}" text-anchor="end">${escape(name)}</text>` +
    `<rect class="${colour}" x="${Math.min(from, to).toFixed(1)}" y="${y + 2}" width="${Math.max(1, Math.abs(to - from)).toFixed(1)}" height="14" rx="2"/>${range}${marks.join('')}` +
    `<text x="${WIDTH - VALUES + 12}" y="${y + 13}">${times(ahead.median)}  (${escape(note ?? withUnit(median, unit))})</text>`
  );
}

/** What was measured elsewhere, brought to this machine by what both measured. */
function referencesOf({ references, ways }) {
  return references.flatMap(({ name, value, beside }) => {
    const here = beside && ways.find((way) => way.name === beside.way);
    const scaled = here ? (value / beside.value) * here.median : value;
    return [{ name, role: 'reference', median: scaled, ahead: { median: scaled / ways[0].median }, note: 'elsewhere' }];
  });
}

const LEFT = 80;
const HEIGHT = 250;
const KEY = 250;

/** Values over sizes, both on log axes, a line for each way that has at least two. */
export function sizeLines(title, rows, { scale, alone = false }) {
  const unit = rows[0].unit;
  const seen = new Set();
  const points = rows.filter(({ size }) => size !== undefined && !seen.has(size) && seen.add(size)).sort((a, b) => a.size - b.size);
  const names = [...new Set(points.flatMap(({ ways }) => ways.map(({ name }) => name)))];
  const series = names.map((name) => ({ name, at: points.flatMap(({ size, ways }) => ways.filter((way) => way.name === name).map(({ median }) => [size, median])) })).filter(({ at }) => at.length > 1);
  const values = series.flatMap(({ at }) => at.map(([, value]) => value)).filter((value) => value > 0);
  const [low, high] = [Math.min(...values) * 0.7, Math.max(...values) * 1.4];
  const x = logScale(points[0].size, points.at(-1).size, LEFT, WIDTH - KEY);
  const y = logScale(low, high, HEIGHT, 14);
  const label = (size) => (scale === 'bytes' ? withUnit(size, 'bytes') : plain(size));
  const grid = ticks(low, high, 7).map((tick) => `<line class="grid" x1="${LEFT}" x2="${WIDTH - KEY}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${escape(withUnit(tick, unit))}</text>`);
  const sizes = points.map(({ size }) => `<line class="grid" x1="${x(size)}" x2="${x(size)}" y1="14" y2="${HEIGHT}"/><text x="${x(size)}" y="${HEIGHT + 18}" text-anchor="middle">${escape(label(size))}</text>`);
  const lines = series.map(({ name, at }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const dash = name.startsWith('airs-mcp') ? '' : ' stroke-dasharray="6 3"';
    const path = at.map(([size, value], i) => `${i === 0 ? 'M' : 'L'}${x(size).toFixed(1)},${y(value).toFixed(1)}`).join('');
    const dots = at.map(([size, value]) => `<circle cx="${x(size).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3.2" fill="${colour}"><title>${escape(`${name}, ${label(size)}: ${withUnit(value, unit)}`)}</title></circle>`).join('');
    const keyY = 22 + index * 20;
    const key = `<path d="M${WIDTH - KEY + 20},${keyY}h22" stroke="${colour}"${dash}/><text class="name" x="${WIDTH - KEY + 50}" y="${keyY + 4}">${escape(name)}</text>`;
    return `<path d="${path}" stroke="${colour}"${dash}/>${dots}${key}`;
  });
  const caption = `<text x="${(LEFT + WIDTH - KEY) / 2}" y="${HEIGHT + 38}" text-anchor="middle">${scale === 'bytes' ? 'size' : escape(scale)} · ${escape(unit.replace('ns', 'time').replace('/', ' per '))}</text>`;
  return svg(WIDTH, Math.max(HEIGHT + 46, 40 + series.length * 20), title, [...grid, ...sizes, ...lines, caption], alone);
}
