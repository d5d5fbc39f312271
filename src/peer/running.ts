import { STATE } from '../concurrency/job.js';
import { type IdKey, keyOf, keyOfId } from '../correlation/key.js';
import type { JsonRpcMessage } from '../message/message.js';
import type { Reply } from './replies.js';

/** The key of a request whose id is null: JSON-RPC 2.0 section 4 discourages it, and it is echoed all the same. */
const NULL_KEY = '\0null';
/** Begins the key of a number that equals another's by value, but is written otherwise: 1.0 beside 1. */
const EXACT = '\0=';

/** Places for ids that are numbers, a power of two: more than the requests that a processor takes by default. */
const SLOTS = 2048;

/**
 * The other side's requests in flight.
 *
 * Ids are nearly always counted up, so a number's place is its last bits in an array: a third of a Map's cost. A
 * number whose place is taken, and every string, is in a Map.
 */
export class RunningRequests {
  readonly #slots = new Array<Reply | undefined>(SLOTS).fill(undefined);
  readonly #others = new Map<IdKey, Reply>();

  /** The key that a request is to be added under; undefined where one with its id is in flight. */
  keyFor(request: JsonRpcMessage): IdKey | undefined {
    const key = keyOf(request) ?? NULL_KEY;
    const other = this.#get(key);
    if (other === undefined) return this.#others.size > 0 && this.#others.has(EXACT + (request.idText as string)) ? undefined : key; // it has an id
    const exact = typeof key === 'number' ? exactKey(request, other.request) : undefined;
    return exact === undefined || this.#others.has(exact) ? undefined : exact;
  }

  add(reply: Reply): void {
    const { key } = reply;
    if (typeof key === 'number' && this.#slots[key & (SLOTS - 1)] === undefined) this.#slots[key & (SLOTS - 1)] = reply;
    else this.#others.set(key, reply);
  }

  remove(reply: Reply): void {
    const { key } = reply;
    if (typeof key === 'number' && this.#slots[key & (SLOTS - 1)] === reply) this.#slots[key & (SLOTS - 1)] = undefined;
    else this.#others.delete(key);
  }

  /** Whether a request is in flight and its handler not done. Also good for a request that was released. */
  isOpen(request: JsonRpcMessage): boolean {
    try {
      const reply = this.#of(request);
      return reply !== undefined && (reply.job === null || reply.job.state !== STATE.DONE);
    } catch {
      return false; // released, and its id with it
    }
  }

  /** The request that a cancel means by `id`. */
  find(id: unknown): Reply | undefined {
    if (typeof id === 'string') return this.#get(keyOfId(id) as IdKey); // a string has a key
    if (typeof id !== 'number') return undefined;
    const found = Number.isSafeInteger(id) ? this.#get(id) : undefined;
    if (found !== undefined) return found;
    // How it was written is lost, so that several ids may read as this number: then none is meant for sure.
    const alike = [...this.#others.values()].filter((reply) => reply.request.id === id);
    return alike.length === 1 ? alike[0] : undefined;
  }

  #get(key: IdKey): Reply | undefined {
    if (typeof key === 'number') {
      const found = this.#slots[key & (SLOTS - 1)];
      if (found !== undefined && found.key === key) return found;
    }
    return this.#others.size === 0 ? undefined : this.#others.get(key);
  }

  #of(request: JsonRpcMessage): Reply | undefined {
    const key = keyOf(request) ?? NULL_KEY;
    const reply = this.#get(key);
    if (reply === undefined || reply.request === request) return reply;
    const other = typeof key === 'number' ? this.#others.get(EXACT + (request.idText as string)) : undefined; // a request has an id
    return other?.request === request ? other : undefined;
  }
}

/** A key of its own for a number that is written otherwise than `other`, which it equals. */
function exactKey(request: JsonRpcMessage, other: JsonRpcMessage): string | undefined {
  const text = request.idText as string; // a request has an id
  try {
    return text === other.idText ? undefined : EXACT + text;
  } catch {
    return undefined; // its answer waits for its turn, and its text is gone
  }
}
