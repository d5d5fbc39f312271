/** The inputs that fuzzing found worth keeping, on both backends: every run of the suite repeats them. */
import { describe, expect, it } from 'vitest';
import { type Backend, CONTROL, RECORD_INTS, STATUS } from '../../src/backend/contract.js';
import { fallback } from '../../src/backend/fallback.js';
import { selectBackend } from '../../src/backend/select.js';
import { readCorpus } from '../native/fuzz/corpus.mjs';
import { type ScanOptions, scan, tableFor } from '../support/scan.js';

const OPTION_BYTES = 8;
const texts = readCorpus().map((input) => input.subarray(OPTION_BYTES));
const chosen = selectBackend();

function tableOf(backend: Backend, bytes: Uint8Array, options: ScanOptions): Int32Array {
  const table = tableFor(bytes, options);
  const count = backend.scan(bytes, table);
  return table.subarray(0, (count + 1) * RECORD_INTS);
}

const isMalformed = (text: Buffer, whole: boolean): boolean =>
  scan(fallback, text, { whole }).records.some(({ status }) => STATUS[status] === STATUS.SYNTAX || STATUS[status] === STATUS.UTF8);

describe('the corpus of the fuzzer', () => {
  it('is small enough to keep', () => {
    expect(texts.length).toBeGreaterThan(20);
    expect(texts.reduce((sum, text) => sum + text.length, 0)).toBeLessThan(256 * 1024);
  });

  it.each([true, false])('gives the same tables on both backends, whole: %s', (whole) => {
    for (const text of texts) {
      for (const room of [1, 2, 64]) {
        for (const maxMessage of [20, 1 << 30]) {
          const options = { whole, room, maxMessage };
          const table = tableOf(chosen, text, options);
          expect([text, [...table]]).toEqual([text, [...tableOf(fallback, text, options)]]);
          expect(table[CONTROL.CONSUMED]).toBeLessThanOrEqual(text.length);
        }
      }
    }
  });

  it.each([true, false])('gives the same tables in both modes where it is JSON, whole: %s', (whole) => {
    for (const text of texts.filter((text) => !isMalformed(text, whole))) {
      const loose = tableFor(text, { whole, strict: false });
      const strict = tableFor(text, { whole });
      expect(chosen.scan(text, loose)).toBe(chosen.scan(text, strict));
      loose[CONTROL.FLAGS] = strict[CONTROL.FLAGS] as number;
      expect([text, [...loose]]).toEqual([text, [...strict]]);
    }
  });
});
