/** Options: defaults filled in, values checked, and every problem told in one error. */

import { AirsMcpError } from './errors.js';

/** What a numeric option may be: an integer from `min` to `max`. */
export interface NumberRule {
  /** The value of an option that is not given. */
  readonly preset: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/** Reads the options of one configuration object and gathers what is wrong with them. */
export class OptionReader {
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #problems: string[] = [];

  /**
   * @param subject what is configured, for the message: `buffer`
   * @throws `AIRS_MCP_INVALID_CONFIG` where `given` is not an object
   */
  constructor(subject: string, given: unknown) {
    if (typeof given !== 'object' || given === null) {
      throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', `the ${subject} configuration must be an object, not ${describe(given)}`);
    }
    this.#given = given as Readonly<Record<string, unknown>>;
  }

  /** The option's value, or its preset where it is undefined or wrong. */
  number(option: string, { preset, min, max, unit }: NumberRule): number {
    const value = this.#given[option];
    if (value === undefined) return preset;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.#problems.push(`${option} must be an integer from ${min} to ${max} (${unit}), not ${describe(value)}`);
    return preset;
  }

  /** The option's value, or `preset` where it is undefined or wrong. */
  boolean(option: string, preset: boolean): boolean {
    const value = this.#given[option];
    if (value === undefined || typeof value === 'boolean') return value ?? preset;
    this.#problems.push(`${option} must be a boolean, not ${describe(value)}`);
    return preset;
  }

  /** As {@link number}, but a number from 0 to 1. */
  ratio(option: string, preset: number): number {
    const value = this.#given[option];
    if (value === undefined) return preset;
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    this.refuse(`${option} must be a number from 0 to 1, not ${describe(value)}`);
    return preset;
  }

  /** The option's value, or the first of `values` where it is undefined or wrong. */
  choice<T extends string>(option: string, values: readonly [T, ...T[]]): T {
    const value = this.#given[option];
    if (value === undefined) return values[0];
    const chosen = values.find((one) => one === value);
    if (chosen === undefined) this.refuse(`${option} must be one of ${values.join(', ')}, not ${typeof value === 'string' ? JSON.stringify(value) : describe(value)}`);
    return chosen ?? values[0];
  }

  /**
   * Makes a check of something else that belongs to it.
   *
   * @param name stands before what it finds; empty for none
   * @param check throws `AIRS_MCP_INVALID_CONFIG` for what is wrong
   */
  include(name: string, check: () => unknown): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof AirsMcpError) || error.code !== 'AIRS_MCP_INVALID_CONFIG') throw error;
      this.refuse(name === '' ? error.message : `${name}: ${error.message}`);
    }
  }

  /** Adds a problem that was found elsewhere. */
  refuse(problem: string): void {
    this.#problems.push(problem);
  }

  /** @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every problem found */
  check(): void {
    if (this.#problems.length > 0) throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', this.#problems.join('; '));
  }
}

/**
 * Makes several checks, each named (`''` for none), before it throws for any.
 *
 * @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists what every check found
 */
export function checkTogether(checks: Readonly<Record<string, () => unknown>>): void {
  const reader = new OptionReader('whole', {});
  for (const [name, check] of Object.entries(checks)) reader.include(name, check);
  reader.check();
}

function describe(value: unknown): string {
  if (typeof value === 'number' || value === null) return String(value);
  return `a value of type ${typeof value}`;
}
