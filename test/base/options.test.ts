import { describe, expect, it } from 'vitest';
import * as airs from '../../src/index.js';
import { StdioClientTransport } from '../../src/mcp/client-stdio.js';
import { StdioServerTransport } from '../../src/mcp/server-stdio.js';

/** Options that JavaScript may pass. */
const bad = (options: object): never => options as never;
const buffer = { maxMessageSize: -1, readBufferCapacity: Number.NaN, writeBufferCapacity: 2 ** 40, bufferPoolSize: 1.5, poolTimeout: Infinity, enableZeroCopy: 1, backpressureThreshold: 0 };
const framing = { framing: 'xml', maxBatchSize: 0, strictValidation: 'no' };
const transport = { ...framing, closeTimeout: -1, maxSendQueue: Number.NaN, buffer };
const correlation = { defaultTimeout: 0, maxPendingRequests: Number.NaN, cleanupInterval: -1 };
const processor = { workerCount: 0, queueCapacity: -1, requestTimeout: Number.NaN, shutdownTimeout: -1, backpressureThreshold: 2, ordered: 1 };
const peer = { handlers: 5, fallback: 5, protocol: 'xml', onEndOfInput: 'explode', instrumentation: 5, correlation, processor };
const restart = { maxRestarts: -1, initialDelay: Number.NaN, maxDelay: -1, healthyAfter: -1 };
const dropIn = { maxBufferSize: -1, onOversize: 'x', noise: 'x', maxSendQueue: 0, closeTimeout: -1 };

/** Names of options, those inside others too, but not the names of what holds them. */
const namesIn = (options: object): string[] =>
  Object.entries(options).flatMap(([name, value]) => (typeof value === 'object' && value !== null ? namesIn(value as object) : [name]));

/** By what takes them: options of which each is wrong. */
const TAKERS: [string, object, () => unknown][] = [
  ['a buffer manager', buffer, () => new airs.BufferManager(bad(buffer))],
  ['a parser', { ...framing, maxMessageSize: 0, readBufferSize: -1 }, () => new airs.StreamingParser(bad({ ...framing, maxMessageSize: 0, readBufferSize: -1 }))],
  ['a correlation', correlation, () => new airs.CorrelationManager(correlation)],
  ['a processor', processor, () => new airs.ConcurrentJsonRpcProcessor(bad(processor), () => null)],
  ['a peer', peer, () => new airs.JsonRpcPeer(airs.createMemoryTransportPair()[0], bad(peer))],
  ['transports in memory', transport, () => airs.createMemoryTransportPair(bad(transport))],
  ['a stdio transport', transport, () => new airs.StdioTransport(bad(transport))],
  ['a child process', { ...transport, stderrTailSize: -1 }, () => new airs.ChildProcessTransport(bad({ command: 'x', ...transport, stderrTailSize: -1 }))],
  ['a socket', { ...transport, connectTimeout: 0 }, () => new airs.SocketTransport({ port: 1 }, bad({ ...transport, connectTimeout: 0 }))],
  ['connectStdio', { transport, ...peer }, () => airs.connectStdio('x', [], bad({ transport, ...peer }))],
  ['serveStdio', { transport, ...peer, handlers: {} }, () => airs.serveStdio({}, bad({ transport, ...peer }))],
  ['the drop-in server', { ...dropIn, onEndOfInput: 'x', drainTimeout: -1 }, () => new StdioServerTransport(undefined, undefined, bad({ ...dropIn, onEndOfInput: 'x', drainTimeout: -1 }))],
  ['the drop-in client', { ...dropIn, restart }, () => new StdioClientTransport(bad({ command: 'x', ...dropIn, restart }))],
  ['the monitor', { interval: 0, thresholds: { memory: -1, cpu: Number.NaN } }, () => new airs.RuntimePerformanceMonitor({ interval: 0, thresholds: { memory: -1, cpu: Number.NaN } })],
  ['a configuration', { buffer, correlation, processor }, () => airs.getProductionConfig(bad({ buffer, correlation, processor, environment: {} }))],
];

describe('impossible options', () => {
  it.each(TAKERS)('of %s are one error, which names each', async (_, options, make) => {
    const error: unknown = await (async () => make())().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(airs.AirsMcpError);
    const { code, message } = error as airs.AirsMcpError;
    expect(code).toBe('AIRS_MCP_INVALID_CONFIG');
    expect(namesIn(options).filter((name) => !message.includes(`${name} `))).toEqual([]);
  });

  it('are told by what holds them', () => {
    expect(() => new airs.StdioTransport({ maxSendQueue: 0, buffer: { bufferPoolSize: 0 } })).toThrow(
      'maxSendQueue must be an integer from 1 to 9007199254740991 (bytes), not 0; buffer: bufferPoolSize must be an integer from 1 to 65536 (buffers), not 0',
    );
  });
});
