import { describe, expect, it } from 'vitest';
import type { IdKey } from '../../src/correlation/key.js';
import { PendingRequest } from '../../src/correlation/pending.js';
import { PendingTable } from '../../src/correlation/table.js';
import { Random } from '../support/random.js';

const requestOf = (key: IdKey) => new PendingRequest(key, { at: 0 }, 1, undefined);

const KEYS: ((random: Random, step: number) => IdKey)[] = [
  (_, step) => step,
  (random) => random.below(600),
  (random) => random.below(600) - 300,
  (random) => random.below(40) * 256,
  (random) => 2 ** 31 + random.below(50) * 2 ** 20,
  (random) => Number.MAX_SAFE_INTEGER - random.below(300),
  (random) => String(random.below(600)),
];

describe('the table of pending requests', () => {
  it.each([1, 2, 3])('agrees with a Map whatever the ids, seed %d', (seed) => {
    const random = new Random(seed);
    const table = new PendingTable();
    const model = new Map<IdKey, PendingRequest>();
    for (let step = 0; step < 10_000; step++) {
      const key = random.pick(KEYS)(random, step);
      const found = table.get(key);
      expect(found).toBe(model.get(key));
      if (found === undefined) {
        const request = requestOf(key);
        table.add(request);
        model.set(key, request);
      } else if (random.oneIn(2)) {
        table.delete(found);
        model.delete(key);
      }
      if (model.size > 900 && random.oneIn(3)) {
        const [oldest] = model.values();
        if (oldest !== undefined) table.delete(oldest);
        if (oldest !== undefined) model.delete(oldest.key);
      }
      expect(table.size).toBe(model.size);
    }
    expect(new Set(table.all())).toEqual(new Set(model.values()));
    expect(table.all()).toHaveLength(model.size);
  });

  it('treats zero and minus zero as one', () => {
    const table = new PendingTable();
    table.add(requestOf(-0));
    expect(table.get(0)?.key).toBe(-0);
  });
});
