import { describe, expect, it } from 'vitest';
import { Tally } from '../../src/correlation/statistics.js';
import { answer, errorAnswer, setUp } from './support.js';

describe('the statistics', () => {
  it('are all zero, and the success rate 1, before anything happens', () => {
    expect(setUp().manager.statistics()).toEqual({
      pendingCount: 0, registered: 0, refused: 0, completed: 0, failed: 0, timedOut: 0, cancelled: 0,
      late: 0, unknown: 0, lateProgress: 0, unknownProgress: 0, successRate: 1,
      avgResponseTime: 0, p50ResponseTime: 0, p90ResponseTime: 0, p99ResponseTime: 0, maxResponseTime: 0,
    });
  });

  it('count each request once, by what became of it', () => {
    const { manager, clock } = setUp();
    const register = (id: number, timeout = 5_000): void => {
      manager.registerRequest({ id }, { timeout }).catch(() => undefined);
    };
    for (let id = 0; id < 10; id++) register(id, id === 9 ? 10 : undefined);
    for (const id of [0, 1, 2, 3]) manager.correlateResponse(answer(id));
    for (const id of [4, 5]) manager.correlateResponse(errorAnswer(id, '{"code":1,"message":"m"}'));
    manager.cancelRequest(6);
    clock.advance(20);
    register(0);
    const statistics = manager.statistics();
    const counts = { pendingCount: 3, registered: 11, completed: 4, failed: 2, timedOut: 1, cancelled: 1, refused: 0 };
    expect(statistics).toMatchObject(counts);
    expect(statistics.successRate).toBeCloseTo(4 / 8);
    register(0);
    expect(manager.statistics()).toMatchObject({ registered: 11, refused: 1 });
  });

  it('measure from registering to the answer, results and errors alike', () => {
    const { manager, clock } = setUp();
    for (let id = 1; id <= 100; id++) void manager.registerRequest({ id }).catch(() => undefined);
    for (let id = 1; id <= 100; id++) {
      clock.advance(10);
      manager.correlateResponse(id % 2 === 0 ? answer(id) : errorAnswer(id, '{"code":1,"message":"m"}'));
    }
    const statistics = manager.statistics();
    expect(statistics.avgResponseTime).toBeCloseTo(505);
    expect(statistics.maxResponseTime).toBe(1_000);
    for (const [percentile, exact] of [['p50ResponseTime', 500], ['p90ResponseTime', 900], ['p99ResponseTime', 990]] as const) {
      expect(Math.abs(statistics[percentile] - exact)).toBeLessThanOrEqual(exact * 0.01);
    }
  });

  it('measure fractions of a millisecond, and whole weeks', () => {
    const tally = new Tally();
    tally.answer(0);
    tally.answer(0.25);
    expect(tally.snapshot(0)).toMatchObject({ maxResponseTime: 0.25, avgResponseTime: 0.125 });
    expect(tally.snapshot(0).p99ResponseTime).toBeCloseTo(0.25, 2);
    tally.answer(1e12);
    expect(tally.snapshot(0).maxResponseTime).toBe(1e12);
  });

  it('are a snapshot', () => {
    const { manager } = setUp();
    const before = manager.statistics();
    void manager.registerRequest({ id: 1 });
    expect([before.pendingCount, manager.statistics().pendingCount]).toEqual([0, 1]);
  });
});
