/** The options of a production configuration: where each belongs, what it may be, and its environment variable. */

import type { NumberRule } from '../base/options.js';
import { BUFFER_NUMBERS } from '../buffer/config.js';
import { PROCESSOR_NUMBERS } from '../concurrency/config.js';
import { CORRELATION_NUMBERS } from '../correlation/config.js';

export type Section = 'buffer' | 'processor' | 'correlation';

/** One option. Without a rule it is of the kind that is named. */
export interface Setting {
  readonly section: Section;
  readonly option: string;
  readonly rule: Omit<NumberRule, 'preset'> | 'boolean' | 'module';
  /** Whether it may have a fraction. */
  readonly fraction: boolean;
  readonly variable: string;
}

/** Environment variables are named after their options, but for those that would say too little. */
const RENAMED: Readonly<Record<string, string>> = {
  'processor.backpressureThreshold': 'AIRS_MCP_QUEUE_THRESHOLD',
  'correlation.defaultTimeout': 'AIRS_MCP_CALL_TIMEOUT',
};

function setting(section: Section, option: string, rule: Setting['rule'], fraction = false): Setting {
  const variable = RENAMED[`${section}.${option}`] ?? `AIRS_MCP_${option.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
  return { section, option, rule, fraction, variable };
}

const numbers = (section: Section, rules: Readonly<Record<string, Omit<NumberRule, 'preset'>>>): Setting[] =>
  Object.entries(rules).map(([option, rule]) => setting(section, option, rule));

export const SETTINGS: readonly Setting[] = [
  ...numbers('buffer', BUFFER_NUMBERS),
  setting('buffer', 'enableZeroCopy', 'boolean'),
  ...numbers('processor', PROCESSOR_NUMBERS),
  setting('processor', 'backpressureThreshold', { min: 0, max: 1, unit: 'of the queue' }, true),
  setting('processor', 'ordered', 'boolean'),
  setting('processor', 'workerModule', 'module'),
  ...numbers('correlation', CORRELATION_NUMBERS),
];

/** Names the preset. */
export const PRESET_VARIABLE = 'AIRS_MCP_PRESET';
/** Variables of this package that are no settings. */
const OTHERS = [PRESET_VARIABLE, 'AIRS_MCP_BACKEND'];

export type Given = Readonly<Record<string, unknown>>;
export type GivenSections = Record<Section, Record<string, unknown>>;

/** Variables that look like ours and mean nothing. */
export function unknownVariables(environment: Given): string[] {
  const known = new Set([...OTHERS, ...SETTINGS.map(({ variable }) => variable)]);
  return Object.keys(environment).filter((name) => name.startsWith('AIRS_MCP_') && !known.has(name));
}

/** What the environment sets; what is wrong there is added to `problems`. */
export function fromEnvironment(environment: Given, problems: string[]): GivenSections {
  const given: GivenSections = { buffer: {}, processor: {}, correlation: {} };
  for (const { section, option, variable, rule, fraction } of SETTINGS) {
    const text = environment[variable];
    if (typeof text !== 'string' || text === '') continue;
    const value = rule === 'module' ? text : rule === 'boolean' ? booleanIn(text) : numberIn(text, rule.unit === 'bytes');
    const problem = problemOf(value, rule, fraction);
    if (problem === undefined) given[section][option] = value;
    else problems.push(`${variable} ${problem}, not "${text}"`);
  }
  return given;
}

/** What is wrong with options that were given in code is added to `problems`. */
export function checkGiven(section: Section, options: Given, problems: string[]): void {
  const known = SETTINGS.filter((each) => each.section === section);
  for (const option of Object.keys(options)) {
    if (!known.some((each) => each.option === option)) problems.push(`${section}.${option} is no option`);
  }
  for (const { option, rule, fraction } of known) {
    const value = options[option];
    if (value === undefined) continue;
    const problem = problemOf(value, rule, fraction);
    if (problem !== undefined) problems.push(`${section}.${option} ${problem}, not ${shown(value)}`);
  }
}

function problemOf(value: unknown, rule: Setting['rule'], fraction: boolean): string | undefined {
  if (rule === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (rule === 'module') return (typeof value === 'string' && value !== '') || value instanceof URL ? undefined : 'must be a path or a file: URL';
  const { min, max, unit } = rule;
  const holds = typeof value === 'number' && (fraction || Number.isInteger(value)) && value >= min && value <= max;
  return holds ? undefined : `must be ${fraction ? 'a number' : 'an integer'} from ${min} to ${max} (${unit})`;
}

const shown = (value: unknown): string => (typeof value === 'number' || typeof value === 'string' || value === null ? String(value) : `a value of type ${typeof value}`);

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };
const booleanIn = (text: string): boolean | undefined => BOOLEANS[text.toLowerCase()];

const UNITS: Readonly<Record<string, number>> = { '': 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };

/** A decimal number; of bytes also with KiB, MiB or GiB behind it. */
function numberIn(text: string, bytes: boolean): number | undefined {
  const match = /^\s*([+-]?\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = UNITS[(match?.[2] ?? '').toLowerCase()];
  return match === null || unit === undefined || (unit > 1 && !bytes) ? undefined : Number(match[1]) * unit;
}
