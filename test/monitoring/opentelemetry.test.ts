import { SpanKind, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { rawJson } from '../../src/message/json.js';
import { OpenTelemetryMetrics, openTelemetry } from '../../src/monitoring/opentelemetry.js';
import type { Handlers } from '../../src/peer/methods.js';
import { connected, facing, notification, request, until } from '../peer/support.js';

const exporter = new InMemorySpanExporter();
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = tracerProvider.getTracer('test');

beforeEach(() => exporter.reset());
afterAll(() => {
  context.disable();
  propagation.disable();
});

async function pairOf(handlers: Handlers, options: Parameters<typeof openTelemetry>[0] = {}) {
  const instrumentation = openTelemetry({ tracerProvider, ...options });
  const pair = await connected(handlers, { instrumentation }, { instrumentation });
  onTestFinished(pair.close);
  return pair;
}

const finished = () => exporter.getFinishedSpans();
const named = (name: string, kind: SpanKind) => finished().find((span) => span.name === name && span.kind === kind);
const { SERVER, CLIENT } = SpanKind;

describe('spans', () => {
  it('of a call, its handler, and what that calls are one trace', async () => {
    const pair = await pairOf({
      'tools/call': async () => {
        await pair.far.request('sampling/createMessage');
        return { content: [] };
      },
    }).then((made) => made);
    await tracer.startActiveSpan('root', async (root) => {
      await pair.near.request('tools/call', { name: 'search' }).catch(() => undefined);
      root.end();
    });
    const root = finished().find(({ name }) => name === 'root');
    const [call, handled] = [named('tools/call search', CLIENT), named('tools/call search', SERVER)];
    const [nested, answered] = [named('sampling/createMessage', CLIENT), named('sampling/createMessage', SERVER)];
    const chain = [root, call, handled, nested, answered].map((span) => span?.spanContext().spanId);
    expect([call, handled, nested, answered].map((span) => span?.parentSpanContext?.spanId)).toEqual(chain.slice(0, 4));
    expect(new Set(finished().map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it("say what OpenTelemetry's conventions for MCP ask for", async () => {
    const pair = await pairOf({
      initialize: () => ({ protocolVersion: '2025-06-18' }),
      'tools/call': () => ({ content: [], isError: true }),
      'resources/read': () => ({}),
      'prompts/get': () => rawJson(Buffer.from('{}')),
    }, { attributes: { 'server.address': 'here' } });
    await pair.near.request('initialize');
    await pair.near.request('tools/call', rawJson(Buffer.from('{"name":"boil"}')));
    await pair.near.request('resources/read', { uri: 'file:///a' });
    await pair.near.request('prompts/get', { name: 'p' });
    for (const kind of [CLIENT, SERVER]) {
      expect(named('tools/call boil', kind)).toMatchObject({
        status: { code: 2 },
        attributes: {
          'mcp.method.name': 'tools/call', 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'boil', 'jsonrpc.request.id': '2',
          'mcp.protocol.version': '2025-06-18', 'error.type': 'tool_error', 'server.address': 'here',
        },
      });
      expect(named('resources/read', kind)?.attributes).toMatchObject({ 'mcp.resource.uri': 'file:///a' });
      expect(named('prompts/get p', kind)?.attributes).toMatchObject({ 'gen_ai.prompt.name': 'p' });
      expect(named('prompts/get p', kind)?.status.code).toBe(0);
    }
  });

  it('say how a call failed', async () => {
    const pair = await pairOf({
      fail: () => {
        throw Object.assign(new Error('out of tea'), { code: -32055 });
      },
      never: () => new Promise(() => undefined),
    });
    await pair.near.request('fail').catch(() => undefined);
    await pair.near.request('never', {}, { signal: AbortSignal.abort() }).catch(() => undefined);
    for (const kind of [CLIENT, SERVER]) {
      expect(named('fail', kind)).toMatchObject({
        status: { code: 2, message: 'out of tea' }, attributes: { 'error.type': '-32055', 'rpc.response.status_code': '-32055' },
      });
    }
    expect(named('never', CLIENT)?.attributes).toMatchObject({ 'error.type': 'AIRS_MCP_CANCELLED' });
  });

  it('follow notifications, and batches', async () => {
    const pair = await pairOf({ note: () => undefined, add: () => 1 });
    await pair.near.notify('note');
    await Promise.all(pair.near.batch([{ method: 'add' }, { method: 'note', notification: true }]));
    await until(() => finished().length === 6);
    const children = finished().filter(({ kind }) => kind === SERVER).map((span) => span.parentSpanContext?.spanId).sort();
    expect(children).toEqual(finished().filter(({ kind }) => kind === CLIENT).map((span) => span.spanContext().spanId).sort());
    expect(named('note', CLIENT)?.attributes['jsonrpc.request.id']).toBeUndefined();
  });

  it("go on from any client's traceparent, and bear what is none", async () => {
    const { say, heard, peer } = await facing({ handlers: { a: () => 1, n: () => undefined }, instrumentation: openTelemetry({ tracerProvider }) });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    say(request(1, 'a', { _meta: { traceparent, tracestate: 'rojo=1' } }), request(2, 'a', { _meta: 7 }), request('x', 'a', { _meta: { traceparent: 5 } }), request(4, 'a', [1]), notification('n'));
    for (let i = 0; i < 4; i++) await heard();
    await until(() => finished().length === 5);
    await peer.close();
    const [first, ...rest] = finished();
    expect(first?.spanContext()).toMatchObject({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
    expect(first?.spanContext().traceState?.get('rojo')).toBe('1');
    expect(first?.parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7', isRemote: true });
    for (const span of rest) expect(span.parentSpanContext).toBeUndefined();
  });

  it('add nothing to params where no SDK is installed', async () => {
    const { heard, peer } = await facing({ instrumentation: openTelemetry() });
    void peer.request('a', { b: 1 }).catch(() => undefined);
    expect(await heard()).toEqual(request(1, 'a', { b: 1 }));
    await peer.close();
  });

  it('read the result of a raw call without changing it', async () => {
    const pair = await pairOf({ 'tools/call': () => rawJson(Buffer.from('{"isError":true}')) });
    const message = await pair.near.request('tools/call', { name: 't' }, { raw: true });
    expect(message.result).toEqual({ isError: true });
    message.release();
    expect(named('tools/call t', CLIENT)?.attributes).toMatchObject({ 'error.type': 'tool_error' });
  });
});

describe('metrics', () => {
  it('are durations by method, and the statistics of what is watched', async () => {
    const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 1e8 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const shown = new OpenTelemetryMetrics({ meterProvider });
    const pair = await pairOf({ 'tools/call': () => ({}) }, { meterProvider });
    shown.watch(pair.near, 'client');
    await pair.near.request('tools/call', { name: 't' });
    await pair.near.request('nothing').catch(() => undefined);
    await meterProvider.forceFlush();
    const all = memory.getMetrics().at(-1)?.scopeMetrics.flatMap(({ metrics: list }) => list) ?? [];
    const points = (name: string) => all.find(({ descriptor }) => descriptor.name === name)?.dataPoints.map(({ attributes, value }) => [attributes, (value as { count?: number }).count ?? value]);
    expect(points('mcp.client.operation.duration')).toEqual([
      [{ 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 't' }, 1],
      [{ 'mcp.method.name': 'nothing', 'error.type': '-32601', 'rpc.response.status_code': '-32601' }, 1],
    ]);
    expect(points('mcp.server.operation.duration')).toHaveLength(2);
    expect(points('airs_mcp.calls')).toContainEqual([{ name: 'client', outcome: 'completed' }, 1]);
    expect(all.find(({ descriptor }) => descriptor.name === 'airs_mcp.received')?.descriptor.unit).toBe('By');
    shown.close();
    await meterProvider.shutdown();
  });

  it('need no SDK', () => {
    trace.disable();
    const shown = new OpenTelemetryMetrics();
    expect(() => shown.watch({} as never)).toThrow(/peers/);
    shown.close();
  });
});
