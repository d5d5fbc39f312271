import type { IdKey } from './key.js';
import type { PendingRequest } from './pending.js';

const INITIAL_SLOTS = 256;

/**
 * The pending requests by id.
 *
 * Ids are nearly always counted up, so a number's place is its last bits in an array that is at least twice as
 * long as what it holds: a third of a Map's cost. A number whose place is taken, and every string, is in a Map.
 */
export class PendingTable {
  #slots = new Array<PendingRequest | undefined>(INITIAL_SLOTS).fill(undefined);
  #inSlots = 0;
  readonly #others = new Map<IdKey, PendingRequest>();

  get size(): number {
    return this.#inSlots + this.#others.size;
  }

  get(key: IdKey): PendingRequest | undefined {
    if (typeof key === 'number') {
      const found = this.#slots[key & (this.#slots.length - 1)];
      if (found !== undefined && found.key === key) return found;
    }
    return this.#others.size === 0 ? undefined : this.#others.get(key);
  }

  /** Adds a request whose key is not in the table. */
  add(request: PendingRequest): void {
    if (this.#inSlots * 2 >= this.#slots.length) this.#grow();
    const { key } = request;
    if (typeof key === 'number') {
      const place = key & (this.#slots.length - 1);
      if (this.#slots[place] === undefined) {
        this.#slots[place] = request;
        this.#inSlots++;
        return;
      }
    }
    this.#others.set(key, request);
  }

  /** Removes a request that is in the table. */
  delete(request: PendingRequest): void {
    const { key } = request;
    if (typeof key === 'number') {
      const place = key & (this.#slots.length - 1);
      if (this.#slots[place] === request) {
        this.#slots[place] = undefined;
        this.#inSlots--;
        return;
      }
    }
    this.#others.delete(key);
  }

  /** All requests, in no particular order. */
  all(): PendingRequest[] {
    return [...this.#slots.filter((request) => request !== undefined), ...this.#others.values()];
  }

  #grow(): void {
    const requests = this.all();
    this.#slots = new Array<PendingRequest | undefined>(this.#slots.length * 2).fill(undefined);
    this.#inSlots = 0;
    this.#others.clear();
    for (const request of requests) this.add(request);
  }
}
