/**
 * Deadlines in ticks, by the thousand: O(1) to add and to remove whatever the mix.
 *
 * A hierarchical timing wheel. Level L has 32 slots of 32^L ticks each; a node lies in the level whose
 * span its remaining time needs, in the slot of its due tick there:
 *
 *     level 0   |.|.|x|.| ... |.|        32 slots of 1 tick: all nodes of a slot are due at once
 *     level 1   |.|x|.|.| ... |x|        32 slots of 32 ticks: moved down when their first tick comes
 *     ...
 *     level 6                            32 slots of 2^30 ticks
 *
 * A slot is a circular list through the nodes themselves, oldest first, so nothing is allocated. One
 * bit for each slot tells whether it holds anything, so finding the next event reads seven integers.
 */

const LEVELS = 7;
const BITS = 5;
const SLOTS = 1 << BITS;
/** Ticks in a slot of each level. Powers of two, so dividing is exact. */
const SPAN = Array.from({ length: LEVELS }, (_, level) => SLOTS ** level);
/** Remaining ticks from which on a node goes to the last level without a look at its bits. */
const IN_REACH = SPAN[LEVELS - 1] as number;
/** Behind the levels' slots: the list of nodes whose time has come. */
const DUE = LEVELS * SLOTS;
/** Not in any list. */
export const NOWHERE = -1;

/**
 * What a wheel needs of its nodes. The fields are the wheel's alone. A class whose objects are made by the million has these
 * members of its own: a constructor that calls another one is not compiled into its caller.
 */
export abstract class WheelNode {
  /** The tick at which the node is due. */
  due = 0;
  slot: number = NOWHERE;
  previous: this = this;
  next: this = this;

  /** Whether it is in a wheel. */
  get scheduled(): boolean {
    return this.slot !== NOWHERE;
  }
}

export class Wheel<T extends WheelNode> {
  readonly #heads = new Array<T | null>(DUE + 1).fill(null);
  readonly #occupied = new Int32Array(LEVELS);
  #current = 0;
  #size = 0;
  /** The tick that was added last since the wheel moved, and its slot: requests of one burst and one timeout share both. */
  #lastDue = NaN;
  #lastSlot = NOWHERE;

  /** How many nodes there are, those that are due included. */
  get size(): number {
    return this.#size;
  }

  /** Adds a node, which must not be in a wheel. One whose tick has passed is due at the next {@link advance}. */
  add(node: T, due: number): void {
    node.due = due;
    this.#size++;
    if (due === this.#lastDue) return this.#put(node, this.#lastSlot);
    this.#place(node);
    if (node.slot === DUE) return;
    this.#lastDue = due;
    this.#lastSlot = node.slot;
  }

  /** Removes a node; harmless where it is not in the wheel. */
  remove(node: T): void {
    if (!node.scheduled) return;
    this.#size--;
    this.#unlink(node);
  }

  /** The next tick at which {@link advance} has work to do: no node is due before. Infinity where there is none. */
  nextEvent(): number {
    return this.#heads[DUE] === null ? this.#nextTurn() : this.#current;
  }

  /** Moves on to tick `now`; what is due by then waits for {@link takeDue}. A `now` that has passed changes nothing. */
  advance(now: number): void {
    for (let at = this.#nextTurn(); at <= now; at = this.#nextTurn()) this.#turn(at);
    if (now > this.#current) this.#moveTo(now);
  }

  /** Removes and returns a node that is due, in the order of their ticks; null where none is left. */
  takeDue(): T | null {
    const node = this.#heads[DUE] as T | null;
    if (node !== null) this.remove(node);
    return node;
  }

  /** The first tick of the next slot that holds anything. */
  #nextTurn(): number {
    let soonest = Infinity;
    for (let level = 0; level < LEVELS; level++) {
      const bits = this.#occupied[level] as number;
      if (bits === 0) continue;
      const span = SPAN[level] as number;
      const index = Math.floor(this.#current / span);
      // The bits in the order in which their slots come, from the slot after the current one.
      const first = (index + 1) & (SLOTS - 1);
      const coming = (bits >>> first) | (bits << (SLOTS - first));
      const distance = SLOTS - Math.clz32(coming & -coming);
      soonest = Math.min(soonest, (index + distance) * span);
    }
    return soonest;
  }

  #moveTo(tick: number): void {
    this.#current = tick;
    this.#lastDue = NaN;
  }

  /** Makes `at`, the next event, the current tick: sorts the slots that start there into lower levels. */
  #turn(at: number): void {
    this.#moveTo(at);
    for (let level = LEVELS - 1; level >= 0; level--) {
      const span = SPAN[level] as number;
      if (at % span !== 0) continue;
      const slot = level * SLOTS + ((at / span) & (SLOTS - 1));
      for (let node = this.#heads[slot] as T | null; node !== null; node = this.#heads[slot] as T | null) {
        this.#unlink(node);
        this.#place(node);
      }
    }
  }

  #place(node: T): void {
    const remaining = node.due - this.#current;
    if (remaining <= 0) return this.#link(node, DUE);
    const level = remaining < IN_REACH ? ((31 - Math.clz32(remaining)) / BITS) | 0 : LEVELS - 1;
    const span = SPAN[level] as number;
    let index = Math.floor(node.due / span);
    // After a leap of the clock a node may lie beyond the last level: it is placed again when its slot comes.
    if (level === LEVELS - 1) index = Math.min(index, Math.floor(this.#current / span) + SLOTS - 1);
    this.#put(node, level * SLOTS + (index & (SLOTS - 1)));
  }

  /** Links a node into the slot of a level. */
  #put(node: T, slot: number): void {
    const level = slot >> BITS;
    this.#occupied[level] = (this.#occupied[level] as number) | (1 << (slot & (SLOTS - 1)));
    this.#link(node, slot);
  }

  #link(node: T, slot: number): void {
    const head = this.#heads[slot] as T | null;
    node.slot = slot;
    if (head === null) {
      node.previous = node.next = node;
      this.#heads[slot] = node;
      return;
    }
    node.next = head;
    node.previous = head.previous;
    head.previous.next = node;
    head.previous = node;
  }

  #unlink(node: T): void {
    const { slot, next } = node;
    node.slot = NOWHERE;
    if (next !== node) {
      next.previous = node.previous;
      node.previous.next = next;
      if (this.#heads[slot] === node) this.#heads[slot] = next;
      node.previous = node.next = node;
      return;
    }
    this.#heads[slot] = null;
    if (slot !== DUE) this.#occupied[slot >> BITS] = (this.#occupied[slot >> BITS] as number) & ~(1 << (slot & (SLOTS - 1)));
  }
}
