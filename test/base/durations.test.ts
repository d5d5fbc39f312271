import { describe, expect, it } from 'vitest';
import { DurationRecorder } from '../../src/base/durations.js';
import { Random } from '../support/random.js';

/** The value below or at which `percent` of the values lie. */
function exactly(values: number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number;
}

function recorded(values: number[]): DurationRecorder {
  const recorder = new DurationRecorder();
  for (const value of values) recorder.record(value);
  return recorder;
}

describe('durations', () => {
  it('are zero where nothing was recorded', () => {
    const recorder = new DurationRecorder();
    expect([recorder.average, recorder.max, recorder.percentile(50)]).toEqual([0, 0, 0]);
  });

  for (const zeros of [0, 1, 40, 99, 100]) {
    it(`have percentiles within 1% of the exact ones, ${zeros}% of them zero`, () => {
      const random = new Random(zeros + 1);
      const values = Array.from({ length: 1_000 }, (_, i) => (i % 100 < zeros ? 0 : random.below(500_000) / 1_000 + 0.001));
      const recorder = recorded(values);
      for (const percent of [1, 39, 40, 41, 50, 90, 99, 100]) {
        const exact = exactly(values, percent);
        expect(Math.abs(recorder.percentile(percent) - exact)).toBeLessThanOrEqual(exact * 0.01 + 1e-5);
      }
      expect(recorder.max).toBe(Math.max(...values));
      expect(recorder.average).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 6);
    });
  }
});
