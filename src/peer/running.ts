import { STATE } from '../concurrency/job.js';
import { type IdKey, keyOf, keyOfId } from '../correlation/key.js';
import type { JsonRpcMessage } from '../message/message.js';
import type { Reply } from './replies.js';

/** The key of a request whose id is null: JSON-RPC 2.0 section 4 discourages it, and it is echoed all the same. */
const NULL_KEY = '\0null';
/** Begins the key of a number that equals another's by value, but is written otherwise: 1.0 beside 1. */
const EXACT = '\0=';

/** The other side's requests in flight. */
export class RunningRequests {
  readonly #replies = new Map<IdKey, Reply>();

  get size(): number {
    return this.#replies.size;
  }

  /** The key that a request is to be added under; undefined where one with its id is in flight. */
  keyFor(request: JsonRpcMessage): IdKey | undefined {
    const key = keyOf(request) ?? NULL_KEY;
    const other = this.#replies.get(key);
    if (other === undefined) return key;
    const exact = typeof key === 'number' ? exactKey(request, other.request) : undefined;
    return exact === undefined || this.#replies.has(exact) ? undefined : exact;
  }

  add(reply: Reply): void {
    this.#replies.set(reply.key, reply);
  }

  remove(reply: Reply): void {
    this.#replies.delete(reply.key);
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
    if (typeof id === 'string' || Number.isSafeInteger(id)) return this.#replies.get(keyOfId(id as string | number) as IdKey); // has a key
    if (typeof id !== 'number') return undefined;
    // Its digits are lost, so that several ids may read as this number: then none is meant for sure.
    const alike = [...this.#replies.values()].filter((reply) => reply.request.id === id);
    return alike.length === 1 ? alike[0] : undefined;
  }

  #of(request: JsonRpcMessage): Reply | undefined {
    const key = keyOf(request) ?? NULL_KEY;
    const reply = this.#replies.get(key);
    if (reply === undefined || reply.request === request) return reply;
    const other = typeof key === 'number' ? this.#replies.get(EXACT + (request.idText as string)) : undefined; // a request has an id
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
