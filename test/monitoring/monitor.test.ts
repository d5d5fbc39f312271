import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';
import { CorrelationManager } from '../../src/correlation/manager.js';
import type { Alert } from '../../src/monitoring/alerts.js';
import { type MonitorOptions, RuntimePerformanceMonitor } from '../../src/monitoring/monitor.js';
import { ProcessSampler, type Sample, type Sampler } from '../../src/monitoring/sampler.js';
import { DEFAULT_THRESHOLDS } from '../../src/monitoring/thresholds.js';
import { connected, until } from '../peer/support.js';

const MIB = 1024 * 1024;

/** A process whose figures the test sets, and whose time it turns. */
class FakeProcess implements Sampler {
  started = 0;
  stopped = 0;
  now = 1_000;
  figures = { rss: 100 * MIB, heapUsed: 10 * MIB, heapTotal: 20 * MIB, external: 5 * MIB, arrayBuffers: 4 * MIB };
  cpuTime = 0;
  loopActive = 0;
  gcTime = 0;
  delay = 1;
  ticks: (() => void)[] = [];

  start(): void {
    this.started++;
  }
  stop(): void {
    this.stopped++;
  }
  sample(): Sample {
    const none = { count: 0, time: 0 };
    return {
      now: this.now, ...this.figures, cpuTime: this.cpuTime, loopActive: this.loopActive, loopIdle: this.now - this.loopActive,
      gc: { minor: none, major: { count: this.gcTime, time: this.gcTime }, incremental: none, weak: none },
      loopDelay: { p50: this.delay, p90: this.delay, p99: this.delay, max: this.delay },
    };
  }
  /** Ends an interval in which so much time was used (ms). */
  pass(used: { cpu?: number; gc?: number; active?: number } = {}): void {
    this.now += 1_000;
    this.cpuTime += used.cpu ?? 0;
    this.gcTime += used.gc ?? 0;
    this.loopActive += used.active ?? 0;
    for (const tick of this.ticks) tick();
  }
}

function watched(options: MonitorOptions = {}) {
  const fake = new FakeProcess();
  const clock = {
    every: (_interval: number, tick: () => void) => {
      fake.ticks.push(tick);
      return () => void (fake.ticks = []);
    },
  };
  const monitor = new RuntimePerformanceMonitor({ sampler: fake, clock, ...options });
  const alerts: Alert[] = [];
  monitor.on('alert', (alert) => alerts.push(alert));
  return { fake, monitor, alerts, told: () => alerts.splice(0).map(({ name, state }) => `${name} ${state}`) };
}

describe('the monitor', () => {
  it('shows memory now, and shares of the last whole interval', () => {
    const { fake, monitor } = watched();
    monitor.start();
    fake.pass({ cpu: 250, gc: 100, active: 500 });
    fake.now += 10;
    fake.cpuTime += 10;
    fake.figures.rss = 7;
    expect(monitor.snapshot()).toMatchObject({
      interval: 1_000, cpu: 0.25, memory: { rss: 7, heapUsed: 10 * MIB, arrayBuffers: 4 * MIB },
      gc: { share: 0.1, major: { count: 100, time: 100 }, minor: { count: 0 } }, loop: { utilization: 0.5, delay: { p99: 1 } },
      buffers: { bytes: 0, utilization: undefined, hitRatio: undefined }, parts: [], alerts: [],
    });
  });

  it('shows shares since its start before an interval has ended, and a moment without one', () => {
    const { fake, monitor } = watched();
    expect(monitor.snapshot()).toMatchObject({ interval: 0, cpu: 0, gc: { share: 0 } });
    monitor.start();
    fake.now += 100;
    fake.cpuTime += 50;
    expect(monitor.snapshot()).toMatchObject({ interval: 100, cpu: 0.5 });
  });

  it('starts and stops once each', () => {
    const { fake, monitor } = watched();
    monitor.stop();
    monitor.start().start();
    monitor.stop();
    monitor.stop();
    expect([fake.started, fake.stopped, fake.ticks.length]).toEqual([1, 1, 0]);
  });

  it.each([
    ['memory', (fake: FakeProcess) => (fake.figures.rss = 1025 * MIB), (fake: FakeProcess) => (fake.figures.rss = 1000 * MIB), (fake: FakeProcess) => (fake.figures.rss = 900 * MIB)],
    ['loopDelay', (fake: FakeProcess) => (fake.delay = 101), (fake: FakeProcess) => (fake.delay = 95), (fake: FakeProcess) => (fake.delay = 90)],
  ])('alerts once when %s crosses its threshold, and once when it has recovered', (name, cross, waver, recover) => {
    const { fake, monitor, told } = watched();
    monitor.start();
    fake.pass();
    expect(told()).toEqual([]);
    cross(fake);
    fake.pass();
    fake.pass();
    waver(fake);
    fake.pass();
    expect(monitor.snapshot().alerts).toEqual([name]);
    expect(told()).toEqual([`${name} raised`]);
    recover(fake);
    fake.pass();
    fake.pass();
    expect(told()).toEqual([`${name} cleared`]);
    expect(monitor.snapshot().alerts).toEqual([]);
    cross(fake);
    fake.pass();
    expect(told()).toEqual([`${name} raised`]);
  });

  it.each([['cpu', { cpu: 801 }, { cpu: 721 }, { cpu: 720 }], ['gc', { gc: 501 }, { gc: 451 }, { gc: 450 }], ['loopUtilization', { active: 901 }, { active: 811 }, { active: 810 }]])(
    'alerts of %s by the share of an interval',
    (name, high, wavering, low) => {
      const { fake, monitor, told } = watched();
      monitor.start();
      for (const used of [high, wavering, high, wavering]) fake.pass(used);
      expect(told()).toEqual([`${name} raised`]);
      fake.pass(low);
      expect(told()).toEqual([`${name} cleared`]);
    },
  );

  it('alerts of pools that are lent out, and of requests that miss', () => {
    const { fake, monitor, told, alerts } = watched();
    const buffers = new BufferManager({ bufferPoolSize: 10, readBufferCapacity: 16, writeBufferCapacity: 16 });
    monitor.watch(buffers);
    monitor.start();
    const lent = Array.from({ length: 10 }, () => buffers.tryAcquireReadBuffer());
    fake.pass();
    expect(monitor.snapshot().buffers).toMatchObject({ utilization: 1, hitRatio: undefined, bytes: 160, heldBytes: 160 });
    for (let i = 0; i < 100; i++) buffers.tryAcquireReadBuffer();
    fake.pass();
    expect(alerts.map(({ advice }) => advice).join()).toContain('buffer.bufferPoolSize');
    expect(told()).toEqual(['poolUtilization raised', 'poolHitRatio raised']);
    for (const buffer of lent) buffer?.release();
    fake.pass();
    // Nothing was asked for: that tells nothing about hits.
    expect(told()).toEqual(['poolUtilization cleared']);
    for (let i = 0; i < 100; i++) buffers.tryAcquireReadBuffer()?.release();
    fake.pass();
    expect(told()).toEqual(['poolHitRatio cleared']);
  });

  it('gives the value, the threshold, its unit, and which option to change', () => {
    const { fake, monitor, alerts } = watched({ thresholds: { memory: 50 * MIB, cpu: 0.1 } });
    fake.figures.heapUsed = 90 * MIB;
    monitor.start();
    fake.pass({ cpu: 500 });
    expect(alerts).toMatchObject([
      { name: 'memory', value: 100 * MIB, threshold: 50 * MIB, unit: 'bytes', advice: expect.stringContaining("JavaScript's heap") },
      { name: 'cpu', value: 0.5, threshold: 0.1, unit: 'ratio', advice: expect.stringContaining('processor.workerModule'), metrics: { cpu: 0.5 } },
    ]);
  });

  it.each(Object.keys(DEFAULT_THRESHOLDS))('has no alert of %s where that is turned off', (name) => {
    const { fake, monitor, told } = watched({ thresholds: { [name]: false } });
    monitor.start();
    fake.figures.rss = 2 ** 40;
    fake.delay = 1e6;
    fake.pass({ cpu: 1e6, gc: 1e6, active: 1e6 });
    expect(told()).not.toContain(`${name} raised`);
  });

  it('is refused bad options, all at once', () => {
    const options = { interval: 1, thresholds: { cpu: -1, gc: 2, poolHitRatio: NaN, heat: 5 } };
    expect(() => new RuntimePerformanceMonitor(options)).toThrow(/interval.*thresholds\.cpu.*thresholds\.gc.*thresholds\.poolHitRatio.*thresholds\.heat/);
  });
});

describe('watching', () => {
  it('shows a peer with all its parts, by name, until its transport closes', async () => {
    const pair = await connected({ a: () => 1 });
    const { monitor } = watched();
    monitor.watch(pair.near, 'client');
    monitor.watch(pair.far, 'server');
    await pair.near.request('a');
    const [client, server] = monitor.snapshot().parts;
    expect(client).toMatchObject({ name: 'client', buffers: [{ transfers: { messagesSent: 1 } }], correlation: [{ completed: 1 }], processor: [{ totalProcessed: 0 }] });
    expect(server).toMatchObject({ name: 'server', correlation: [{ completed: 0 }], processor: [{ totalProcessed: 1 }] });
    await pair.close();
    await until(() => monitor.snapshot().parts.length === 0);
  });

  it('shows parts by themselves, those under one name together, and each once', async () => {
    const { monitor } = watched();
    const buffers = new BufferManager();
    const pair = await connected({}, {}, {}, { buffers });
    onTestFinished(pair.close);
    const stop = [
      monitor.watch(buffers), monitor.watch(pair.near.transport), monitor.watch(pair.far.transport),
      monitor.watch(new CorrelationManager()), monitor.watch(new ConcurrentJsonRpcProcessor({}, () => 1)),
    ];
    const [only] = monitor.snapshot().parts;
    expect([only?.name, only?.buffers.length, only?.correlation.length, only?.processor.length]).toEqual(['default', 1, 1, 1]);
    for (const each of stop) each();
    for (const each of stop) each();
    expect(monitor.snapshot().parts).toEqual([]);
  });

  it('refuses what has no statistics', () => {
    for (const wrong of [{}, null, 5]) expect(() => watched().monitor.watch(wrong as never)).toThrow(/peers, transports/);
  });

  it('is bounded', () => {
    const { monitor } = watched();
    for (let i = 0; i < 10_000; i++) monitor.watch(Object.create(CorrelationManager.prototype) as CorrelationManager);
    expect(() => monitor.watch(new CorrelationManager())).toThrow(/10000 parts/);
  });
});

describe("the process's own figures", () => {
  it('are real', async () => {
    const sampler = new ProcessSampler();
    sampler.start();
    const before = sampler.sample(true);
    const kept: unknown[] = [];
    for (let i = 0; i < 200_000; i++) kept.push({ i });
    globalThis.gc?.();
    await until(() => sampler.sample(false).gc.major.count > 0 && sampler.sample(false).loopDelay.max > 0);
    const after = sampler.sample(true);
    sampler.stop();
    expect(after.rss).toBeGreaterThan(after.heapUsed);
    expect(after.cpuTime).toBeGreaterThan(before.cpuTime);
    expect(after.gc.major.time).toBeGreaterThan(0);
    expect(after.loopActive + after.loopIdle).toBeGreaterThan(0);
    await setImmediate();
    expect(sampler.sample(false).loopDelay.max).toBe(0);
  });

  it("don't keep the process open", () => {
    const program = `import { RuntimePerformanceMonitor } from ${JSON.stringify(join(import.meta.dirname, '../../dist/index.js'))}; new RuntimePerformanceMonitor({ interval: 10 }).start(); process.exitCode = 7;`;
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 }).status).toBe(7);
  });
});
