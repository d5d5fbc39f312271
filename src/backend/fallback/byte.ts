/** The bytes that JSON's grammar is made of, and the classes that the scan loops look them up in. */

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const LOWER_N = 0x6e;
export const LOWER_U = 0x75;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** A table over all bytes: 1 for those of `members`, else 0. */
function tableOf(members: Iterable<number>): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of members) table[byte] = 1;
  return table;
}

const codes = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0));

/** White space inside a line. A line feed is none: it ends the line. */
export const LINE_SPACE = tableOf([TAB, CR, SPACE]);
/** White space as JSON defines it. */
export const JSON_SPACE = tableOf([TAB, LF, CR, SPACE]);
/** What may follow the backslash of an escape, `u` aside. */
export const SIMPLE_ESCAPE = tableOf(codes('"\\/bfnrt'));
export const HEX_DIGIT = tableOf(codes('0123456789abcdefABCDEF'));
/** White space, operators and quotes: where a scalar ends that is skipped unchecked. */
export const SCALAR_END = tableOf(codes(' \t\n\r,:[]{}"'));

/** Classes of {@link TEXT}. */
export const ASCII_TEXT = 1;
export const HIGH_TEXT = 2;
/** Bytes inside a string: ASCII_TEXT, HIGH_TEXT for those past ASCII, 0 for quote, backslash and control characters. */
export const TEXT = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return HIGH_TEXT;
  return byte < SPACE || byte === QUOTE || byte === BACKSLASH ? 0 : ASCII_TEXT;
});

/** Bytes that a loose walk over nested values stops at: brackets, quotes, line feeds, and those past ASCII. */
export const LOOSE_STOP = tableOf([...codes('[]{}"\n'), ...Array.from({ length: 128 }, (_, n) => 0x80 + n)]);
