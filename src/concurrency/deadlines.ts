import { MAX_TIMER_DELAY } from '../base/limits.js';
import { Wheel } from '../base/wheel.js';
import type { Clock } from './clock.js';
import type { Job } from './job.js';

/**
 * The deadlines of all jobs on one timer, rounded up to whole milliseconds: O(1) to add and to remove at any mix.
 *
 * The timer is left alone when its job leaves; it then finds nothing due and moves on to the next. It doesn't hold the
 * process open.
 */
export class Deadlines {
  private readonly wheel = new Wheel<Job>();
  private disarm: (() => void) | null = null;
  /** The millisecond at which the timer fires; Infinity when it is off. */
  private armedFor = Infinity;

  /** @param expire is called once for each job that is due, after it left */
  constructor(
    private readonly clock: Clock,
    private readonly expire: (job: Job) => void,
  ) {}

  /** @param timeout ms from the job's submission; 0: never */
  add(job: Job, timeout: number): void {
    if (timeout === 0 || job.scheduled) return;
    const due = Math.ceil(job.submittedAt + timeout);
    this.wheel.add(job, due);
    if (due < this.armedFor) this.arm(due);
  }

  /** Harmless for a job that has no deadline. */
  remove(job: Job): void {
    this.wheel.remove(job);
  }

  /** Turns the timer off. No job may be left. */
  stop(): void {
    this.disarm?.();
    this.disarm = null;
    this.armedFor = Infinity;
  }

  private arm(due: number): void {
    this.disarm?.();
    this.armedFor = due;
    const delay = Math.min(MAX_TIMER_DELAY, Math.max(0, Math.ceil(due - this.clock.now())));
    this.disarm = this.clock.after(delay, this.fire, false);
  }

  private readonly fire = (): void => {
    this.disarm = null;
    this.wheel.advance(Math.floor(this.clock.now()));
    for (let job = this.wheel.takeDue(); job !== null; job = this.wheel.takeDue()) this.expire(job);
    // What was added meanwhile had no reason to arm a timer that this does at its end.
    this.armedFor = Infinity;
    const next = this.wheel.nextEvent();
    if (next !== Infinity) this.arm(next);
  };
}
