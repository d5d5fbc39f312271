import { describe, expect, it } from 'vitest';
import { Wheel, WheelNode } from '../../src/base/wheel.js';
import { Random } from '../support/random.js';

class Node extends WheelNode {}

function drain(wheel: Wheel<Node>): number[] {
  const ticks: number[] = [];
  for (let node = wheel.takeDue(); node !== null; node = wheel.takeDue()) ticks.push(node.due);
  return ticks;
}

/** A wheel at tick `now` with one node. */
function wheelWith(now: number, due: number): Wheel<Node> {
  const wheel = new Wheel<Node>();
  wheel.advance(now);
  wheel.add(new Node(), due);
  return wheel;
}

describe('a timing wheel', () => {
  const spans = [0, 1, 2, 3, 4, 5, 6].map((level) => 32 ** level);
  const edges = spans.flatMap((span) => [span - 1, span, span + 1, 31 * span, 32 * span - 1]);
  const delays = [...new Set(edges)].filter((delay) => delay > 0);

  it.each([0, 1, 31, 32, 33, 1_023, 123_456_789, 2 ** 31 - 1, 2 ** 32 + 5])('fires at the very tick, from tick %d', (now) => {
    for (const delay of delays) {
      const wheel = wheelWith(now, now + delay);
      wheel.advance(now + delay - 1);
      expect(wheel.takeDue()).toBeNull();
      expect(wheel.nextEvent()).toBe(now + delay);
      wheel.advance(now + delay);
      expect(drain(wheel)).toEqual([now + delay]);
      expect([wheel.size, wheel.nextEvent()]).toEqual([0, Infinity]);
    }
  });

  it('takes what is due already at the next advance', () => {
    const wheel = wheelWith(10, 50);
    wheel.advance(20);
    wheel.add(new Node(), 20);
    wheel.add(new Node(), 3);
    expect(wheel.nextEvent()).toBe(20);
    wheel.advance(20);
    expect(drain(wheel)).toEqual([20, 3]);
  });

  it('fires in the order of the ticks, and within one in the order of adding', () => {
    const wheel = new Wheel<Node>();
    const nodes = Array.from({ length: 50 }, () => new Node());
    nodes.forEach((node, i) => wheel.add(node, 100 + (i % 5)));
    wheel.advance(1_000);
    const order: number[] = [];
    for (let node = wheel.takeDue(); node !== null; node = wheel.takeDue()) order.push(nodes.indexOf(node));
    expect(order).toEqual([...order].sort((a, b) => (a % 5) - (b % 5) || a - b));
    expect(order).toHaveLength(50);
  });

  it('fires a tick that it had just before on time as well, though it moved or was emptied between', () => {
    for (const delay of delays) {
      const wheel = wheelWith(0, delay);
      wheel.advance(delay - 1);
      wheel.add(new Node(), delay);
      const gone = new Node();
      wheel.add(gone, delay + 40);
      wheel.remove(gone);
      wheel.add(new Node(), delay + 40);
      wheel.advance(delay);
      expect(drain(wheel)).toEqual([delay, delay]);
      expect(wheel.nextEvent()).toBeLessThanOrEqual(delay + 40);
      wheel.advance(delay + 39);
      expect(wheel.takeDue()).toBeNull();
      wheel.advance(delay + 40);
      expect(drain(wheel)).toEqual([delay + 40]);
    }
  });

  it('finds what lies beyond its last level', () => {
    const wheel = wheelWith(0, 5);
    const far = [2 ** 34, 2 ** 35 - 1, 2 ** 35, 2 ** 36 + 1, 2 ** 40];
    for (const due of far) wheel.add(new Node(), due);
    for (const due of [5, ...far]) {
      wheel.advance(due - 1);
      expect(wheel.takeDue()).toBeNull();
      wheel.advance(due);
      expect(drain(wheel)).toEqual([due]);
    }
  });

  it('lets a node that is due be removed before it is taken', () => {
    const wheel = new Wheel<Node>();
    const [first, second] = [new Node(), new Node()];
    wheel.add(first, 1);
    wheel.add(second, 1);
    wheel.advance(5);
    wheel.remove(second);
    wheel.remove(second);
    expect(wheel.takeDue()).toBe(first);
    expect(wheel.takeDue()).toBeNull();
    expect(wheel.size).toBe(0);
  });

  it.each([1, 2, 3, 4, 5])('agrees with a plain list, seed %d', (seed) => {
    const random = new Random(seed);
    const wheel = new Wheel<Node>();
    const model = new Set<Node>();
    let now = 0;
    const delay = (): number => random.below(32 ** (1 + random.below(5))) + (random.oneIn(50) ? 2 ** 31 : 0);
    for (let step = 0; step < 5_000; step++) {
      const action = random.below(10);
      if (action < 5) {
        const node = new Node();
        wheel.add(node, now + delay() - random.below(3));
        model.add(node);
      } else if (action < 7 && model.size > 0) {
        const node = random.pick([...model].slice(0, 20));
        wheel.remove(node);
        model.delete(node);
      } else {
        const soonest = Math.min(Infinity, ...[...model].map((node) => node.due));
        expect(wheel.nextEvent()).toBeLessThanOrEqual(Math.max(soonest, now));
        now += random.oneIn(3) && soonest < Infinity ? Math.max(0, soonest - now - random.below(2)) : delay();
        wheel.advance(now);
        const expected = [...model].filter((node) => node.due <= now);
        const taken: Node[] = [];
        for (let node = wheel.takeDue(); node !== null; node = wheel.takeDue()) taken.push(node);
        expect(new Set(taken)).toEqual(new Set(expected));
        expect(taken).toHaveLength(expected.length);
        for (const node of taken) model.delete(node);
      }
      expect(wheel.size).toBe(model.size);
    }
  });
});
