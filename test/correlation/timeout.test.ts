import { describe, expect, it } from 'vitest';
import { CorrelationManager } from '../../src/correlation/manager.js';
import { answer, codeOf, failureOf, FakeClock, follow, settle, setUp } from './support.js';

describe('a timeout', () => {
  it.each([1, 2, 31, 32, 33, 1_000, 60_000, 2 ** 31 - 1])('of %d ms fires at the deadline and not before', async (timeout) => {
    const { manager, clock, abandoned } = setUp();
    const fate = follow(manager.registerRequest({ id: 7 }, { timeout }));
    clock.advance(timeout - 1);
    await settle();
    expect([fate.said, manager.isPending(7)]).toEqual(['pending', true]);
    clock.advance(1);
    await settle();
    expect(fate).toMatchObject({ said: 'AIRS_MCP_REQUEST_TIMEOUT', times: 1 });
    expect(String(fate.error)).toContain(`${timeout} ms`);
    expect(abandoned).toEqual([[7, 'AIRS_MCP_REQUEST_TIMEOUT']]);
    expect(manager.statistics()).toMatchObject({ timedOut: 1, pendingCount: 0, avgResponseTime: 0 });
    expect(clock.armed).toBe(0);
  });

  it('has the default of the configuration', async () => {
    const { manager, clock } = setUp({ defaultTimeout: 250 });
    const fates = [undefined, {}, { raw: true }].map((options, id) => follow(manager.registerRequest({ id }, options)));
    clock.advance(249);
    await settle();
    expect(fates.map((fate) => fate.said)).toEqual(Array(3).fill('pending'));
    clock.advance(1);
    await settle();
    expect(fates.map((fate) => fate.said)).toEqual(Array(3).fill('AIRS_MCP_REQUEST_TIMEOUT'));
  });

  it('does not fire when the answer came just before', async () => {
    const { manager, clock } = setUp();
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100 }));
    clock.advance(99);
    manager.correlateResponse(answer(1));
    clock.advance(1_000);
    await settle();
    expect(fate).toMatchObject({ said: '"ok"', times: 1 });
  });

  it('makes the answer that follows late', async () => {
    const { manager, clock } = setUp();
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100 }));
    clock.advance(100);
    expect(manager.correlateResponse(answer(1))).toBe(false);
    await settle();
    expect(fate).toMatchObject({ said: 'AIRS_MCP_REQUEST_TIMEOUT', times: 1 });
    expect(manager.statistics()).toMatchObject({ timedOut: 1, late: 1, completed: 0 });
  });

  it.each([1, 10, 100, 60_000])('is never early, and late by less than a cleanupInterval of %d ms', async (cleanupInterval) => {
    const { manager, clock } = setUp({ cleanupInterval });
    for (const [id, timeout] of [1, 9, 10, 11, 95, 1_001, 70_000].entries()) {
      clock.advance(id * 7);
      const fate = follow(manager.registerRequest({ id }, { timeout }));
      clock.advance(timeout - 1);
      await settle();
      expect(fate.said).toBe('pending');
      clock.advance(cleanupInterval);
      await settle();
      expect(fate.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
    }
  });

  it.each([10, 100])('is not hastened by one that fires between two ticks of %d ms, as a clock with fractions shows', async (cleanupInterval) => {
    const { manager, clock } = setUp({ cleanupInterval }, new FakeClock(1_000.4));
    const first = follow(manager.registerRequest({ id: 1 }, { timeout: 2 * cleanupInterval }));
    const second = follow(manager.registerRequest({ id: 2 }, { timeout: 4 * cleanupInterval - 1 }));
    clock.advance(4 * cleanupInterval - 2);
    await settle();
    expect([first.said, second.said]).toEqual(['AIRS_MCP_REQUEST_TIMEOUT', 'pending']);
    clock.advance(cleanupInterval);
    await settle();
    expect(second.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
  });

  it('shares a wake-up with those of the same cleanupInterval', () => {
    const wakeUps = [1, 50].map((cleanupInterval) => {
      const { manager, clock } = setUp({ cleanupInterval }, new FakeClock(0));
      for (let id = 0; id < 50; id++) manager.registerRequest({ id }, { timeout: 101 + id }).catch(() => undefined);
      clock.advance(10_000);
      expect(manager.statistics().timedOut).toBe(50);
      return clock.set;
    });
    expect(wakeUps[0]).toBeGreaterThan(40);
    expect(wakeUps[1]).toBeLessThan(5);
  });
});

describe('the timer', () => {
  it('is one for any number of requests, and is set anew only for an earlier deadline', () => {
    const { manager, clock } = setUp();
    for (let id = 0; id < 1_000; id++) void manager.registerRequest({ id }, { timeout: 5_000 + id });
    expect([clock.armed, clock.set]).toEqual([1, 1]);
    void manager.registerRequest({ id: -1 }, { timeout: 10 });
    expect([clock.armed, clock.set]).toEqual([1, 2]);
  });

  it('is gone when nothing is pending, and back when something is', async () => {
    const { manager, clock } = setUp();
    for (let round = 0; round < 3; round++) {
      expect(clock.armed).toBe(0);
      void manager.registerRequest({ id: 1 });
      void manager.registerRequest({ id: 2 });
      expect(clock.armed).toBe(1);
      manager.correlateResponse(answer(1));
      await settle();
      expect(clock.armed).toBe(1);
      manager.correlateResponse(answer(2));
      await settle();
    }
    expect(clock.armed).toBe(0);
  });

  it('stays as it is for one request after another', async () => {
    const { manager, clock } = setUp();
    const chain = async (id: number): Promise<void> => {
      await manager.registerRequest({ id });
      if (id < 99) await chain(id + 1);
    };
    const done = chain(0);
    for (let id = 0; id < 100; id++) {
      expect([clock.set, clock.armed]).toEqual([1, 1]);
      manager.correlateResponse(answer(id));
      await settle();
    }
    await done;
    expect([clock.set, clock.armed]).toEqual([1, 0]);
  });

  it('stays as it is for requests that are answered before anything else runs', async () => {
    const { manager, clock } = setUp();
    for (let id = 0; id < 100; id++) {
      const promise = manager.registerRequest({ id });
      manager.correlateResponse(answer(id));
      await promise;
    }
    expect(clock.set).toBe(1);
    await settle();
    expect(clock.armed).toBe(0);
  });

  it('wakes a manager seldom that waits long', () => {
    const { manager, clock } = setUp();
    manager.registerRequest({ id: 1 }, { timeout: 3_600_000 }).catch(() => undefined);
    clock.advance(4_000_000);
    expect(manager.statistics().timedOut).toBe(1);
    expect(clock.set).toBeLessThan(8);
  });

  it('that fires early does no harm', async () => {
    const { manager, clock } = setUp();
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100 }));
    clock.jump(-40);
    clock.advance(100);
    await settle();
    expect(fate.said).toBe('pending');
    expect(clock.armed).toBe(1);
    clock.advance(100);
    await settle();
    expect(fate.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
  });
});

describe('a clock that jumps', () => {
  it('backward neither loses nor hastens a timeout', async () => {
    const { manager, clock } = setUp();
    const first = follow(manager.registerRequest({ id: 1 }, { timeout: 100 }));
    clock.advance(50);
    void manager.registerRequest({ id: 2 }, { timeout: 500 }).catch(() => undefined);
    clock.jump(-1_000_000);
    const third = follow(manager.registerRequest({ id: 3 }, { timeout: 100 }));
    clock.advance(49);
    await settle();
    expect(first.said).toBe('pending');
    clock.advance(1);
    await settle();
    expect([first.said, third.said]).toEqual(['AIRS_MCP_REQUEST_TIMEOUT', 'pending']);
    clock.advance(50);
    await settle();
    expect(third.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
    clock.advance(400);
    expect(manager.statistics()).toMatchObject({ timedOut: 3, pendingCount: 0 });
    expect(clock.armed).toBe(0);
  });

  it.each([1_000, 2 ** 31, 2 ** 36, 1e13])('forward by %d ms expires what it jumps over, and nothing else', async (jump) => {
    const { manager, clock } = setUp();
    const timeouts = [10, 500, Math.min(60_000, jump)];
    const before = timeouts.map((timeout, id) => follow(manager.registerRequest({ id }, { timeout })));
    clock.jump(jump);
    const after = follow(manager.registerRequest({ id: 9 }, { timeout: 100 }));
    clock.advance(99);
    await settle();
    expect(before.every((fate) => fate.said === 'AIRS_MCP_REQUEST_TIMEOUT' && fate.times === 1)).toBe(true);
    expect(after.said).toBe('pending');
    clock.advance(1);
    await settle();
    expect(after.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
    expect(manager.statistics()).toMatchObject({ timedOut: 4, pendingCount: 0 });
  });

  it('counts no negative response time', () => {
    const { manager, clock } = setUp();
    void manager.registerRequest({ id: 1 });
    clock.jump(-5_000);
    manager.correlateResponse(answer(1));
    expect(manager.statistics()).toMatchObject({ avgResponseTime: 0, maxResponseTime: 0 });
  });

  it('may show nonsense for a while', async () => {
    const { manager, clock } = setUp();
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100 }));
    const now = clock.now.bind(clock);
    clock.now = () => NaN;
    clock.advance(50);
    clock.now = now;
    clock.advance(50);
    await settle();
    expect(fate).toMatchObject({ said: 'AIRS_MCP_REQUEST_TIMEOUT', times: 1 });
  });
});

describe('a dear clock', () => {
  const dearClock = () => Object.assign(new FakeClock(), { dear: true });

  it('is read once for the calls of one burst', async () => {
    const clock = dearClock();
    let readings = 0;
    const now = clock.now.bind(clock);
    clock.now = () => (readings++, now());
    const { manager } = setUp({}, clock);
    readings = 0;
    for (let id = 0; id < 100; id++) void manager.registerRequest({ id });
    for (let id = 0; id < 100; id++) manager.correlateResponse(answer(id));
    await settle();
    expect(readings).toBe(2);
    void manager.registerRequest({ id: 1 });
    clock.advance(10);
    await settle();
    expect(readings).toBe(4);
  });

  it('makes no timeout early for code that holds the loop up', async () => {
    const { manager, clock } = setUp({ cleanupInterval: 10 }, dearClock());
    const first = follow(manager.registerRequest({ id: 1 }, { timeout: 2_000 }));
    clock.hold(3_000);
    const second = follow(manager.registerRequest({ id: 2 }, { timeout: 2_500 }));
    const limited = follow(manager.registerRequest({ id: 3 }, { timeout: 9_000, maxTotalTimeout: 2_500 }));
    await settle();
    clock.advance(2_000);
    await settle();
    expect([first.said, second.said, limited.said]).toEqual(['AIRS_MCP_REQUEST_TIMEOUT', 'pending', 'pending']);
    clock.advance(499);
    await settle();
    expect([second.said, limited.said]).toEqual(['pending', 'pending']);
    clock.advance(11);
    await settle();
    expect([second.said, limited.said]).toEqual(Array(2).fill('AIRS_MCP_REQUEST_TIMEOUT'));
  });

  it('leaves requests of earlier bursts alone', async () => {
    const { manager, clock } = setUp({}, dearClock());
    const early = follow(manager.registerRequest({ id: 1 }, { timeout: 1_000 }));
    await settle();
    clock.advance(500);
    void manager.registerRequest({ id: 2 });
    clock.hold(400);
    await settle();
    clock.advance(99);
    await settle();
    expect(early.said).toBe('pending');
    clock.advance(1);
    await settle();
    expect(early.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
    expect(manager.isPending(2)).toBe(true);
  });

  it('restarts a timeout from the very moment of the progress', async () => {
    const { manager, clock } = setUp({}, dearClock());
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 1_000, resetTimeoutOnProgress: true }));
    await settle();
    clock.advance(1);
    void manager.registerRequest({ id: 2 });
    clock.hold(600);
    manager.correlateProgress(1, {});
    await settle();
    clock.advance(999);
    await settle();
    expect(fate.said).toBe('pending');
    clock.advance(1);
    await settle();
    expect(fate.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
  });
});

describe('code that runs while requests expire', () => {
  it('may register, cancel, answer, and shut down', async () => {
    const clock = new FakeClock();
    const seen: (string | number)[] = [];
    const fates: ReturnType<typeof follow>[] = [];
    const manager: CorrelationManager = new CorrelationManager({ cleanupInterval: 1 }, {
      clock,
      onAbandoned: (id) => {
        seen.push(id);
        if (id === 1) manager.cancelRequest(2);
        if (id === 3) manager.correlateResponse(answer(4));
        if (id === 5) fates.push(follow(manager.registerRequest({ id: 50 }, { timeout: 20 })));
        if (id === 6) void manager.shutdown();
      },
    });
    fates.push(...[1, 2, 3, 4, 5, 6, 7].map((id) => follow(manager.registerRequest({ id }, { timeout: 10 }))));
    clock.advance(10);
    await settle();
    const [timeout, cancelled, shutdown] = ['AIRS_MCP_REQUEST_TIMEOUT', 'AIRS_MCP_CANCELLED', 'AIRS_MCP_SHUTDOWN'];
    expect(fates.map((fate) => fate.said)).toEqual([timeout, cancelled, timeout, '"ok"', timeout, timeout, shutdown, shutdown]);
    expect(fates.every((fate) => fate.times === 1)).toBe(true);
    expect(seen).toEqual([1, 2, 3, 5, 6]);
    expect(clock.armed).toBe(0);
  });

  it('may register many: the timer is set once, at the end', () => {
    const clock = new FakeClock();
    const manager: CorrelationManager = new CorrelationManager({ cleanupInterval: 1 }, {
      clock,
      onAbandoned: () => {
        for (let id = 0; id < 10; id++) void manager.registerRequest({ id }, { timeout: 1_000 - id });
      },
    });
    manager.registerRequest({ id: 'first' }, { timeout: 10 }).catch(() => undefined);
    clock.advance(10);
    expect([clock.armed, clock.set]).toEqual([1, 2]);
  });

  it('may throw: the others expire all the same', async () => {
    const clock = new FakeClock();
    const onAbandoned = (id: string | number): never => {
      throw new Error(`hook ${id}`);
    };
    const manager = new CorrelationManager({ cleanupInterval: 1 }, { clock, onAbandoned });
    const codes = [1, 2].map((id) => codeOf(manager.registerRequest({ id }, { timeout: 10 })));
    const thrown: string[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error.message));
    clock.advance(10);
    await settle();
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(await Promise.all(codes)).toEqual(Array(2).fill('AIRS_MCP_REQUEST_TIMEOUT'));
    expect(thrown).toEqual(['hook 1', 'hook 2']);
  });
});

describe('a maximum total timeout', () => {
  it('holds without progress', async () => {
    const { manager, clock } = setUp();
    const promise = failureOf(manager.registerRequest({ id: 1 }, { timeout: 500, maxTotalTimeout: 100 }));
    clock.advance(99);
    expect(manager.isPending(1)).toBe(true);
    clock.advance(1);
    const message = expect.stringContaining('maxTotalTimeout of 100 ms');
    expect(await promise).toMatchObject({ code: 'AIRS_MCP_REQUEST_TIMEOUT', message });
  });

  it('does not lengthen a shorter timeout', async () => {
    const { manager, clock } = setUp();
    const promise = failureOf(manager.registerRequest({ id: 1 }, { timeout: 50, maxTotalTimeout: 100 }));
    clock.advance(50);
    expect(await promise).toMatchObject({ message: expect.stringContaining('50 ms') });
  });
});
