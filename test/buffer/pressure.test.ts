import { describe, expect, it } from 'vitest';
import { PressureGauge } from '../../src/buffer/pressure.js';

function recorded(threshold: number) {
  const gauge = new PressureGauge(threshold);
  const events: boolean[] = [];
  const unsubscribe = gauge.listen((on) => events.push(on));
  return { gauge, events, unsubscribe };
}

describe('pressure', () => {
  it('begins past the threshold, not at it', () => {
    const { gauge, events } = recorded(100);
    gauge.hold(99);
    gauge.hold(1);
    expect([gauge.on, gauge.count, events]).toEqual([false, 0, []]);
    gauge.hold(1);
    expect([gauge.on, gauge.count, events]).toEqual([true, 1, [true]]);
    gauge.hold(50);
    expect([gauge.count, events]).toEqual([1, [true]]);
  });

  it('ends at half of the threshold, not before', () => {
    const { gauge, events } = recorded(100);
    gauge.hold(101);
    gauge.unhold(50);
    expect([gauge.held, gauge.on]).toEqual([51, true]);
    gauge.unhold(1);
    expect([gauge.held, gauge.on, events]).toEqual([50, false, [true, false]]);
    gauge.hold(51);
    expect([gauge.on, gauge.count]).toEqual([true, 2]);
  });

  it('ends below half of an odd threshold, and at zero of a threshold of 1', () => {
    const odd = recorded(5).gauge;
    odd.hold(6);
    odd.unhold(3);
    expect(odd.on).toBe(true);
    odd.unhold(1);
    expect(odd.on).toBe(false);

    const one = recorded(1).gauge;
    one.hold(2);
    one.unhold(1);
    expect(one.on).toBe(true);
    one.unhold(1);
    expect(one.on).toBe(false);
  });

  it('never counts below zero, and remembers the peak', () => {
    const { gauge } = recorded(100);
    gauge.hold(30);
    gauge.unhold(40);
    gauge.hold(5);
    expect([gauge.held, gauge.peakHeld]).toEqual([5, 30]);
  });

  it('is not told to those who unsubscribed, also while it is being told', () => {
    const { gauge, events, unsubscribe } = recorded(1);
    let calls = 0;
    const stop = gauge.listen(() => {
      calls += 1;
      stop();
    });
    gauge.hold(2);
    unsubscribe();
    unsubscribe();
    gauge.unhold(2);
    expect([events, calls]).toEqual([[true], 1]);
  });

  it('leaves every listener with the last state when one of them turns it back', () => {
    const gauge = new PressureGauge(10);
    const seen: boolean[] = [];
    gauge.listen((on) => {
      if (on) gauge.unhold(11);
    });
    gauge.listen((on) => seen.push(on));
    gauge.hold(11);
    expect(gauge.on).toBe(false);
    expect(seen).toEqual([false]);
  });
});
