/** Quantities and foreign text as the command line shows them. */

const KIB = 1024;

/** Bytes: `142 B`, `5.2 KiB`, `1.0 MiB`, `23.5 GiB`. */
export function bytesText(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`;
  const power = bytes < KIB ** 2 ? 1 : bytes < KIB ** 3 ? 2 : 3;
  const value = bytes / KIB ** power;
  return `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)} ${'KMG'.charAt(power - 1)}iB`;
}

/** Milliseconds, by three figures: `0.12 ms`, `11.2 ms`, `1.23 s`. */
export function millisecondsText(ms: number): string {
  return ms >= 1000 ? `${threeFigures(ms / 1000)} s` : `${threeFigures(ms)} ms`;
}

export function threeFigures(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

// Controls, line and paragraph separators, and what turns the writing direction: a terminal would obey them.
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text of somebody else's, safe on a terminal: at most `max` UTF-16 units of it, in one line, without controls. */
export function printable(text: string, max: number): string {
  const shown = text.length > max ? `${text.slice(0, max - 1)}…` : text;
  return shown.replace(UNPRINTABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Rows as lines with aligned columns, the first to the left and the others to the right. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const cell = (text: string, column: number): string => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0));
  return rows.map((row) => row.map(cell).join('   ').trimEnd());
}
