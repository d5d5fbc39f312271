import type { HierarchyRectangularNode } from 'd3-hierarchy';
import type { Profiler } from 'node:inspector';
import { type CallNode, type FrameKind, callTree, summarise } from './profile-tree.js';

const WIDTH = 1200;
const ROW = 19;
const HEAD = 74;
const MARGIN = 10;
/** Narrower frames are left out (pixels). */
const NARROWEST = 0.4;
/** Of the font, for cutting names to their frames (pixels). */
const CHARACTER = 6.3;

const KINDS: Readonly<Record<FrameKind, string>> = {
  javascript: 'JavaScript', node: 'Node’s JavaScript', native: 'native (C++)', gc: 'garbage collector', program: 'outside functions', idle: 'idle',
};

const STYLE = `
svg { font: 11px ui-monospace, Menlo, Consolas, monospace; background: #fff; }
text { fill: #1c1917; } .head { font: 600 16px system-ui, sans-serif; } .key { font: 12px system-ui, sans-serif; }
g.frame:hover rect { stroke: #111; stroke-width: 1.2; }
rect { stroke: #fff; stroke-width: .6; rx: 2px; }
.javascript { fill: #93c5fd; } .node { fill: #a7d8b9; } .native { fill: #fdba74; } .gc { fill: #fca5a5; } .program { fill: #d6d3d1; } .idle { fill: #f0efed; }
@media (prefers-color-scheme: dark) {
  svg { background: #17181c; } .head, .key { fill: #e7e5e4; } rect { stroke: #17181c; } g.frame:hover rect { stroke: #fff; }
  .idle { fill: #44464d; } .idle + text { fill: #e7e5e4; }
}`;

type Rectangle = HierarchyRectangularNode<CallNode>;

/** A flame graph, callers above what they call, as an SVG that stands alone. */
export async function drawFlameGraph(profile: Profiler.Profile, duration: number): Promise<string> {
  // Few processes ever draw one.
  const { hierarchy, partition } = await import('d3-hierarchy');
  const root = hierarchy(callTree(profile)).sum(({ self }) => self).sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const depth = root.height + 1;
  const frames = partition<CallNode>().size([WIDTH - 2 * MARGIN, depth * ROW])(root).descendants().filter(({ x0, x1 }) => x1 - x0 >= NARROWEST);
  const lowest = Math.max(...frames.map((frame) => frame.depth));
  const height = HEAD + (lowest + 1) * ROW + MARGIN;
  const total = root.value ?? 0;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>Flame graph of ${duration.toFixed(1)} ms</title>
<style>${STYLE}</style>
<text class="head" x="${MARGIN}" y="26">${duration.toFixed(1)} ms, ${profile.samples?.length ?? 0} samples; callers above what they call</text>
${legend(profile)}
${frames.map((frame) => drawFrame(frame, total)).join('\n')}
</svg>
`;
}

function legend(profile: Profiler.Profile): string {
  const { shares } = summarise(profile, 1);
  let x = MARGIN;
  return Object.entries(KINDS).map(([kind, label]) => {
    const text = `${label} ${percent(shares[kind as FrameKind])}`;
    const entry = `<rect class="${kind}" x="${x}" y="42" width="14" height="14"/><text class="key" x="${x + 20}" y="53">${text}</text>`;
    x += 40 + text.length * 7;
    return entry;
  }).join('\n');
}

function drawFrame({ x0, x1, depth, data, value = 0 }: Rectangle, total: number): string {
  const x = MARGIN + x0;
  const y = HEAD + depth * ROW;
  const place = data.url === '' ? '' : `\n${data.url}:${data.line}`;
  const about = `${data.name}${place}\n${ms(value)} (${percent(total === 0 ? 0 : value / total)}), ${ms(data.self)} of its own`;
  const label = data.name.slice(0, Math.max(0, Math.floor((x1 - x0 - 6) / CHARACTER)));
  const text = label.length > 2 ? `<text x="${(x + 4).toFixed(1)}" y="${y + 13}">${escape(label)}</text>` : '';
  const rect = `<rect class="${data.kind}" x="${x.toFixed(1)}" y="${y}" width="${(x1 - x0).toFixed(1)}" height="${ROW}"/>`;
  return `<g class="frame"><title>${escape(about)}</title>${rect}${text}</g>`;
}

const ms = (microseconds: number): string => `${(microseconds / 1000).toFixed(2)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] as string); // those four are all there
