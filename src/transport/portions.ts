import { availableParallelism } from 'node:os';

/** Where two processes can't work at the same time anyway, each write only costs. */
export const PARTED = availableParallelism() > 1;
/** Messages of a tick that leave first (count). */
const FIRST = 4;
/** Each portion is so many times as large as the one before. */
const GROWTH = 4;

/**
 * Parts the messages of one tick into writes: 4, 16, 64, and so on, then the rest.
 *
 * Written all at once they would make two processes take turns: one idles while the other works on all that is in
 * flight. A small portion first lets the other side begin at once; larger ones follow, since one that works needs no
 * waking, and each write costs.
 */
export class Portions {
  private size = FIRST;
  private count = 0;

  /** Counts one more message. Whether it completes a portion. */
  add(): boolean {
    if (!PARTED || ++this.count < this.size) return false;
    this.count = 0;
    this.size *= GROWTH;
    return true;
  }

  /** The tick is over. */
  restart(): void {
    this.size = FIRST;
    this.count = 0;
  }
}
