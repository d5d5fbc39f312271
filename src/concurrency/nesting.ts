import { type Job, STATE } from './job.js';
import type { Permits } from './permits.js';

/**
 * Keeps handlers that submit to their own processor from waiting for themselves.
 *
 * A handler with an unanswered request of its own counts as one that waits. A nested request may
 * wait for a slot only while some other active handler does not: that one ends by itself, its slot goes to the
 * next in the queue, which does not wait yet either, and so on until the nested request's turn.
 */
export class Nesting {
  /** Active jobs with unanswered children. */
  private waiting = 0;

  constructor(private readonly permits: Permits) {}

  /** Whether a request nested in `parent` may wait for a slot. */
  mayWait(parent: Job): boolean {
    const waiting = this.waiting + (parent.children === 0 ? 1 : 0);
    return this.permits.active > waiting;
  }

  enter(job: Job): void {
    if (job.parent !== null && job.parent.children++ === 0) this.waiting++;
  }

  /** To be called when `job` is settled. */
  leave(job: Job): void {
    if (job.children > 0) this.waiting--;
    job.children = 0;
    const { parent } = job;
    job.parent = job.caller = null;
    // A parent that was settled before this one has been counted out already.
    if (parent !== null && parent.state !== STATE.DONE && --parent.children === 0) this.waiting--;
  }
}

/** The nearest job of `owner` that runs and whose handler is that of `job`, or led to it. */
export function runningAncestor(job: Job | null, owner: object): Job | null {
  for (let candidate = job; candidate !== null; candidate = candidate.caller) {
    if (candidate.owner === owner && candidate.state === STATE.RUNNING) return candidate;
  }
  return null;
}
