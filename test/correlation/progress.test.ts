import { describe, expect, it } from 'vitest';
import { answer, follow, settle, setUp } from './support.js';

describe('progress', () => {
  it('is given to the request that it is for, in order, until that settles', async () => {
    const { manager } = setUp();
    const seen: unknown[] = [];
    const promise = manager.registerRequest({ id: 1 }, { onProgress: (progress) => seen.push(progress) });
    void manager.registerRequest({ id: '1' }, { onProgress: () => seen.push('wrong') });
    void manager.registerRequest({ id: 2 });
    expect(manager.correlateProgress(1, { progress: 1 })).toBe(true);
    expect(manager.correlateProgress(1, { progress: 2, total: 3 })).toBe(true);
    expect(manager.correlateProgress(2, { progress: 1 })).toBe(true);
    manager.correlateResponse(answer(1));
    expect(manager.correlateProgress(1, { progress: 3 })).toBe(false);
    await promise;
    expect(seen).toEqual([{ progress: 1 }, { progress: 2, total: 3 }]);
  });

  it('for a settled request is counted apart from that for an unknown one', () => {
    const { manager } = setUp();
    void manager.registerRequest({ id: 1 });
    manager.correlateResponse(answer(1));
    for (const token of [1, '1', null, 5]) expect(manager.correlateProgress(token, {})).toBe(false);
    expect(manager.statistics()).toMatchObject({ lateProgress: 1, unknownProgress: 3, late: 0, unknown: 0 });
  });

  it.each([true, false])('restarts the timeout where that was asked for, listened to: %s', async (listened) => {
    const { manager, clock } = setUp();
    const onProgress = listened ? () => undefined : undefined;
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100, resetTimeoutOnProgress: true, onProgress }));
    for (let round = 0; round < 5; round++) {
      clock.advance(99);
      expect(manager.correlateProgress(1, {})).toBe(true);
    }
    clock.advance(99);
    await settle();
    expect(fate.said).toBe('pending');
    clock.advance(1);
    await settle();
    expect(fate).toMatchObject({ said: 'AIRS_MCP_REQUEST_TIMEOUT', times: 1 });
    expect(clock.armed).toBe(0);
  });

  it('restarts nothing where that was not asked for', async () => {
    const { manager, clock } = setUp();
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100, onProgress: () => undefined }));
    clock.advance(99);
    manager.correlateProgress(1, {});
    clock.advance(1);
    await settle();
    expect(fate.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
  });

  it('does not carry a request past its maximum', async () => {
    const { manager, clock } = setUp();
    const options = { timeout: 100, maxTotalTimeout: 250, resetTimeoutOnProgress: true };
    const fate = follow(manager.registerRequest({ id: 1 }, options));
    for (let round = 0; round < 4; round++) {
      clock.advance(60);
      manager.correlateProgress(1, {});
    }
    clock.advance(9);
    await settle();
    expect(fate.said).toBe('pending');
    clock.advance(1);
    await settle();
    expect(fate.said).toBe('AIRS_MCP_REQUEST_TIMEOUT');
    expect(String(fate.error)).toContain('maxTotalTimeout of 250 ms');
  });

  it('names the timeout, not the maximum, when that was the limit', async () => {
    const { manager, clock } = setUp();
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100, maxTotalTimeout: 250, resetTimeoutOnProgress: true }));
    clock.advance(50);
    manager.correlateProgress(1, {});
    clock.advance(100);
    await settle();
    expect(String(fate.error)).toContain('within 100 ms');
  });

  it('may make the listener settle the request', async () => {
    const { manager } = setUp();
    const onProgress = () => manager.cancelRequest(1);
    const fate = follow(manager.registerRequest({ id: 1 }, { onProgress, resetTimeoutOnProgress: true }));
    expect(manager.correlateProgress(1, {})).toBe(true);
    expect(manager.correlateProgress(1, {})).toBe(false);
    await settle();
    expect(fate).toMatchObject({ said: 'AIRS_MCP_CANCELLED', times: 1 });
  });

  it('whose listener throws tells the caller, after the timeout was restarted', async () => {
    const { manager, clock } = setUp();
    const onProgress = (): never => {
      throw new Error('listener');
    };
    const fate = follow(manager.registerRequest({ id: 1 }, { timeout: 100, onProgress, resetTimeoutOnProgress: true }));
    clock.advance(60);
    expect(() => manager.correlateProgress(1, {})).toThrow('listener');
    clock.advance(60);
    manager.correlateResponse(answer(1));
    await settle();
    expect(fate.said).toBe('"ok"');
  });
});
