import type { IdKey } from './key.js';

/** The keys that settled last: to tell an answer that comes late from one to nothing. The oldest is forgotten first. */
export class RecentKeys {
  readonly #keys: (IdKey | null)[];
  #next = 0;

  constructor(capacity: number) {
    this.#keys = new Array<IdKey | null>(capacity).fill(null);
  }

  add(key: IdKey): void {
    this.#keys[this.#next] = key;
    this.#next = this.#next + 1 === this.#keys.length ? 0 : this.#next + 1;
  }

  /** Searches all of them (about 1 us): stray answers are rare, settling is not. */
  has(key: IdKey): boolean {
    return this.#keys.includes(key);
  }
}
