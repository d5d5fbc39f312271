/** Which scans that make values the addon leaves to the other backend. */

import { describe, expect, it } from 'vitest';
import type { Made } from '../../src/backend/contract.js';
import { fallback } from '../../src/backend/fallback.js';
import { makingBeside } from '../../src/backend/making.js';
import { resultText } from '../support/frames.js';
import { tableFor } from '../support/scan.js';

const LEAST = 512;
const MOST = 4 * 1024 * 1024;

/** A result whose text has so many bytes, most of them those of numbers. */
function resultOf(length: number): string {
  const rest = length - resultText('1', '[]').length - 1;
  return resultText('1', `[${'1,'.repeat(Math.floor((rest - 1) / 2))}${'1'.repeat(2 - (rest % 2))}${' '.repeat(1)}]`);
}

/** How many scans were the addon's, and how many values there are. */
function outcome(text: string, whole = false): { own: number; values: number } {
  let own = 0;
  const made: Made = [];
  const scan = makingBeside((bytes, table) => {
    own++;
    return fallback.scan(bytes, table);
  });
  const bytes = Buffer.from(whole ? text : `${text}\n`);
  scan(bytes, tableFor(bytes, { whole }), made);
  return { own, values: made.filter(Boolean).length };
}

const MADE = { own: 0, values: 1 };
const CHECKED = { own: 1, values: 0 };

describe('where values are likely to be read, the addon', () => {
  it.each([
    [LEAST - 1, CHECKED],
    [LEAST, MADE],
    [LEAST + 1, MADE],
    [MOST - 1, MADE],
    [MOST, MADE],
    [MOST + 1, CHECKED],
  ])('checks short messages and very long ones, others are made: %i bytes', (length, expected) => {
    const text = resultOf(length);
    expect(text).toHaveLength(length);
    expect(outcome(text, true)).toEqual(expected);
  });

  it('goes by the first of several lines', () => {
    const [short, long] = [resultText('1', '[1]'), resultOf(LEAST)];
    expect(outcome(`${short}\n${long}`)).toEqual(CHECKED);
    expect(outcome(`${long}\n${long}`)).toEqual({ own: 0, values: 2 });
  });

  it.each([
    ['a batch', `[${resultOf(LEAST)}]`],
    ['a payload that is no container', resultText('1', `"${'x'.repeat(LEAST)}"`)],
    ['what is no message', 'x'.repeat(LEAST)],
  ])('checks what no value would be made of: %s', (_name, text) => {
    expect(outcome(text)).toEqual(CHECKED);
  });

  it('checks what may be long strings for the most part, which are taken out of a text before its value is made', () => {
    expect(outcome(resultText('1', JSON.stringify(['a line\n'.repeat(10_000)])))).toEqual(CHECKED);
    expect(outcome(resultText('1', JSON.stringify(['x'.repeat(100_000)])))).toEqual(CHECKED);
  });
});
