import { describe, expect, it } from 'vitest';
import { SlabPool } from '../../src/buffer/pool.js';
import type { Slab } from '../../src/buffer/slab.js';
import { PlainMemory, seededRandom } from './memory.js';

const SIZE = 4;

/** Performs random operations on a pool and keeps account of what must be true. */
class Model {
  readonly memory = new PlainMemory();
  readonly pool = new SlabPool({ kind: 'write', capacity: 8, size: SIZE, allocator: this.memory, onLost: () => undefined });
  /** Lent slabs with their number of holders. */
  readonly holders = new Map<Slab, number>();
  readonly exposed = new Set<Slab>();
  readonly views = new Map<Uint8Array, number>();
  /** Waits that were not served yet, in order of arrival, and the order in which they were. */
  readonly queue: number[] = [];
  readonly served: number[] = [];
  readonly random: (bound: number) => number;
  #arrivals = 0;
  #tooMany = 0;
  #stamp = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  async step(): Promise<void> {
    const operations = [this.take, this.take, this.wait, this.retain, this.release, this.release, this.release, this.expose];
    operations[this.random(operations.length)]?.call(this);
    // Grants arrive in microtasks.
    await Promise.resolve();
    await Promise.resolve();
    this.check();
  }

  take(): void {
    const slab = this.pool.take();
    expect(slab === undefined).toBe(this.holders.size === SIZE);
    if (slab !== undefined) this.#accept(slab);
  }

  wait(): void {
    if (this.holders.size < SIZE || this.queue.length > 5) return;
    const arrival = this.#arrivals++;
    this.queue.push(arrival);
    void this.pool.wait(60_000).then((slab) => {
      expect(this.queue.shift()).toBe(arrival);
      this.served.push(arrival);
      this.#accept(slab);
    });
  }

  retain(): void {
    const slab = this.#any();
    if (slab === undefined) return;
    slab.retain();
    this.holders.set(slab, (this.holders.get(slab) ?? 0) + 1);
  }

  release(): void {
    const slab = this.#any();
    if (slab === undefined) return;
    const left = (this.holders.get(slab) ?? 0) - 1;
    if (left > 0) this.holders.set(slab, left);
    else this.holders.delete(slab);
    slab.release();
    if (left === 0 && this.queue.length === 0) {
      // Nobody took it, so one release more must change nothing.
      slab.release();
      this.#tooMany += 1;
    }
  }

  expose(): void {
    const slab = this.#any();
    if (slab === undefined) return;
    this.exposed.add(slab);
    this.views.set(slab.expose(0, 8), slab.bytes[0] ?? -1);
  }

  check(): void {
    expect(this.pool.lent).toBe(this.holders.size);
    expect(this.pool.lent + this.pool.free).toBeLessThanOrEqual(SIZE);
    expect(this.pool.waiting).toBe(this.queue.length);
    expect(this.pool.doubleReleases).toBe(this.#tooMany);
    const retired = [...this.exposed].filter((slab) => !this.holders.has(slab)).length;
    expect(this.pool.retired).toBe(retired);
    expect(this.memory.requests.length).toBe(this.pool.lent + this.pool.free + retired);
    for (const [view, stamp] of this.views) expect(view.every((byte) => byte === stamp)).toBe(true);
  }

  #accept(slab: Slab): void {
    expect(this.holders.has(slab)).toBe(false);
    expect(this.exposed.has(slab)).toBe(false);
    this.holders.set(slab, 1);
    this.#stamp = (this.#stamp + 1) & 0xff;
    slab.bytes.fill(this.#stamp);
  }

  #any(): Slab | undefined {
    return [...this.holders.keys()][this.random(Math.max(1, this.holders.size))];
  }
}

describe('any sequence of take, wait, retain, release and expose', () => {
  it.each([1, 2, 3, 4, 5])('keeps the permits, lends no slab twice, frees each once (seed %d)', async (seed) => {
    const model = new Model(seed);
    for (let i = 0; i < 600; i += 1) await model.step();
    expect(model.served.length).toBeGreaterThan(10);
    while (model.holders.size > 0) {
      model.release();
      await Promise.resolve();
      await Promise.resolve();
    }
    model.check();
    expect(model.pool.lent).toBe(0);
  });
});
