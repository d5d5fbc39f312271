import type { Job } from './job.js';
import { List } from './list.js';

/**
 * The queue: three lanes, each first in, first out. A lane moves when those above it are empty, so
 * a lane that never empties starves the ones below.
 */
export class Lanes {
  /** Jobs in all lanes. */
  size = 0;
  /** Most jobs so far. */
  peak = 0;
  private readonly high = new List<Job>();
  private readonly normal = new List<Job>();
  private readonly low = new List<Job>();

  push(job: Job): void {
    job.place = this[job.priority].push(job);
    this.size++;
    if (this.size > this.peak) this.peak = this.size;
  }

  /** The next job, or undefined when there is none. */
  shift(): Job | undefined {
    const job = this.high.shift() ?? this.normal.shift() ?? this.low.shift();
    if (job === undefined) return undefined;
    job.place = null;
    this.size--;
    return job;
  }

  /** Takes out a job that waits here; false when it does not. */
  remove(job: Job): boolean {
    if (job.place === null || !this[job.priority].remove(job.place)) return false;
    job.place = null;
    this.size--;
    return true;
  }

  toArray(): Job[] {
    return [...this.high.toArray(), ...this.normal.toArray(), ...this.low.toArray()];
  }
}
