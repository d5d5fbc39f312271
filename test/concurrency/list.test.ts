import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { List, type Place } from '../../src/concurrency/list.js';
import { Permits } from '../../src/concurrency/permits.js';

describe('the list', () => {
  it('agrees with an array under any pushes, shifts and removals', () => {
    const step = fc.oneof(
      fc.constant({ kind: 'push' as const }),
      fc.constant({ kind: 'shift' as const }),
      fc.nat(20).map((which) => ({ kind: 'remove' as const, which })),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const list = new List<number>();
      const places: Place<number>[] = [];
      let model: number[] = [];
      for (const action of steps) {
        if (action.kind === 'push') {
          model.push(places.length);
          places.push(list.push(places.length));
        } else if (action.kind === 'shift') {
          expect(list.shift()).toBe(model.shift());
        } else {
          const place = places[action.which];
          if (place === undefined) continue;
          expect(list.remove(place)).toBe(model.includes(place.value));
          model = model.filter((value) => value !== place.value);
        }
        expect([list.toArray(), list.size, list.head, list.tail]).toEqual([model, model.length, model[0], model.at(-1)]);
      }
    }));
  });

  it('does not remove what is in another list', () => {
    const list = new List<number>();
    const other = new List<number>();
    const place = other.push(1);
    expect([list.remove(place), other.size]).toEqual([false, 1]);
  });
});

describe('permits', () => {
  it('go to one holder each, up to the limit', () => {
    const permits = new Permits(2);
    const holders = [{ permit: false }, { permit: false }, { permit: false }];
    expect(holders.map((holder) => permits.take(holder))).toEqual([true, true, false]);
    expect([permits.active, permits.peak, permits.free]).toEqual([2, 2, false]);
  });

  it('cannot be taken twice by one holder, nor given back twice', () => {
    const permits = new Permits(2);
    const holder = { permit: false };
    const other = { permit: false };
    permits.take(other);
    expect([permits.take(holder), permits.take(holder)]).toEqual([true, false]);
    expect([permits.give(holder), permits.give(holder), permits.give(holder)]).toEqual([true, false, false]);
    expect(permits.active).toBe(1);
  });
});
