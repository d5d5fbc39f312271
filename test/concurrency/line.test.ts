import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Line, type LineMember } from '../../src/concurrency/line.js';
import { Permits } from '../../src/concurrency/permits.js';

class Member implements LineMember<Member> {
  line: Line<Member> | null = null;
  ahead: Member | null = null;
  behind: Member | null = null;

  constructor(readonly value: number) {}
}

describe('the line', () => {
  it('agrees with an array under any pushes, shifts and removals', () => {
    const step = fc.oneof(
      fc.constant({ kind: 'push' as const }),
      fc.constant({ kind: 'shift' as const }),
      fc.nat(20).map((which) => ({ kind: 'remove' as const, which })),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const line = new Line<Member>();
      const members: Member[] = [];
      let model: Member[] = [];
      for (const action of steps) {
        if (action.kind === 'push') {
          const member = new Member(members.length);
          members.push(member);
          model.push(member);
          line.push(member);
        } else if (action.kind === 'shift') {
          expect(line.shift()).toBe(model.shift() ?? null);
        } else {
          const member = members[action.which];
          if (member === undefined) continue;
          expect(line.remove(member)).toBe(model.includes(member));
          model = model.filter((other) => other !== member);
        }
        expect(line.toArray().map(({ value }) => value)).toEqual(model.map(({ value }) => value));
        expect([line.size, line.head]).toEqual([model.length, model[0] ?? null]);
      }
    }));
  });

  it('does not remove what stands in another', () => {
    const line = new Line<Member>();
    const other = new Line<Member>();
    const member = new Member(1);
    other.push(member);
    expect([line.remove(member), other.size]).toEqual([false, 1]);
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
