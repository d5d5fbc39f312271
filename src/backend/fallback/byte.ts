/**
 * The classes of bytes that the parts of a walk share. Single bytes and the tables of one part are
 * constants of the module that reads them: V8 folds a module's own constants into its loops, imported
 * ones it loads each time, which made every scan a fifth slower.
 */

/** A table over all bytes: 1 for the characters of `members`, else 0. */
export function tableOf(members: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const member of members) table[member.charCodeAt(0)] = 1;
  return table;
}

/** White space inside a line. A line feed is none: it ends the line. */
export const LINE_SPACE = tableOf(' \t\r');
/** White space as JSON defines it. */
export const JSON_SPACE = tableOf(' \t\r\n');
