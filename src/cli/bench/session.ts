import { availableParallelism, cpus, totalmem } from 'node:os';
import { type BackendInfo, backendInfo } from '../../backend/select.js';
import { runtimeFacts, type RuntimeFacts } from '../facts.js';
import { packageVersion } from '../version.js';
import { warmUp } from './calls.js';
import { loopClient, ourClient } from './clients.js';
import { inTurn, type Measured } from './measure.js';
import type { Progress } from './progress.js';
import type { Group, Row, Stage } from './row.js';

/** How much is measured. */
export interface Pace {
  readonly rounds: number;
  /** For each way and round (ms). */
  readonly budget: number;
  /** How long calls go to and fro before they are measured (ms). */
  readonly warmUp: number;
}

export interface RowResult {
  readonly name: string;
  readonly unit: 'ns' | 'per second';
  /** Ours first. */
  readonly ways: readonly ({ readonly name: string } & Measured)[];
}

/** The document that `bench --json` writes. */
export interface Results extends Pace {
  readonly version: string;
  readonly backend: BackendInfo;
  readonly runtime: RuntimeFacts;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory: number; readonly platform: string; readonly arch: string };
  readonly groups: readonly { readonly title: string; readonly about: string; readonly rows: readonly RowResult[] }[];
}

/** Measures every row, with two servers in processes of their own. */
export async function measureAll(groups: readonly Group[], pace: Pace, progress: Progress): Promise<Results> {
  const backend = backendInfo();
  const stage = { ours: await ourClient({ transport: { env: { AIRS_MCP_BACKEND: backend.name } } }), loop: loopClient() };
  const measured: Results['groups'][number][] = [];
  try {
    for (const client of Object.values(stage)) await warmUp(client, pace.warmUp);
    for (const { title, about, rows } of groups) {
      const results: RowResult[] = [];
      for (const row of rows) {
        progress.begins(`${title}: ${row.name}`);
        results.push(await measureRow(row, stage, pace));
      }
      measured.push({ title, about, rows: results });
    }
  } finally {
    progress.end();
    await Promise.all(Object.values(stage).map((client) => client.close()));
  }
  return { version: packageVersion(), backend, runtime: runtimeFacts(), machine: machine(), ...pace, groups: measured };
}

async function measureRow({ name, units, rate = false, ways }: Row, stage: Stage, pace: Pace): Promise<RowResult> {
  const results = await inTurn(ways(stage), { ...pace, units, higher: rate });
  return { name, unit: rate ? 'per second' : 'ns', ways: Object.entries(results).map(([way, measured]) => ({ name: way, ...measured })) };
}

function machine(): Results['machine'] {
  const { platform, arch } = process;
  return { cpu: cpus()[0]?.model.trim() ?? 'unknown CPU', cores: availableParallelism(), memory: totalmem(), platform, arch };
}
