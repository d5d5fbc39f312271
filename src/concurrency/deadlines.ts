import { MAX_TIMER_DELAY } from '../base/limits.js';
import type { Clock } from './clock.js';
import type { Job } from './job.js';
import { List } from './list.js';

/** Different timeouts that are kept apart; from here on they are rounded up by at most 1/64. */
const EXACT_LISTS = 64;

/**
 * The deadlines of all jobs on one timer.
 *
 * Jobs of one timeout expire in the order they came, so each timeout has a list whose head is next:
 * adding and removing are O(1), and firing looks at one head per timeout in use. The timer is left
 * alone when its job leaves; it then finds nothing due and moves on to the next. It doesn't hold the process open.
 */
export class Deadlines {
  private readonly lists = new Map<number, List<Job>>();
  private disarm: (() => void) | null = null;
  /** When the timer fires; Infinity when it is off. */
  private armedFor = Infinity;

  /** @param expire is called once for each job that is due, after it left */
  constructor(
    private readonly clock: Clock,
    private readonly expire: (job: Job) => void,
  ) {}

  /** @param timeout ms from the job's submission; 0: never */
  add(job: Job, timeout: number): void {
    if (timeout === 0 || job.due !== null) return;
    const list = this.listFor(timeout);
    // A handler that ran others before it returned its promise comes out of order, by as long as that took.
    job.deadline = Math.max(job.submittedAt + timeout, list.tail?.deadline ?? 0);
    job.due = list.push(job);
    job.dueIn = list;
    if (job.deadline < this.armedFor) this.arm(job.deadline);
  }

  remove(job: Job): void {
    if (job.due === null) return;
    job.dueIn?.remove(job.due);
    job.due = job.dueIn = null;
  }

  /** Turns the timer off. No job may be left. */
  stop(): void {
    this.disarm?.();
    this.disarm = null;
    this.armedFor = Infinity;
    this.lists.clear();
  }

  private listFor(timeout: number): List<Job> {
    const known = this.lists.get(timeout);
    if (known !== undefined) return known;
    const step = this.lists.size < EXACT_LISTS ? 1 : 2 ** Math.max(0, Math.floor(Math.log2(timeout)) - 6);
    const key = Math.ceil(timeout / step) * step;
    let list = this.lists.get(key);
    if (list === undefined) this.lists.set(key, (list = new List()));
    return list;
  }

  private arm(deadline: number): void {
    this.disarm?.();
    this.armedFor = deadline;
    const delay = Math.min(MAX_TIMER_DELAY, Math.max(0, Math.ceil(deadline - this.clock.now())));
    this.disarm = this.clock.after(delay, this.fire, false);
  }

  private readonly fire = (): void => {
    this.disarm = null;
    this.armedFor = Infinity;
    const now = this.clock.now();
    for (const list of this.lists.values()) {
      for (let job = list.head; job !== undefined && job.deadline <= now; job = list.head) {
        this.remove(job);
        this.expire(job);
      }
    }
    let next = Infinity;
    for (const [timeout, { head }] of this.lists) {
      if (head === undefined) this.lists.delete(timeout);
      else if (head.deadline < next) next = head.deadline;
    }
    if (next < this.armedFor) this.arm(next);
  };
}
