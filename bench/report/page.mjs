/** A run's results as a page that stands alone. */

import { goal, reachedText, times, withUnit } from '../lib/format.mjs';
import { escape, ratioBars, sizeLines, STYLE } from './chart.mjs';

const PAGE_STYLE = `
:root { color-scheme: light dark; --back: #fbfbfa; --card: #fff; --text: #5d6570; --strong: #1d2127; --line: #d9dde3; --good: #12805a; --bad: #c23f38; }
@media (prefers-color-scheme: dark) { :root { --back: #14161a; --card: #1c1f25; --text: #a3abb6; --strong: #e9ecf0; --line: #343a44; --good: #3ecf95; --bad: #f0807a; } }
* { box-sizing: border-box; } body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif; }
main { max-width: 940px; margin: 0 auto; padding: 32px 20px 80px; } h1, h2, h3, strong { color: var(--strong); } h1 { font-size: 28px; margin: 0 0 4px; } h2 { margin: 48px 0 4px; font-size: 20px; }
section > p { margin: 4px 0 14px; } figure, .card { margin: 14px 0; padding: 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
svg.chart { width: 100%; min-width: 640px; height: auto; display: block; } figcaption { font-size: 13px; margin-bottom: 8px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 22px 0; } .tile { padding: 14px 16px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile b { display: block; font-size: 26px; color: var(--strong); line-height: 1.3; } table { border-collapse: collapse; width: 100%; font-size: 13.5px; } th { text-align: left; color: var(--strong); }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; } td.n { font-variant-numeric: tabular-nums; white-space: nowrap; } .yes { color: var(--good); font-weight: 600; } .no { color: var(--bad); font-weight: 600; }
pre { margin: 0; font: 13px/1.6 ui-monospace, Menlo, Consolas, monospace; color: var(--strong); } summary { cursor: pointer; } nav a { color: inherit; margin-right: 14px; } code { font-size: .92em; }`;

export function page(results) {
  const { groups } = results;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>airs-mcp: performance</title><style>${PAGE_STYLE}${STYLE}</style></head>
<body><main>
<h1>airs-mcp: performance</h1>
<p>${describe(results)}</p>
${tiles(results)}
<p>A ratio says how many times better ours was than the other way in the same round: right of 1× ours is ahead. Bars are medians, the thin line on each
is from the lower to the upper quartile, <span class="yes">green marks</span> are the figures to reach. Brown bars are limits, which nobody beats by much; violet ones were
measured elsewhere (the Rust origin, beside <code>JSON.parse</code> or <code>JSON.stringify</code> on its machine, by which they are scaled to this one).</p>
<nav>${groups.map(({ name, title }) => `<a href="#${name}">${escape(title)}</a>`).join('')}</nav>
${groups.map((group) => section(group, results)).join('\n')}
<h2>Figures to reach</h2>
<div class="card">${figureTable(results.figures.filter(({ backend }) => backend === 'native'))}</div>
<details class="card"><summary>The fallback against code that uses JSON.parse (${countReached(results.figures.filter(({ backend }) => backend !== 'native'))})</summary>${figureTable(results.figures.filter(({ backend }) => backend !== 'native'))}</details>
<h2>To reproduce</h2>
<div class="card"><pre>git clone … &amp;&amp; cd airs-mcp
npm run bench -- --json results.json     # set-up included; about ${Math.ceil(results.seconds / 60)} minutes here
npm run bench:report -- results.json     # this page</pre></div>
<p>${escape(Object.entries(results.versions).map(([name, version]) => `${name} ${version}`).join(' · '))}</p>
</main></body></html>
`;
}

export function describe({ machine, versions, backends, date, pace }) {
  const kernels = backends.map(({ name, kernel }) => `${name} (${kernel})`).join(' and ');
  return escape(`Measured ${date.slice(0, 10)} on ${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${versions.node}; backends ${kernels}; commit ${versions.commit}, ${pace} run, load before ${machine.loadBefore.toFixed(1)}.`);
}

const countReached = (figures) => `${figures.filter(({ reached }) => reached).length} of ${figures.length} reached`;

const HEADLINES = [
  ['routing', '140 B request', 'JSON.parse', 'routing 140 B'], ['routing', '1 MiB base64, 64 KiB chunks', 'SDK 2.x ReadBuffer', 'routing 1 MiB in chunks'],
  ['stdio', 'small echo, 256 in flight', 'SDK 2.x', 'stdio echo'], ['receiving', '1 MiB messages: bytes allocated', '\'data\' events', 'allocation while receiving'],
];

function tiles({ rows, figures }) {
  const found = HEADLINES.flatMap(([group, name, over, label]) => {
    const way = rows.find((row) => row.backend === 'native' && row.group === group && row.name === name)?.ways.find((one) => one.name === over);
    return way ? [`<div class="tile"><b>${times(way.ahead.median)}</b>${escape(label)}, against ${escape(over)}</div>`] : [];
  });
  return `<div class="tiles">${found.join('')}<div class="tile"><b>${countReached(figures)}</b>of all figures</div></div>`;
}

function section({ name, title, about, scale }, { rows, figures }) {
  const own = rows.filter((row) => row.group === name);
  const native = own.filter(({ backend }) => backend === 'native');
  const fallback = own.filter(({ backend }) => backend !== 'native');
  const goals = (row) => figures.filter((figure) => figure.group === name && figure.row === row.name && figure.backend === row.backend && figure.over !== undefined);
  const compared = (list) => list.filter(({ ways, references }) => ways.slice(1).some((way) => !way.name.startsWith('airs-mcp')) || references.length > 0);
  const sized = native.filter(({ size, unit }) => size !== undefined && unit === native[0].unit);
  const charts = [
    compared(native).length > 0 && figure('How far ahead, native backend', ratioBars(title, compared(native), { goals })),
    scale && new Set(sized.map(({ size }) => size)).size > 2 && figure('How it scales', sizeLines(title, sized, { scale })),
    compared(fallback).length > 0 && `<details class="card"><summary>The fallback</summary>${ratioBars(title, compared(fallback), { goals })}</details>`,
    `<details class="card"><summary>All values</summary>${valueTable(own)}</details>`,
  ];
  return `<section id="${name}"><h2>${escape(title)}</h2><p>${escape(about)}</p>${charts.filter(Boolean).join('')}</section>`;
}

const figure = (caption, chart) => `<figure><figcaption>${caption}</figcaption>${chart}</figure>`;

function figureTable(figures) {
  const rows = figures.map((one) => `<tr><td>${escape(one.figure)}</td><td>${escape(one.over ?? '')}</td><td class="n">${escape(goal(one))}</td><td class="n">${escape(reachedText(one))}</td><td class="${one.reached ? 'yes' : 'no'}">${one.reached ? 'reached' : 'not yet'}</td></tr>`);
  return `<table><thead><tr><th>What</th><th>Against</th><th>At least</th><th>Measured (quartiles)</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function valueTable(rows) {
  const lines = rows.flatMap((row) => row.ways.map((way, index) =>
    `<tr><td>${index === 0 ? `<strong>${escape(row.name)}</strong>${row.backend === 'native' ? '' : ', fallback'}` : ''}</td><td>${escape(way.name)}</td><td class="n">${escape(`${withUnit(way.median, row.unit)} (${withUnit(way.low, row.unit)} to ${withUnit(way.high, row.unit)})`)}</td><td class="n">${index === 0 ? '' : `${times(way.ahead.median)} (${times(way.ahead.low)} to ${times(way.ahead.high)})`}</td></tr>`));
  return `<table><thead><tr><th>Row</th><th>Way</th><th>Median (quartiles)</th><th>Ours is better by</th></tr></thead><tbody>${lines.join('')}</tbody></table>`;
}
