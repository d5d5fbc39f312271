/** Random JSON texts, written in all the ways that JSON allows. */

import type { Random } from './random.js';

const SPACES = ['', '', '', '', '', '', ' ', '  ', '\t', '\r', ' \r\t '];
const NUMBERS = ['0', '-0', '7', '-12', '1.0', '1e2', '0.5', '-1.25E+10', '1e400', '-1e-400', '9223372036854775808'];
const EDGES = ['2147483647', '2147483648', '-2147483648', '-2147483649', '10000000000', '-0.0', '123456789012345678901234567890'];
const PIECES = ['a', 'bc ', 'def/ghi', '~', '"', '\\', '\n', '\u0000', '\u007f', 'é', '漢字', '😀', '\ud800', '{[', '}]', ',:'];
const KEYS = ['a', 'b', 'a/b', '~', '', 'é', '__proto__', '0', '1', '01', '😀', '\ud800', 'id', 'x'.repeat(200)];

/** White space that stays inside a line. */
export const space = (random: Random): string => random.pick(SPACES);

function unicodeEscape(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}

/** `text` as a JSON string: plain, or with escapes it does not need. */
export function stringText(random: Random, text: string): string {
  if (random.oneIn(4)) return `"${unicodeEscape(text)}"`;
  const quoted = JSON.stringify(text);
  return random.oneIn(4) ? quoted.replaceAll('/', '\\/').replaceAll('a', '\\u0061') : quoted;
}

export function numberText(random: Random): string {
  return random.oneIn(2) ? String(random.below(1000) - 500) : random.pick(random.oneIn(2) ? NUMBERS : EDGES);
}

function anyString(random: Random): string {
  const text = random.joined(random.below(5), '', () => random.pick(PIECES));
  return stringText(random, random.oneIn(12) ? text.repeat(40) : text);
}

export const keyText = (random: Random): string => stringText(random, random.pick(KEYS));

function list(random: Random, open: string, close: string, item: () => string): string {
  const items = random.joined(random.below(5), `${space(random)},${space(random)}`, item);
  return `${open}${space(random)}${items}${space(random)}${close}`;
}

/** A value nested up to `depth` levels. Keys repeat now and then. */
export function valueText(random: Random, depth: number): string {
  switch (random.below(depth > 0 ? 7 : 4)) {
    case 0:
      return numberText(random);
    case 1:
    case 2:
      return anyString(random);
    case 3:
      return random.pick(['true', 'false', 'null']);
    case 4:
    case 5:
      return list(random, '{', '}', () => memberText(random, keyText(random), valueText(random, depth - 1)));
    default:
      return list(random, '[', ']', () => valueText(random, depth - 1));
  }
}

export function memberText(random: Random, key: string, value: string): string {
  return `${key}${space(random)}:${space(random)}${value}`;
}
