import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FIGURES } from '../../src/monitoring/figures.js';
import { RuntimePerformanceMonitor } from '../../src/monitoring/monitor.js';
import { PrometheusCollector, type PrometheusOptions } from '../../src/monitoring/prometheus.js';
import { connected, until } from '../peer/support.js';

function collecting(options: PrometheusOptions = {}) {
  const registry = new Registry();
  const collector = new PrometheusCollector({ registry, ...options });
  onTestFinished(() => collector.close());
  const lines = async (pattern: RegExp) => (await registry.metrics()).split('\n').filter((line) => pattern.test(line));
  return { registry, collector, lines };
}

const HANDLERS = {
  add: () => 1,
  fail: () => {
    throw new Error('no');
  },
};

describe('the Prometheus collector', () => {
  it('shows what is watched when it is scraped', async () => {
    const { collector, lines } = collecting();
    const pair = await connected(HANDLERS);
    onTestFinished(pair.close);
    collector.watch(pair.near, 'client');
    collector.watch(pair.far, 'server');
    await pair.near.request('add');
    await pair.near.request('fail').catch(() => undefined);
    expect(await lines(/^airs_mcp_(calls|requests)_total.*(completed|failed).* [1-9]/)).toEqual([
      'airs_mcp_calls_total{name="client",outcome="completed"} 1',
      'airs_mcp_calls_total{name="client",outcome="failed"} 1',
      'airs_mcp_requests_total{name="server",outcome="completed"} 1',
      'airs_mcp_requests_total{name="server",outcome="failed"} 1',
    ]);
    expect(await lines(/^airs_mcp_messages_sent_total/)).toEqual(['airs_mcp_messages_sent_total{name="client"} 2', 'airs_mcp_messages_sent_total{name="server"} 2']);
    expect(await lines(/^airs_mcp_buffers_limit\{name="client",pool="read"\} 100/)).toHaveLength(1);
  });

  it('times calls in both directions, in seconds, by method', async () => {
    const { lines } = collecting({ durationBuckets: [60] });
    const pair = await connected(HANDLERS);
    onTestFinished(pair.close);
    await pair.near.request('add');
    await pair.near.request('fail').catch(() => undefined);
    const [call] = await lines(/^airs_mcp_call_duration_seconds_sum.*add/);
    expect(Number(call?.split(' ')[1])).toBeLessThan(60);
    expect(await lines(/_count/)).toEqual([
      'airs_mcp_call_duration_seconds_count{method="add",outcome="completed"} 1',
      'airs_mcp_call_duration_seconds_count{method="fail",outcome="failed"} 1',
      'airs_mcp_request_duration_seconds_count{method="add",outcome="completed"} 1',
      'airs_mcp_request_duration_seconds_count{method="fail",outcome="failed"} 1',
    ]);
  });

  it('bounds the methods that become labels', async () => {
    const { lines } = collecting();
    const pair = await connected(HANDLERS);
    onTestFinished(pair.close);
    await Promise.allSettled(Array.from({ length: 150 }, (_, i) => pair.near.request(`m${i}`)));
    expect(await lines(/^airs_mcp_request_duration_seconds_count/)).toHaveLength(101);
    expect(await lines(/request_duration_seconds_count\{method="other"/)).toEqual(['airs_mcp_request_duration_seconds_count{method="other",outcome="failed"} 50']);
  });

  it('adds up what shares a name, and its sums outlive their connections', async () => {
    const { collector, lines } = collecting();
    const first = await connected(HANDLERS);
    const second = await connected(HANDLERS);
    for (const { near } of [first, second]) collector.watch(near);
    await Promise.all([first.near.request('add'), second.near.request('add')]);
    const completed = () => lines(/^airs_mcp_calls_total\{name="default",outcome="completed"\}/);
    expect((await completed())[0]).toMatch(/ 2$/);
    await first.close();
    await until(() => true);
    await second.near.request('add');
    expect((await completed())[0]).toMatch(/ 3$/);
    await second.close();
    expect((await completed())[0]).toMatch(/ 3$/);
    expect((await lines(/^airs_mcp_calls_pending/))[0]).toMatch(/ 0$/);
  });

  it('counts frames that are refused', async () => {
    const { lines } = collecting();
    const pair = await connected(HANDLERS);
    onTestFinished(pair.close);
    await (pair.near.transport as never as { sendBytes(bytes: Uint8Array): Promise<void> }).sendBytes(Buffer.from('noise'));
    await pair.near.request('add');
    expect(await lines(/^airs_mcp_frames_refused_total/)).toEqual(['airs_mcp_frames_refused_total{code="AIRS_MCP_PARSE_ERROR"} 1']);
  });

  it("shows a monitor's figures, and its alerts", async () => {
    const every = (_interval: number, tick: () => void) => ((turn = tick), () => undefined);
    let turn = (): void => undefined;
    const monitor = new RuntimePerformanceMonitor({ thresholds: { memory: 1 }, clock: { every } }).start();
    onTestFinished(() => monitor.stop());
    const { lines } = collecting({ monitor });
    turn();
    expect(await lines(/^airs_mcp_alerts\{alert="memory"\} 1$/)).toHaveLength(1);
    expect(await lines(/^airs_mcp_event_loop_delay_seconds\{quantile="0.99"\}/)).toHaveLength(1);
  });

  it("keeps to Prometheus' conventions for names", async () => {
    const { registry } = collecting({ monitor: new RuntimePerformanceMonitor() });
    const metrics = registry.getMetricsAsArray() as unknown as { name: string; help: string; type?: string; constructor: { name: string } }[];
    expect(metrics.length).toBeGreaterThan(FIGURES.length);
    for (const { name, help, constructor } of metrics) {
      expect(name).toMatch(/^airs_mcp_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(constructor.name === 'Counter');
      if (constructor.name === 'Histogram') expect(name).toMatch(/_seconds$/);
      expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|percent)(_|$)/);
      expect(help).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('has a prefix of its own where asked, and leaves the registry as it was', async () => {
    const { registry, collector } = collecting({ prefix: 'mine_' });
    expect(registry.getSingleMetric('mine_calls_total')).toBeDefined();
    collector.close();
    expect(registry.getMetricsAsArray()).toEqual([]);
    expect(() => collecting({ registry }).collector.watch({} as never)).toThrow(/peers/);
  });
});
