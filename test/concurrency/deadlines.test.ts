import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/concurrency/deadlines.js';
import { Job } from '../../src/concurrency/job.js';
import { ManualClock, arrive } from './support.js';

function setUp() {
  const clock = new ManualClock();
  const expired: [unknown, number][] = [];
  const deadlines = new Deadlines(clock, (job) => expired.push([job.message.id, clock.now() - 1_000]));
  const add = (id: number, timeout: number): Job => {
    const job = new Job(arrive(id), null, 'normal', deadlines, clock.now());
    deadlines.add(job, timeout);
    return job;
  };
  return { clock, expired, deadlines, add };
}

describe('deadlines', () => {
  it('expire each job at its own time, whatever the order they came in', () => {
    const { clock, expired, add } = setUp();
    [300, 100, 200, 100].forEach((timeout, id) => add(id, timeout));
    clock.advance(99);
    expect(expired).toEqual([]);
    clock.advance(1_000);
    expect(expired).toEqual([[1, 100], [3, 100], [2, 200], [0, 300]]);
  });

  it('share one timer', () => {
    const { clock, add } = setUp();
    for (let id = 0; id < 1_000; id++) add(id, 100);
    expect([clock.pending, clock.armed]).toEqual([1, 1]);
  });

  it('set the timer anew for an earlier one, and leave none behind', () => {
    const { clock, expired, add } = setUp();
    [300, 200, 100].forEach((timeout, id) => add(id, timeout));
    expect(clock.pending).toBe(1);
    clock.advance(100);
    expect([expired, clock.pending]).toEqual([[[2, 100]], 1]);
  });

  it('do not expire a job that left, and let the timer rest when all left', () => {
    const { clock, expired, deadlines, add } = setUp();
    const jobs = [add(0, 100), add(1, 100)];
    for (const job of jobs) deadlines.remove(job);
    clock.advance(100);
    expect([expired, clock.pending]).toEqual([[], 0]);
  });

  it('leave a job without a timeout alone', () => {
    const { clock, expired, add } = setUp();
    add(0, 0);
    expect(clock.pending).toBe(0);
    clock.advance(1e9);
    expect(expired).toEqual([]);
  });

  it('are kept exactly for any mix of timeouts', () => {
    const { clock, expired, add } = setUp();
    const timeouts = Array.from({ length: 500 }, (_, id) => 1_000 + ((7_919 * id) % 3_001));
    timeouts.forEach((timeout, id) => add(id, timeout));
    clock.advance(10_000);
    expect(expired).toHaveLength(500);
    for (const [id, at] of expired as [number, number][]) expect(at).toBe(timeouts[id]);
  });

  it('wait on when the clock is behind the timer, and catch up when it jumped', () => {
    const { clock, expired, add } = setUp();
    add(0, 100);
    clock.time -= 50;
    clock.advance(100);
    expect(expired).toEqual([]);
    clock.advance(50);
    expect(expired).toEqual([[0, 100]]);
    add(1, 100);
    add(2, 500);
    clock.time += 1_000_000;
    clock.advance(0);
    expect(expired.map(([id]) => id)).toEqual([0, 1, 2]);
  });

  it('can be stopped', () => {
    const { clock, deadlines, add } = setUp();
    deadlines.remove(add(0, 100));
    deadlines.stop();
    expect(clock.pending).toBe(0);
  });
});
