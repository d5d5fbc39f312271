/**
 * The groups, in the order of the tables.
 *
 * A group is `{ name, title, about, unit, rows, scale?, costly?, open? }`; `open` makes what its rows share, with a `close`; `scale` is
 * what their sizes are; a quick run leaves the `costly` ones out on the fallback. A row is
 * `{ name, ways(shared), size?, unit?, units?, higher?, floor?, rounds?, baseline?, native?, slow?, references?, notes? }`: `ways` gives what
 * src/cli/bench/measure.ts takes, ours first, and a way that is not there today as undefined. `baseline` is the way that stands for
 * code that uses JSON.parse, which the fallback is held against; a row with `native: true` has no meaning on the fallback, one with `slow: true` no place in a quick run.
 */

export const GROUP_NAMES = [
  'routing', 'materialise', 'batches', 'streaming', 'reading', 'serialise', 'pool', 'correlation', 'processor', 'stdio', 'receiving', 'interference', 'monitor', 'tap',
];

export async function groupNamed(name) {
  return (await import(`./${name}.mjs`)).group;
}

/** Of the groups that have rows: what a reader must know about them. */
export async function groupsOf(rows) {
  const names = GROUP_NAMES.filter((name) => rows.some(({ group }) => group === name));
  const groups = await Promise.all(names.map(groupNamed));
  return groups.map(({ name, title, about, scale }) => ({ name, title, about, scale }));
}
