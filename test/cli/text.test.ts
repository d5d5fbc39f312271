import { describe, expect, it } from 'vitest';
import { paintFor, wantsColour } from '../../src/cli/paint.js';
import { bytesText, millisecondsText, printable, tableLines } from '../../src/cli/text.js';

describe('quantities', () => {
  it('of bytes are shown in the unit that fits', () => {
    expect([0, 1023, 1024, 5_300, 1024 * 1024 - 1, 1024 * 1024, 300 * 1024 * 1024, 24_106 * 1024 * 1024].map(bytesText)).toEqual([
      '0 B', '1023 B', '1.0 KiB', '5.2 KiB', '1,024 KiB', '1.0 MiB', '300 MiB', '23.5 GiB',
    ]);
  });

  it('of time have three figures', () => {
    expect([0.004, 0.1234, 12.34, 999.4, 1_000, 123_456].map(millisecondsText)).toEqual(['0.00 ms', '0.12 ms', '12.3 ms', '999 ms', '1.00 s', '123 s']);
  });
});

describe('text of somebody else', () => {
  it('cannot steer the terminal', () => {
    expect(printable('a\u001b[2Jb\r\nc\u009b\u202ed', 100)).toBe('a\\u001b[2Jb\\u000d\\u000ac\\u009b\\u202ed');
  });

  it('is cut where it is too long', () => {
    expect(printable('abcdef', 6)).toBe('abcdef');
    expect(printable('abcdefg', 6)).toBe('abcde…');
  });
});

it('tables align their columns, the first to the left', () => {
  expect(tableLines([['a', 'bb'], ['ccc', 'd'], ['e', '']])).toEqual(['a     bb', 'ccc    d', 'e']);
});

describe('colours', () => {
  it.each([
    ['a terminal gets them', true, {}, true],
    ['a pipe gets none', false, {}, false],
    ['NO_COLOR turns them off', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR says nothing', true, { NO_COLOR: '' }, true],
    ['NO_COLOR wins over FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['FORCE_COLOR turns them on', false, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0 turns them off', true, { FORCE_COLOR: '0' }, false],
    ['a dumb terminal gets none', true, { TERM: 'dumb' }, false],
  ])('%s', (_, terminal, env, wanted) => {
    expect(wantsColour(terminal, env)).toBe(wanted);
  });

  it('begin and end with the text', () => {
    expect(paintFor(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m');
    expect(paintFor(false)('red', 'x')).toBe('x');
  });
});
