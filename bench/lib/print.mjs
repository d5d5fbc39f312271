/** Results as text. */

import { goal, reachedText, times, withUnit } from './format.mjs';

export function printHeader({ machine, versions, backends, pace }) {
  const kernels = backends.map(({ name, kernel }) => `${name} (${kernel})`).join(', ');
  console.log(`airs-mcp ${versions['airs-mcp']} at ${versions.commit} on ${kernels}; Node ${versions.node}; ${machine.cpu}, ${machine.cores} cores, ${machine.system}`);
  console.log(`pace: ${pace}. Values are medians over the rounds, with quartiles; "ours by it" is how many times better ours was in the same round.`);
}

export function printGroups({ groups, rows }) {
  for (const { name, title, about } of groups) {
    console.log(`\n${title}\n${wrap(about, 116, '  ')}`);
    for (const row of rows.filter(({ group }) => group === name)) printRow(row);
  }
}

function printRow({ name, backend, unit, better, ways, references, notes }) {
  console.log(`\n  ${name} [${backend}] ${unit}${better === 'higher' ? ', more is better' : ''}`);
  for (const { name: way, role, median, low, high, ahead } of ways) {
    const range = `${withUnit(low, unit)}..${withUnit(high, unit)}`;
    const ratio = way === ways[0].name ? '' : `${times(ahead.median)} (${times(ahead.low)}..${times(ahead.high)})`;
    console.log(`    ${way.padEnd(38)} ${withUnit(median, unit).padStart(12)}  ${`(${range})`.padEnd(28)} ${ratio}${role === 'limit' ? '  limit' : ''}`);
  }
  for (const { name: reference, value } of references) console.log(`    ${reference.padEnd(38)} ${withUnit(value, unit).padStart(12)}  measured elsewhere`);
  for (const note of notes) console.log(`    (${note})`);
}

export function printFigures(figures) {
  if (figures.length === 0) return;
  const reached = figures.filter((figure) => figure.reached).length;
  console.log(`\nFigures to reach: ${reached} of ${figures.length} reached`);
  for (const figure of figures) {
    const { figure: name, over, backend } = figure;
    const what = `${name}${over === undefined ? '' : ` | ${over}`}`;
    console.log(`  ${figure.reached ? 'yes' : 'NO '} ${what.padEnd(92)} ${goal(figure).padEnd(14)} ${reachedText(figure)}${backend === 'native' ? '' : ' [fallback]'}`);
  }
}

function wrap(text, width, indent) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length >= width) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`;
  }
  return lines.map((line) => indent + line).join('\n');
}
