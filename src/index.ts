/**
 * A JSON-RPC 2.0 / MCP message engine: what `airs-mcp` exports.
 *
 * @module airs-mcp
 */

/*
 * The levels, each importing only from those below it:
 *
 *     index                     the public names
 *     cli/                      the command line
 *     mcp/  monitoring/         drop-in transports for the MCP SDKs; configuration, monitor, metrics, tracing
 *     peer/                     calls in both directions over one transport
 *     transport/                bytes to and from the outside
 *     correlation/              our calls: ids, deadlines, settled exactly once
 *     concurrency/              their calls: a bounded queue, priorities, worker threads
 *     message/                  bytes to and from messages
 *     buffer/                   pooled memory, leases, pressure
 *     backend/                  the scanner: native, or its equal in JavaScript
 *     base/                     wire types, errors, limits
 */

export { type AirsMcpErrorCode, type AirsMcpErrorOptions, AirsMcpError, ERROR_TABLE } from './base/errors.js';
export type {
  MessageKind, RequestId, WireError, WireErrorObject, WireMessage, WireNotification, WireRequest, WireResponse,
} from './base/wire.js';
export {
  type CallEvent, type CallFailure, type ChannelEvents, type ChannelName, type ChildExitEvent, type ClosedEvent, type MessageEvent,
  type ObservedMessage, type PoolExhaustedEvent, type PressureEvent, type RefusedFrameEvent, type SettledEvent, type TransportEvent,
  subscribe,
} from './base/channels.js';
export { type BackendInfo, backendInfo } from './backend/select.js';
export type { BufferConfig } from './buffer/config.js';
export { BufferManager } from './buffer/manager.js';
export type { TransferCounters } from './buffer/counters.js';
export type { BufferMetrics, PoolMetrics, ZeroCopyMetrics } from './buffer/metrics.js';
export type { OneOffMetrics } from './buffer/oneoff.js';
export { PooledBuffer } from './buffer/pooled.js';
export type { PressureListener } from './buffer/pressure.js';
export { type RawJson, rawJson } from './message/json.js';
export type { Framing } from './message/framer.js';
export { type BatchInfo, JsonRpcMessage } from './message/message.js';
export type { Intent } from './message/salvage.js';
export { type ParserBufferStats, StreamingParser, type StreamingConfig } from './message/parser.js';
export { ChildProcessTransport, type ChildProcessOptions } from './transport/child.js';
export type { MessageBytes, Transport, TransportOptions, ZeroCopyTransport } from './transport/contract.js';
export { DEFAULT_INHERITED_ENV_VARS, getDefaultEnvironment } from './transport/environment.js';
export { createMemoryTransportPair } from './transport/memory.js';
export { SocketTransport, type SocketOptions, type SocketTarget } from './transport/socket.js';
export { StdioTransport, type StdioOptions } from './transport/stdio.js';
export type { StderrMode } from './transport/stderr.js';
export { StreamingTransport, type StreamingTransportConfig, type StreamingTransportStats } from './transport/streaming.js';
export type { Answer } from './correlation/answer.js';
export type { CorrelationConfig } from './correlation/config.js';
export type { Identified } from './correlation/key.js';
export { CorrelationManager } from './correlation/manager.js';
export type { RequestOptions } from './correlation/options.js';
export type { CorrelationStatistics } from './correlation/statistics.js';
export type { ProcessorConfig } from './concurrency/config.js';
export type { Durations, ProcessorStatistics } from './concurrency/counters.js';
export type { HandlerContext } from './concurrency/job.js';
export type { Priority } from './concurrency/priority.js';
export { ConcurrentJsonRpcProcessor, type ProcessOptions, type ShutdownOptions } from './concurrency/processor.js';
export type { RequestHandler } from './concurrency/runner.js';
export type { WorkerHandler } from './concurrency/worker.js';
export { type ProfileOptions, profileCriticalSection, type ProfileResult } from './monitoring/profile.js';
export type { FrameKind, ProfiledFunction, ProfileShares } from './monitoring/profile-tree.js';
export { AirsMcpRemoteError } from './base/remote.js';
export { RequestContext } from './peer/context.js';
export type { CallTrace, IncomingCall, Instrumentation, OutgoingCall, RequestTrace } from './peer/instrumentation.js';
export type { AnyMethods, BatchResults, CallArguments, Handler, Handlers, MethodName, ParamsOf, ResultOf } from './peer/methods.js';
export { type BatchCall, JsonRpcPeer, type PeerOptions } from './peer/peer.js';
export type { Machine } from './monitoring/machine.js';
export type { Alert } from './monitoring/alerts.js';
export type { RuntimeMetrics } from './monitoring/metrics.js';
export { type MonitorClock, type MonitorEvents, type MonitorOptions, RuntimePerformanceMonitor } from './monitoring/monitor.js';
export type { PartStatistics, Watchable, WatchablePeer } from './monitoring/parts.js';
export type { GcFigures, GcKind, LoopDelay, Sample, Sampler } from './monitoring/sampler.js';
export type { AlertName, MonitorThresholds } from './monitoring/thresholds.js';
export type { Preset, ProductionProcessorConfig } from './monitoring/presets.js';
export { type ProductionConfig, type ProductionOptions, getProductionConfig } from './monitoring/production.js';
export { type ConnectOptions, connectStdio, serveStdio, type ServeOptions } from './peer/serve.js';
