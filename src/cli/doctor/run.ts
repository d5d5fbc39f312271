import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { backendInfo } from '../../backend/select.js';
import { getProductionConfig } from '../../monitoring/production.js';
import { paintFor, wantsColour } from '../paint.js';
import { print } from '../print.js';
import { EXIT } from '../status.js';
import { packageVersion } from '../version.js';
import { pipeFacts, platformFacts, runtimeFacts } from '../facts.js';
import { limits } from './limits.js';
import { PARSING } from './parsing.js';
import { examine, type Patient } from './report.js';
import { roundTrip } from './round-trip.js';
import { reportLines } from './show.js';

/** Runs `airs-mcp doctor`. The report goes to standard output; the exit status says whether all checks hold. */
export async function runDoctor({ json = false }: { readonly json?: boolean }, patient: Patient = thisProcess()): Promise<void> {
  const report = await examine(patient);
  const paint = paintFor(wantsColour(process.stdout.isTTY, process.env));
  print(json ? JSON.stringify(report, null, 2) : reportLines(report, paint).join('\n'));
  process.exitCode = report.ok ? EXIT.ok : EXIT.failed;
}

function thisProcess(): Patient {
  return {
    version: packageVersion(),
    runtime: runtimeFacts(),
    platform: platformFacts(),
    pipe: pipeFacts(),
    limits: limits(),
    backend: backendInfo,
    configuration: getProductionConfig,
    steps: [...PARSING, roundTrip(fileURLToPath(new URL('server.js', import.meta.url)), backendInfo)],
    clock: () => performance.now(),
  };
}
