import { Family, type Job, STATE } from './job.js';
import type { Permits } from './permits.js';

/** Notes that `job`, of `owner`, was submitted in the handler of `caller`. */
export function adopt(job: Job, caller: Job, owner: object): void {
  const family = (job.family ??= new Family());
  family.caller = caller;
  family.parent = runningAncestor(caller, owner);
}

export function parentOf(job: Job): Job | null {
  return job.family === null ? null : job.family.parent;
}

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
    const waiting = this.waiting + ((parent.family?.children ?? 0) === 0 ? 1 : 0);
    return this.permits.active > waiting;
  }

  enter(job: Job): void {
    const parent = parentOf(job);
    if (parent !== null && (parent.family ??= new Family()).children++ === 0) this.waiting++;
  }

  /** To be called when `job` is settled. */
  leave({ family }: Job): void {
    if (family === null) return;
    if (family.children > 0) this.waiting--;
    family.children = 0;
    const { parent } = family;
    family.parent = family.caller = null;
    // A parent that was settled before this one has been counted out already.
    if (parent === null || parent.state === STATE.DONE) return;
    const siblings = parent.family as Family; // made when this one entered
    if (--siblings.children === 0) this.waiting--;
  }
}

/** The nearest job of `owner` that runs and whose handler is that of `job`, or led to it. */
export function runningAncestor(job: Job | null, owner: object): Job | null {
  for (let candidate = job; candidate !== null; candidate = candidate.family?.caller ?? null) {
    if (candidate.owner === owner && candidate.state === STATE.RUNNING) return candidate;
  }
  return null;
}
