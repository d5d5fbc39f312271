import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import { BufferManager } from '../../src/buffer/manager.js';
import { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';
import { CorrelationManager } from '../../src/correlation/manager.js';
import { thisMachine } from '../../src/monitoring/machine.js';
import { PRESETS } from '../../src/monitoring/presets.js';
import { type ProductionOptions, getProductionConfig } from '../../src/monitoring/production.js';
import { SETTINGS } from '../../src/monitoring/settings.js';
import { JsonRpcPeer } from '../../src/peer/peer.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const machine = (cores: number, gib: number) => ({ cores, memoryLimit: gib * GIB, freeMemory: gib * GIB });
const BIG = machine(64, 256);
const configure = (options: ProductionOptions = {}) => getProductionConfig({ environment: {}, machine: BIG, ...options });

function problemsOf(options: ProductionOptions): string {
  try {
    configure(options);
  } catch (error) {
    if (error instanceof AirsMcpError && error.code === 'AIRS_MCP_INVALID_CONFIG') return error.message;
    throw error;
  }
  return '';
}

describe('the production configuration', () => {
  it.each([
    [16, 32, 2000, MIB], [15, 32, 1000, MIB], [16, 31, 1000, 512 * KIB], [8, 16, 1000, 512 * KIB], [7, 16, 500, 512 * KIB],
    [8, 15, 500, 256 * KIB], [4, 8, 500, 256 * KIB], [3, 8, 100, 256 * KIB], [4, 7, 100, 64 * KIB], [2, 64, 100, MIB], [1, 1, 100, 64 * KIB],
  ])('of %d cores and %d GiB has %d buffers of %d bytes', (cores, gib, size, capacity) => {
    const { buffer, notes } = configure({ machine: machine(cores, gib) });
    expect(buffer).toMatchObject({ bufferPoolSize: size, readBufferCapacity: capacity, writeBufferCapacity: capacity });
    expect(buffer).toMatchObject({ maxMessageSize: 50 * MIB, enableZeroCopy: true, backpressureThreshold: (size * capacity) / 2 });
    expect(notes).toEqual([]);
  });

  it('has queues of 10,000, pressure at 80%, and handlers by cores', () => {
    const { processor, correlation } = configure();
    expect(processor).toMatchObject({ workerCount: 1024, queueCapacity: 10_000, backpressureThreshold: 0.8, requestTimeout: 300_000 });
    expect(correlation).toEqual({ defaultTimeout: 60_000, maxPendingRequests: 10_000, cleanupInterval: 10 });
    expect(configure({ machine: machine(2, 4) }).processor.workerCount).toBe(64);
    expect(configure({ processor: { workerModule: './threads.mjs' } }).processor.workerCount).toBe(64);
    expect(configure({ machine: machine(2, 4), processor: { workerModule: './threads.mjs' } }).processor.workerCount).toBe(2);
  });

  it.each([0.05, 0.125, 0.25, 0.5, 1, 4])('takes no more than a quarter of %d GiB, and says what it lowered', (gib) => {
    for (const preset of PRESETS) {
      const { memory, notes, buffer, processor } = configure({ preset, machine: machine(64, gib) });
      const largest = buffer.bufferPoolSize * (buffer.readBufferCapacity + buffer.writeBufferCapacity) + buffer.maxMessageSize + processor.queueCapacity * 1000;
      expect(memory.total).toBeLessThanOrEqual((gib * GIB) / 4);
      expect(memory.total).toBeGreaterThanOrEqual(largest);
      expect(buffer.backpressureThreshold).toBeLessThanOrEqual(buffer.bufferPoolSize * buffer.readBufferCapacity);
      const plain = configure({ preset, machine: { ...machine(64, gib), memoryLimit: 7.9 * GIB, freeMemory: 7.9 * GIB } });
      for (const option of ['maxMessageSize', 'bufferPoolSize'] as const) {
        expect(notes.some((note) => note.startsWith(`${option} was lowered`))).toBe(buffer[option] < plain.buffer[option]);
      }
    }
  });

  it('takes no more than is free', () => {
    const { memory, notes } = configure({ machine: { cores: 16, memoryLimit: 64 * GIB, freeMemory: 512 * MIB } });
    expect(memory.total).toBeLessThanOrEqual(512 * MIB);
    expect(notes.join()).toContain('the free memory (536870912 bytes)');
  });

  it('says so where not even the least fits, or what was given does not', () => {
    expect(configure({ machine: machine(1, 0.001) }).notes.at(-1)).toMatch(/may take \d+ bytes, which is more than a quarter/);
    const { buffer, notes } = configure({ machine: machine(4, 1), buffer: { bufferPoolSize: 60_000 } });
    expect(buffer.bufferPoolSize).toBe(60_000);
    expect(notes.at(-1)).toContain('more than a quarter of the memory limit (268435456 bytes)');
  });

  it('is made for this machine by default', () => {
    const { machine: found, buffer } = getProductionConfig({ environment: {} });
    expect(found).toMatchObject({ cores: thisMachine().cores, memoryLimit: thisMachine().memoryLimit });
    expect([100, 500, 1000, 2000].some((size) => buffer.bufferPoolSize <= size)).toBe(true);
  });

  it.each(PRESETS)('with the preset %s is taken by every constructor as it is', async (preset) => {
    for (const gib of [0.05, 1, 64]) {
      const { buffer, processor, correlation } = configure({ preset, machine: machine(16, gib) });
      expect(new BufferManager(buffer).config).toEqual(buffer);
      expect(new CorrelationManager(correlation).config).toEqual(correlation);
      await new ConcurrentJsonRpcProcessor(processor, () => 1).shutdown();
      const [transport] = createMemoryTransportPair({ buffer });
      await new JsonRpcPeer(transport, { processor, correlation }).close();
    }
  });

  it('of presets differ as they say', () => {
    const [balanced, throughput, latency, streaming] = PRESETS.map((preset) => configure({ preset, machine: machine(16, 64) }));
    expect(throughput?.processor.queueCapacity).toBeGreaterThan(balanced?.processor.queueCapacity as number);
    expect(latency?.processor.queueCapacity).toBeLessThan(balanced?.processor.queueCapacity as number);
    expect(latency?.correlation.cleanupInterval).toBe(1);
    expect(streaming?.memory.total).toBeLessThan(64 * MIB);
  });
});

describe('overriding', () => {
  it('by argument wins over the environment, and that over the rest', () => {
    const environment = { AIRS_MCP_QUEUE_CAPACITY: '7', AIRS_MCP_WORKER_COUNT: '8', AIRS_MCP_PRESET: 'latency' };
    const { processor, preset } = configure({ environment, processor: { queueCapacity: 9 } });
    expect([processor.queueCapacity, processor.workerCount, preset]).toEqual([9, 8, 'latency']);
    expect(configure({ environment, preset: 'streaming' }).preset).toBe('streaming');
  });

  it.each(SETTINGS.map(({ section, option, variable, rule, fraction }) => ({ section, option, variable, rule, fraction })))(
    'has $variable for $section.$option',
    ({ section, option, variable, rule, fraction }) => {
      const text = rule === 'boolean' ? 'false' : rule === 'module' ? './x.mjs' : fraction ? '0.25' : String(Math.max(rule.min, Math.min(rule.max, 77)));
      const value = rule === 'boolean' ? false : rule === 'module' ? text : Number(text);
      expect(configure({ environment: { [variable]: text } })[section]).toMatchObject({ [option]: value });
      expect(configure({ [section]: { [option]: value } })[section]).toMatchObject({ [option]: value });
      if (rule === 'module') return;
      for (const wrong of ['many', '-1', '1e99', '5 parsecs', 'NaN', '2.5x']) {
        const problem = problemsOf({ environment: { [variable]: wrong } });
        expect(problem).toContain(`${variable} must be`);
        expect(problem).toContain(`not "${wrong}"`);
        if (rule !== 'boolean') expect(problem).toContain(`from ${rule.min} to ${rule.max}`);
      }
    },
  );

  it('takes sizes with their unit, and an empty variable for none', () => {
    const environment = { AIRS_MCP_MAX_MESSAGE_SIZE: '10MiB', AIRS_MCP_READ_BUFFER_CAPACITY: '64 kib', AIRS_MCP_QUEUE_CAPACITY: '' };
    const { buffer, processor } = configure({ environment });
    expect([buffer.maxMessageSize, buffer.readBufferCapacity, processor.queueCapacity]).toEqual([10 * MIB, 64 * KIB, 10_000]);
    expect(problemsOf({ environment: { AIRS_MCP_QUEUE_CAPACITY: '1KiB' } })).toContain('AIRS_MCP_QUEUE_CAPACITY');
  });

  it('lets held bytes follow the pools that were given', () => {
    expect(configure({ buffer: { bufferPoolSize: 10, readBufferCapacity: 100 } }).buffer.backpressureThreshold).toBe(500);
  });

  it('notes variables that mean nothing', () => {
    const { notes } = configure({ environment: { AIRS_MCP_BUFER_POOL_SIZE: '5', AIRS_MCP_BACKEND: 'native', PATH: '/' } });
    expect(notes).toEqual(['AIRS_MCP_BUFER_POOL_SIZE is no variable of this package, and has no effect']);
  });

  it('is refused with every problem in one error', () => {
    const problems = problemsOf({
      preset: 'fast' as never,
      environment: { AIRS_MCP_POOL_TIMEOUT: 'soon' },
      machine: { ...BIG, cores: NaN },
      buffer: { bufferPoolSize: -1, readBufferCapacity: 2 ** 40 },
      processor: { backpressureThreshold: 1.5, workers: 3 } as never,
      correlation: { defaultTimeout: NaN },
    });
    for (const part of ['preset must be one of', 'AIRS_MCP_POOL_TIMEOUT', 'machine.cores', 'buffer.bufferPoolSize', 'buffer.readBufferCapacity',
      'processor.backpressureThreshold', 'processor.workers is no option', 'correlation.defaultTimeout', 'not NaN']) expect(problems).toContain(part);
    expect(problemsOf({ environment: { AIRS_MCP_PRESET: 'quick' } })).toContain('AIRS_MCP_PRESET');
    expect(problemsOf({ buffer: 5 as never })).toContain('buffer must be an object');
  });

  it('refuses held bytes over what the pool holds', () => {
    expect(problemsOf({ buffer: { bufferPoolSize: 2, readBufferCapacity: 100, backpressureThreshold: 201 } })).toContain('over what the read pool holds (200 bytes)');
    expect(problemsOf({ environment: { AIRS_MCP_BUFFER_POOL_SIZE: '1', AIRS_MCP_BACKPRESSURE_THRESHOLD: '2GiB' } })).toContain('backpressureThreshold');
  });
});

describe('a peer with bad options', () => {
  it('lists those of all its parts at once', () => {
    const [transport] = createMemoryTransportPair();
    const options = { protocol: 'smtp', handlers: { a: 5 }, correlation: { defaultTimeout: 0 }, processor: { workerCount: 0, backpressureThreshold: 2 } };
    let message = '';
    try {
      new JsonRpcPeer(transport, options as never);
    } catch (error) {
      message = (error as Error).message;
    }
    for (const part of ['protocol', 'handler of a', 'correlation: defaultTimeout', 'processor: workerCount', 'backpressureThreshold']) expect(message).toContain(part);
  });
});
