import { MAX_TIMER_DELAY } from '../base/limits.js';
import { BurstTime, type Moment, SOON } from './burst.js';
import type { Clock } from './clock.js';
import { Wheel, type WheelNode } from '../base/wheel.js';

/** What to do with nodes. Neither must throw; both may add and remove nodes. */
export interface DeadlineEvents<T> {
  /** Gets a node that is due, already removed. */
  expire(node: T): void;
  /**
   * Running code held the loop up from `start`, which was given as the time to all who asked for it meanwhile, to `end`
   * (ms). What was added then would expire too early.
   */
  heldUp(start: Moment, end: number): void;
}

/**
 * Calls back for each node whose deadline has passed, by one timer for all of them. Deadlines are rounded up
 * to a multiple of `interval`. The timer is armed for the next one only, and only while there are nodes.
 */
export class Deadlines<T extends WheelNode> {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #events: DeadlineEvents<T>;
  readonly #time: BurstTime;
  readonly #wheel = new Wheel<T>();
  #timer: unknown = null;
  /** The tick that the timer is armed for; Infinity where it is not. */
  #armedFor = Infinity;

  /** @param interval the length of a tick (ms) */
  constructor(clock: Clock, interval: number, events: DeadlineEvents<T>) {
    this.#clock = clock;
    this.#interval = interval;
    this.#events = events;
    this.#time = new BurstTime(clock, (start, end) => this.#endBurst(start, end));
  }

  /** The time, never falling; of one burst of calls perhaps that of the first. */
  now(): Moment {
    return this.#time.now();
  }

  /** The time (ms), never falling. */
  exactNow(): number {
    return this.#time.exact();
  }

  /** Adds a node that is due at `deadline`; `now` is a time just given by {@link now} or {@link exactNow}. */
  add(node: T, deadline: number, now: number): void {
    const tick = this.tickOf(deadline);
    this.#wheel.add(node, tick);
    if (tick < this.#armedFor) this.#arm(tick, now);
  }

  /** Gives a node that is there another deadline. */
  move(node: T, deadline: number, now: number): void {
    this.#wheel.remove(node);
    this.add(node, deadline, now);
  }

  /** The tick at which something with this deadline is due. */
  tickOf(deadline: number): number {
    return Math.ceil(deadline / this.#interval);
  }

  /**
   * Removes a node; harmless where it is not there.
   *
   * Callers that make one request after another empty the wheel each time. To disarm at once would cost each
   * request a timer, so the timer goes after the burst, and after those who awaited what was settled in it.
   */
  remove(node: T): void {
    this.#wheel.remove(node);
    if (this.#wheel.size === 0) this.#time.begin();
  }

  /** Stops the timer if there is no node left. */
  disarmIfIdle(): void {
    if (this.#wheel.size > 0) return;
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#armedFor = Infinity;
  }

  readonly #disarm = (): void => {
    // The end of a burst that has begun since looks again.
    if (!this.#time.inBurst) this.disarmIfIdle();
  };

  #endBurst(start: Moment | null, end: number): void {
    if (start !== null && end - start.at > this.#interval) this.#events.heldUp(start, end);
    if (this.#wheel.size === 0) void SOON.then(this.#disarm);
  }

  #arm(tick: number, now: number): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#armedFor = tick;
    const delay = Math.ceil(tick * this.#interval - now);
    this.#timer = this.#clock.setTimer(this.#sweep, Math.min(Math.max(delay, 1), MAX_TIMER_DELAY));
  }

  readonly #sweep = (): void => {
    // The tick it was armed for stays noted: no later deadline arms the timer in the middle of the sweep, its end does.
    this.#timer = null;
    this.#wheel.advance(Math.floor(this.exactNow() / this.#interval));
    for (let node = this.#wheel.takeDue(); node !== null; node = this.#wheel.takeDue()) this.#events.expire(node);
    this.#armedFor = Infinity;
    const next = this.#wheel.nextEvent();
    if (next !== Infinity) this.#arm(next, this.exactNow());
  };
}
