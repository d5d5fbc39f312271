import { POOL_EXHAUSTED } from '../base/channels.js';
import { AirsMcpError } from '../base/errors.js';
import { type Lease, Slab, type SlabAllocator, type SlabOwner } from './slab.js';

interface Waiter {
  resolve(slab: Slab): void;
  reject(reason: unknown): void;
  timer: NodeJS.Timeout;
}

export interface SlabPoolOptions {
  /** Names the pool in messages. */
  kind: 'read' | 'write';
  /** Of each slab (bytes). */
  capacity: number;
  /** Slabs lent at a time (count). */
  size: number;
  allocator: SlabAllocator;
  /** A lent slab was collected without a release; `held` is what its lease still held (bytes). */
  onLost(held: number): void;
}

/**
 * Lends up to `size` slabs of one capacity. Slabs are made on demand; the last one returned goes out
 * first, its memory still in cache. One permit goes with each lent slab and comes back once: when the
 * last holder releases it, or when it is collected unreleased (the pool itself holds no reference to it).
 *
 * Whoever waits is served in order. Invariant: somebody waits only while all permits are out.
 */
export class SlabPool implements SlabOwner {
  readonly kind: 'read' | 'write';
  readonly capacity: number;
  readonly size: number;
  /** Slabs taken from the free list, or handed on by a release. */
  hits = 0;
  /** Requests that needed new memory, or were not served. */
  misses = 0;
  peakLent = 0;
  timeouts = 0;
  doubleReleases = 0;
  lostToGc = 0;
  retired = 0;
  readonly #allocator: SlabAllocator;
  readonly #onLost: (held: number) => void;
  readonly #free: Slab[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #collected = new FinalizationRegistry((lease: Lease) => this.#settleLost(lease));
  #lent = 0;
  #closed = false;

  constructor(options: SlabPoolOptions) {
    this.kind = options.kind;
    this.capacity = options.capacity;
    this.size = options.size;
    this.#allocator = options.allocator;
    this.#onLost = (held) => options.onLost(held);
  }

  get lent(): number {
    return this.#lent;
  }

  get free(): number {
    return this.#free.length;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * A slab with the caller as its holder; undefined when all permits are out or the pool is closed,
   * which is not yet a miss. Throws what the allocator throws, and keeps the permit then.
   */
  take(): Slab | undefined {
    if (this.#lent >= this.size || this.#closed) return this.#exhausted();
    const slab = this.#reuse() ?? this.#create();
    this.#lent += 1;
    if (this.#lent > this.peakLent) this.peakLent = this.#lent;
    return slab.lend();
  }

  /**
   * Waits for a slab behind those who already wait.
   *
   * @param timeout ms; 0 does not wait
   * @throws AirsMcpError `AIRS_MCP_POOL_TIMEOUT` after `timeout`, `AIRS_MCP_POOL_CLOSED` at close(); what the allocator throws
   */
  wait(timeout: number): Promise<Slab> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new AirsMcpError('AIRS_MCP_POOL_CLOSED'));
      } else if (timeout === 0) {
        reject(this.#timedOut(timeout));
      } else {
        const waiter: Waiter = { resolve, reject, timer: setTimeout(() => this.#expire(waiter, timeout), timeout) };
        this.#waiters.add(waiter);
      }
    });
  }

  reclaim(slab: Slab): void {
    this.#lent -= 1;
    if (slab.exposed) this.retired += 1;
    else if (!this.#closed) this.#free.push(slab);
    if (this.#waiters.size > 0) this.#serve();
  }

  overReleased(): void {
    this.doubleReleases += 1;
  }

  /** Rejects everyone who waits and drops the free slabs; lent ones are dropped when they return. Twice is harmless. */
  close(): void {
    this.#closed = true;
    this.#free.length = 0;
    for (const waiter of this.#waiters) this.#dismiss(waiter).reject(new AirsMcpError('AIRS_MCP_POOL_CLOSED'));
  }

  #exhausted(): undefined {
    if (!POOL_EXHAUSTED.hasSubscribers || this.#closed) return;
    POOL_EXHAUSTED.publish({ pool: this.kind, size: this.size, waiting: this.#waiters.size });
  }

  #reuse(): Slab | undefined {
    const slab = this.#free.pop();
    if (slab !== undefined) this.hits += 1;
    return slab;
  }

  #create(): Slab {
    this.misses += 1;
    const slab = new Slab(this.#allocator.allocate(this.capacity), this.capacity, this);
    // Once per slab rather than once per lease: registering costs more than a whole acquire.
    this.#collected.register(slab, slab.lease);
    return slab;
  }

  /** Hands permits that came back to those who wait. A failure to allocate is the waiter's, not the releaser's. */
  #serve(): void {
    for (const waiter of this.#waiters) {
      if (this.#lent >= this.size) return;
      this.#dismiss(waiter);
      try {
        // There is a permit, and a closed pool has no waiters, so there is a slab.
        waiter.resolve(this.take() as Slab);
      } catch (error) {
        waiter.reject(error);
      }
    }
  }

  #dismiss(waiter: Waiter): Waiter {
    this.#waiters.delete(waiter);
    clearTimeout(waiter.timer);
    return waiter;
  }

  #expire(waiter: Waiter, timeout: number): void {
    this.#waiters.delete(waiter);
    waiter.reject(this.#timedOut(timeout));
  }

  #timedOut(timeout: number): AirsMcpError {
    this.timeouts += 1;
    this.misses += 1;
    const text = `no ${this.kind} buffer came free within ${timeout} ms: all ${this.size} are lent`;
    return new AirsMcpError('AIRS_MCP_POOL_TIMEOUT', text);
  }

  /** A slab that was retired or dropped is collected too, but its permit came back at its release. */
  #settleLost(lease: Lease): void {
    if (!lease.lent) return;
    this.#lent -= 1;
    this.lostToGc += 1;
    this.#onLost(lease.held);
    this.#serve();
  }
}
