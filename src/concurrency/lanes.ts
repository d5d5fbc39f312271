import type { Job } from './job.js';
import { Line } from './line.js';

/**
 * The queue: three lanes, each first in, first out. A lane moves when those above it are empty, so
 * a lane that never empties starves the ones below.
 */
export class Lanes {
  /** Jobs in all lanes. */
  size = 0;
  /** Most jobs so far. */
  peak = 0;
  private readonly high = new Line<Job>();
  private readonly normal = new Line<Job>();
  private readonly low = new Line<Job>();

  push(job: Job): void {
    this[job.priority].push(job);
    this.size++;
    if (this.size > this.peak) this.peak = this.size;
  }

  /** The next job, or null when there is none. */
  shift(): Job | null {
    const job = this.high.shift() ?? this.normal.shift() ?? this.low.shift();
    if (job !== null) this.size--;
    return job;
  }

  /** Takes out a job that waits here; false when it does not. */
  remove(job: Job): boolean {
    if (!this[job.priority].remove(job)) return false;
    this.size--;
    return true;
  }

  toArray(): Job[] {
    return [...this.high.toArray(), ...this.normal.toArray(), ...this.low.toArray()];
  }
}
