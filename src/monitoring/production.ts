import { AirsMcpError } from '../base/errors.js';
import type { BufferConfig } from '../buffer/config.js';
import type { ProcessorConfig } from '../concurrency/config.js';
import type { CorrelationConfig } from '../correlation/config.js';
import { fit, sizesOf, totalOf } from './budget.js';
import { type Machine, thisMachine } from './machine.js';
import { type Basis, type Preset, type ProductionProcessorConfig, basisFor, isPreset, PRESETS } from './presets.js';
import { type Given, type GivenSections, PRESET_VARIABLE, type Section, checkGiven, fromEnvironment, unknownVariables } from './settings.js';

/** What {@link getProductionConfig} is to start from, and what is to override it. */
export interface ProductionOptions {
  /** What to favour; default `balanced`, or `AIRS_MCP_PRESET`. */
  preset?: Preset | undefined;
  /** Options that are to be as given. They win over the environment. */
  buffer?: Partial<BufferConfig> | undefined;
  processor?: Partial<ProcessorConfig> | undefined;
  correlation?: Partial<CorrelationConfig> | undefined;
  /** Instead of `process.env`; an empty object for none. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Instead of what the process finds. Sizes in bytes. */
  machine?: Partial<Machine> | undefined;
}

/** Options as the constructors take them, and why they are what they are. */
export interface ProductionConfig {
  /** For `BufferManager`, and for a transport's option `buffer`. */
  buffer: BufferConfig;
  /** For `ConcurrentJsonRpcProcessor`, and for a peer's option `processor`. */
  processor: ProductionProcessorConfig;
  /** For `CorrelationManager`, and for a peer's option `correlation`. */
  correlation: CorrelationConfig;
  preset: Preset;
  machine: Machine;
  /** Most memory that these options make the library hold for one connection, and how much it may be (bytes). */
  memory: { total: number; budget: number };
  /** What was lowered and why, and what in the environment has no meaning. */
  notes: string[];
}

/** The most that all may take, of the memory limit. */
const SHARE = 1 / 4;

/**
 * Options for this machine: its cores, its memory (or its control group's limit), and what of it is free. In all they take
 * no more than a quarter of the memory limit, nor more than is free; what had to be lowered for that is in `notes`. Values
 * that are given, in code or by the environment, are never lowered.
 *
 * @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, whose message lists all that is wrong, in code and environment
 */
export function getProductionConfig(options: ProductionOptions = {}): ProductionConfig {
  const environment = options.environment ?? process.env;
  const problems: string[] = [];
  const preset = choosePreset(options.preset, environment[PRESET_VARIABLE], problems);
  const machine = checkedMachine({ ...thisMachine(), ...options.machine }, problems);
  const given = merged(fromEnvironment(environment, problems), options, problems);
  const basis = basisFor(machine, preset, given.processor['workerModule'] !== undefined);
  const config = overridden(basis, given);
  checkThreshold(config.buffer, given.buffer, problems);
  if (problems.length > 0) throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', problems.join('; '));
  const notes = unknownVariables(environment).map((name) => `${name} is no variable of this package, and has no effect`);
  return { ...fitted(config, given, machine, notes), preset, machine, notes };
}

function choosePreset(given: unknown, variable: string | undefined, problems: string[]): Preset {
  const wanted = given ?? (variable === undefined || variable === '' ? 'balanced' : variable);
  if (isPreset(wanted)) return wanted;
  problems.push(`${given === undefined ? PRESET_VARIABLE : 'preset'} must be one of ${PRESETS.join(', ')}, not ${JSON.stringify(wanted)}`);
  return 'balanced';
}

function checkedMachine(machine: Machine, problems: string[]): Machine {
  for (const [name, value] of Object.entries(machine)) {
    if (!(typeof value === 'number' && Number.isFinite(value) && value > 0)) problems.push(`machine.${name} must be a positive number, not ${String(value)}`);
  }
  return machine;
}

function merged(variables: GivenSections, options: ProductionOptions, problems: string[]): GivenSections {
  const section = (name: Section): Record<string, unknown> => {
    const given: unknown = options[name] ?? {};
    if (typeof given !== 'object' || given === null) {
      problems.push(`${name} must be an object`);
      return variables[name];
    }
    checkGiven(name, given as Given, problems);
    const present = Object.entries(given).filter(([, value]) => value !== undefined);
    return { ...variables[name], ...Object.fromEntries(present) };
  };
  return { buffer: section('buffer'), processor: section('processor'), correlation: section('correlation') };
}

/** The basis with what was given in its place. Bytes that may be held follow the pools, unless they are given. */
function overridden({ buffer, processor, correlation }: Basis, given: GivenSections): Basis {
  const pools = { ...buffer, ...given.buffer };
  if (given.buffer['backpressureThreshold'] === undefined) pools.backpressureThreshold = thresholdOf(pools);
  return { buffer: pools, processor: { ...processor, ...given.processor }, correlation: { ...correlation, ...given.correlation } };
}

/** Half of what the read pool holds. */
function thresholdOf({ bufferPoolSize, readBufferCapacity }: BufferConfig): number {
  return Math.max(1, Math.floor((bufferPoolSize * readBufferCapacity) / 2));
}

function checkThreshold(buffer: BufferConfig, given: Given, problems: string[]): void {
  const pool = buffer.bufferPoolSize * buffer.readBufferCapacity;
  if (given['backpressureThreshold'] === undefined || !(buffer.backpressureThreshold > pool)) return;
  problems.push(`buffer.backpressureThreshold (${buffer.backpressureThreshold} bytes) lies over what the read pool holds (${pool} bytes)`);
}

function fitted(config: Basis, given: GivenSections, machine: Machine, notes: string[]): Basis & Pick<ProductionConfig, 'memory'> {
  const quarter = Math.floor(machine.memoryLimit * SHARE);
  const budget = Math.min(quarter, machine.freeMemory);
  const fixed = new Set([...Object.keys(given.buffer), ...Object.keys(given.processor), ...Object.keys(given.correlation)]);
  const wanted = sizesOf(config.buffer, config.processor, config.correlation);
  const sizes = fit(wanted, budget, fixed);
  const why = budget === quarter ? `a quarter of the memory limit (${budget} bytes)` : `the free memory (${budget} bytes)`;
  for (const [option, size] of Object.entries(sizes)) {
    const before = wanted[option as keyof typeof wanted];
    if (size < before) notes.push(`${option} was lowered from ${before} to ${size}, so that all stays within ${why}`);
  }
  const total = totalOf(sizes);
  if (total > budget) notes.push(`the options as given may take ${total} bytes, which is more than ${why}`);
  const { queueCapacity, maxPendingRequests, ...pools } = sizes;
  const buffer = { ...config.buffer, ...pools };
  const threshold = given.buffer['backpressureThreshold'] === undefined ? thresholdOf(buffer) : buffer.backpressureThreshold;
  return {
    buffer: { ...buffer, backpressureThreshold: threshold },
    processor: { ...config.processor, queueCapacity },
    correlation: { ...config.correlation, maxPendingRequests },
    memory: { total, budget },
  };
}
