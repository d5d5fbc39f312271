import { PRESSURE_BEGAN, PRESSURE_ENDED, type PressureEvent } from '../base/channels.js';

/** Told when pressure begins (`true`) and when it ends. Must not throw. */
export type PressureListener = (on: boolean) => void;

/**
 * Counts what consumers hold: bytes, or requests. Pressure begins when it exceeds the threshold and ends
 * at half of it or below, so that sources do not flicker between paused and reading.
 */
export class PressureGauge {
  readonly threshold: number;
  /** Held now. */
  held = 0;
  /** Most held so far. */
  peakHeld = 0;
  /** How often pressure began. */
  count = 0;
  readonly #of: PressureEvent['of'];
  #on = false;
  readonly #listeners = new Set<PressureListener>();

  /** @param of what is counted */
  constructor(threshold: number, of: PressureEvent['of'] = 'bytes') {
    this.threshold = threshold;
    this.#of = of;
  }

  get on(): boolean {
    return this.#on;
  }

  hold(bytes: number): void {
    this.held += bytes;
    if (this.held > this.peakHeld) this.peakHeld = this.held;
    if (this.held > this.threshold && !this.#on) {
      this.count += 1;
      this.#turn(true);
    }
  }

  unhold(bytes: number): void {
    this.held = Math.max(0, this.held - bytes);
    if (this.#on && this.held * 2 <= this.threshold) this.#turn(false);
  }

  /** Returns the function that unsubscribes. A listener that is already subscribed is not added again. */
  listen(listener: PressureListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #turn(on: boolean): void {
    this.#on = on;
    const channel = on ? PRESSURE_BEGAN : PRESSURE_ENDED;
    if (channel.hasSubscribers) channel.publish({ of: this.#of, held: this.held, threshold: this.threshold });
    for (const listener of this.#listeners) {
      listener(on);
      // The listener turned it back, and everyone has been told so.
      if (this.#on !== on) return;
    }
  }
}
