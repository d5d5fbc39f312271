/** What the ways are: ours, somebody else's package or code, a limit that nobody can beat, or a figure from elsewhere. */

const LIMITS = ['C++', 'memcpy', 'bare ', 'scan alone'];

export function roleOf(name) {
  if (name.startsWith('airs-mcp')) return 'ours';
  return LIMITS.some((limit) => name.startsWith(limit)) ? 'limit' : 'peer';
}

/** Throws unless a pass did all its work: a benchmark that skips some of it would lie. */
export function expect(seen, count) {
  if (seen !== count) throw new Error(`${seen} instead of ${count}`);
  return seen;
}
