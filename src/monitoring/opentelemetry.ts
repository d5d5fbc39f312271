/**
 * `airs-mcp/opentelemetry`: spans and metrics through `@opentelemetry/api`, which the user installs beside an SDK. Names are
 * those of OpenTelemetry's semantic conventions for MCP.
 *
 * @module airs-mcp/opentelemetry
 */

import {
  type Attributes, type BatchObservableCallback, type Context, type Histogram, type Meter, type MeterProvider, type Observable, ROOT_CONTEXT,
  type Span, SpanKind, SpanStatusCode, type Tracer, type TracerProvider, context, metrics, propagation, trace,
} from '@opentelemetry/api';
import type { CallFailure } from '../base/channels.js';
import { JsonRpcMessage } from '../message/message.js';
import type { CallTrace, IncomingCall, Instrumentation, OutgoingCall, RequestTrace } from '../peer/instrumentation.js';
import { FIGURES, type Figure, FigureReader, MethodLabels } from './figures.js';
import { ProtocolVersions, attributesOf, describeIncoming, describeOutgoing, nameOf } from './operation.js';
import type { Watchable } from './parts.js';

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** Default: the API's global one. */
  tracerProvider?: TracerProvider | undefined;
  /** Default: the API's global one. */
  meterProvider?: MeterProvider | undefined;
  /** Added to every span and duration: `server.address`, and what else describes the connection. */
  attributes?: Attributes | undefined;
}

const SCOPE = 'airs-mcp';

/** The bounds that the conventions advise (seconds). */
const BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/**
 * For a peer's option `instrumentation`: a span for each call in both directions, and the histograms
 * `mcp.client.operation.duration` and `mcp.server.operation.duration`. One may serve any number of peers.
 *
 * The context of a call (`traceparent`, `tracestate`, and what else the configured propagator writes) travels in
 * `params._meta`; handlers run in the context of their request's span, so that their own calls belong to the same trace.
 * With `workerModule` handlers run on threads, where that context is not.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): Instrumentation {
  return new Tracing(options);
}

class Tracing implements Instrumentation {
  readonly #tracer: Tracer;
  readonly #attributes: Attributes;
  readonly #called: Histogram;
  readonly #handled: Histogram;
  readonly #methods = new MethodLabels();
  readonly #targets = new MethodLabels();
  readonly #versions = new ProtocolVersions();

  constructor({ tracerProvider, meterProvider, attributes = {} }: OpenTelemetryOptions) {
    this.#tracer = (tracerProvider ?? trace).getTracer(SCOPE);
    this.#attributes = attributes;
    const meter = (meterProvider ?? metrics).getMeter(SCOPE);
    this.#called = durations(meter, 'mcp.client.operation.duration', 'From a call to its settling.');
    this.#handled = durations(meter, 'mcp.server.operation.duration', "From a request's arrival to its answer.");
  }

  call(call: OutgoingCall): CallTrace {
    const operation = describeOutgoing(call);
    const span = this.#start(SpanKind.CLIENT, call, operation, context.active());
    const meta: Record<string, string> = {};
    propagation.inject(trace.setSpan(context.active(), span), meta);
    const finish = this.#finisher(this.#called, call, operation.target, span);
    return {
      meta: Object.keys(meta).length > 0 ? meta : undefined,
      settled: (failure, result) => finish(failure, (pointer) => valueAt(result, pointer)),
    };
  }

  request(call: IncomingCall): RequestTrace {
    const operation = describeIncoming(call);
    const parent = propagation.extract(ROOT_CONTEXT, textsOf(call.message.at('/params/_meta')));
    const span = this.#start(SpanKind.SERVER, call, operation, parent);
    const finish = this.#finisher(this.#handled, call, operation.target, span);
    return {
      run: (handler) => context.with(trace.setSpan(parent, span), handler),
      settled: (failure, response) => finish(failure, (pointer) => response?.at(`/result${pointer}`)),
    };
  }

  #start(kind: SpanKind, call: OutgoingCall | IncomingCall, { target, attributes }: ReturnType<typeof describeIncoming>, parent: Context): Span {
    const version = this.#versions.of(call.peer);
    const ambient = kind === SpanKind.SERVER ? trace.getSpanContext(context.active()) : undefined;
    return this.#tracer.startSpan(nameOf(call.method, target), {
      kind,
      attributes: { ...this.#attributes, ...attributesOf(call, version), ...attributes },
      // What the transport happens to run in led to the request in some way, but is not its cause.
      links: ambient === undefined || !trace.isSpanContextValid(ambient) ? [] : [{ context: ambient }],
    }, parent);
  }

  /** What ends a span, and records how long it was. */
  #finisher(histogram: Histogram, { peer, method }: OutgoingCall | IncomingCall, target: string | undefined, span: Span) {
    const started = performance.now();
    return (failure: CallFailure | undefined, at: (pointer: string) => unknown): void => {
      const duration = (performance.now() - started) / 1000;
      if (failure === undefined && method === 'initialize') this.#versions.note(peer, at('/protocolVersion'));
      const outcome = outcomeOf(failure, method, at);
      if (outcome !== undefined) {
        span.setAttributes(outcome);
        span.setStatus({ code: SpanStatusCode.ERROR, ...(failure === undefined ? {} : { message: failure.message }) });
      }
      span.end();
      const labels: Attributes = { ...this.#attributes, 'mcp.method.name': this.#methods.of(method), ...outcome };
      if (method === 'tools/call' && target !== undefined) labels['gen_ai.tool.name'] = this.#targets.of(target);
      histogram.record(duration, labels);
    };
  }
}

function durations(meter: Meter, name: string, description: string): Histogram {
  return meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: BUCKETS } });
}

/** What failed, as attributes; undefined for a success. A tool's failure is a successful answer that says so. */
function outcomeOf(failure: CallFailure | undefined, method: string, at: (pointer: string) => unknown): Attributes | undefined {
  if (failure === undefined) return method === 'tools/call' && at('/isError') === true ? { 'error.type': 'tool_error' } : undefined;
  const { code, rpcCode } = failure;
  if (rpcCode === undefined) return { 'error.type': code ?? '_OTHER' };
  return { 'error.type': String(rpcCode), 'rpc.response.status_code': String(rpcCode) };
}

function valueAt(result: unknown, pointer: string): unknown {
  if (result instanceof JsonRpcMessage) return result.at(`/result${pointer}`);
  return typeof result === 'object' && result !== null ? (result as Record<string, unknown>)[pointer.slice(1)] : undefined;
}

/** The members that are texts: the other side may send anything. */
function textsOf(meta: unknown): Record<string, string> {
  if (typeof meta !== 'object' || meta === null) return {};
  const texts = Object.entries(meta).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}

/** Shows the statistics of what is watched as metrics `airs_mcp.*`, read when they are exported. */
export class OpenTelemetryMetrics {
  readonly #figures = new FigureReader();
  readonly #meter: Meter;
  readonly #instruments: ReadonlyMap<Figure, Observable>;
  readonly #observe: BatchObservableCallback = (result) => {
    this.#figures.read((figure, labels, value) => {
      const instrument = this.#instruments.get(figure);
      if (instrument !== undefined) result.observe(instrument, value, labels);
    });
  };

  constructor({ meterProvider }: Pick<OpenTelemetryOptions, 'meterProvider'> = {}) {
    this.#meter = (meterProvider ?? metrics).getMeter(SCOPE);
    this.#instruments = new Map(FIGURES.map((figure) => [figure, this.#instrument(figure)]));
    this.#meter.addBatchObservableCallback(this.#observe, [...this.#instruments.values()]);
  }

  /** As `PrometheusCollector.watch`. */
  watch(subject: Watchable, name = 'default'): () => void {
    return this.#figures.watch(subject, name);
  }

  /** Takes the metrics back from the meter. */
  close(): void {
    this.#meter.removeBatchObservableCallback(this.#observe, [...this.#instruments.values()]);
    this.#figures.close();
  }

  #instrument({ name, help, unit, counter }: Figure): Observable {
    const options = { description: help, unit: unit === 'bytes' ? 'By' : '1' };
    const full = `airs_mcp.${name}`;
    return counter ? this.#meter.createObservableCounter(full, options) : this.#meter.createObservableUpDownCounter(full, options);
  }
}
