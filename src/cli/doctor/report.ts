import type { BackendInfo } from '../../backend/select.js';
import type { ProductionConfig } from '../../monitoring/production.js';
import { type Check, runSteps, type Step } from '../check.js';
import type { PipeFacts, PlatformFacts, RuntimeFacts } from '../facts.js';
import type { Limit } from './limits.js';

/** What the doctor looks at, and what it tries. */
export interface Patient {
  readonly version: string;
  readonly runtime: RuntimeFacts;
  readonly platform: PlatformFacts;
  readonly pipe: PipeFacts;
  readonly limits: readonly Limit[];
  /** Throws where the backend that is demanded cannot be had. */
  backend(this: void): BackendInfo;
  /** Throws where the environment sets what cannot be. */
  configuration(this: void): ProductionConfig;
  readonly steps: readonly Step[];
  /** Milliseconds, from anywhere. */
  clock(this: void): number;
}

/** The document that `doctor --json` writes. */
export interface Report extends Pick<Patient, 'version' | 'runtime' | 'platform' | 'pipe' | 'limits'> {
  /** Whether all checks hold. */
  readonly ok: boolean;
  /** Null where there is none; the check says why. */
  readonly backend: BackendInfo | null;
  /** The options for this machine; null where the environment is wrong. */
  readonly configuration: ProductionConfig | null;
  readonly checks: readonly Check[];
}

export async function examine({ backend, configuration, steps, clock, ...facts }: Patient): Promise<Report> {
  let found: BackendInfo | null = null;
  let options: ProductionConfig | null = null;
  const choices: Step[] = [
    { name: 'a backend runs', run: () => (found = backend()).name },
    { name: 'the configuration is valid', run: () => (options = configuration()).preset },
  ];
  const checks = await runSteps([...choices, ...steps], clock);
  const { version, runtime, platform, pipe, limits } = facts;
  return { ok: checks.every(({ ok }) => ok), version, backend: found, runtime, platform, pipe, limits, configuration: options, checks };
}
