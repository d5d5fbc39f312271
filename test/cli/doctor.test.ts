import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BackendInfo, backendInfo } from '../../src/backend/select.js';
import { AirsMcpError } from '../../src/base/errors.js';
import { runSteps, type Step } from '../../src/cli/check.js';
import { libcOf, pipeFacts, runtimeFacts } from '../../src/cli/facts.js';
import { limits } from '../../src/cli/doctor/limits.js';
import { PARSING } from '../../src/cli/doctor/parsing.js';
import { examine, type Patient } from '../../src/cli/doctor/report.js';
import { roundTrip } from '../../src/cli/doctor/round-trip.js';
import { reportLines } from '../../src/cli/doctor/show.js';
import { paintFor, plain } from '../../src/cli/paint.js';
import { getProductionConfig } from '../../src/monitoring/production.js';
import { requireDist } from '../peer/dist.js';

const ROOT = join(import.meta.dirname, '..', '..');
const NATIVE: BackendInfo = { name: 'native', kernel: 'haswell', reason: 'the native addon loaded', externalBuffers: true };
const FORCED: BackendInfo = { name: 'javascript', kernel: 'javascript', reason: 'AIRS_MCP_BACKEND=javascript', externalBuffers: false };
const MISSING: BackendInfo = { ...FORCED, reason: 'the native addon did not load: no addon for plan9-mips' };
const holds: Step = { name: 'it holds', run: () => 'as it should' };
const fails: Step = { name: 'it breaks', run: () => Promise.reject(new AirsMcpError('AIRS_MCP_CHILD_EXITED', 'the server ended by SIGKILL')) };

beforeAll(requireDist);

function patient(given: Partial<Patient> = {}): Patient {
  let now = 0;
  return {
    version: '1.2.3',
    runtime: { name: 'Node.js', version: '22.1.0', node: '22.1.0', nodeApi: 9, nodeApiNeeded: 8 },
    platform: { platform: 'linux', arch: 'x64', libc: 'glibc 2.36' },
    pipe: { asked: 1_048_576, most: 524_288 },
    limits: limits(),
    backend: () => NATIVE,
    configuration: () => getProductionConfig({ environment: {}, machine: { cores: 4, memoryLimit: 2 ** 33, freeMemory: 2 ** 32 } }),
    steps: [holds],
    clock: () => (now += 5),
    ...given,
  };
}

const textOf = async (given: Partial<Patient> = {}): Promise<string> => reportLines(await examine(patient(given)), plain).join('\n');

describe('the report', () => {
  it('tells the backend, its kernel, the runtime, the platform, and the capacity of pipes', async () => {
    const text = await textOf();
    for (const part of [
      'airs-mcp 1.2.3', 'native', 'haswell', 'the native addon loaded', 'external buffers  yes',
      'Node.js 22.1.0, Node-API 9 (the addon needs 8)', 'linux x64, glibc 2.36', '1.0 MiB is asked', 'gives up to 512 KiB',
    ]) expect(text).toContain(part);
  });

  it('tells why the native addon did not load, which is no failure', async () => {
    const report = await examine(patient({ backend: () => MISSING }));
    expect(report.ok).toBe(true);
    const text = reportLines(report, plain).join('\n');
    expect(text).toContain('the native addon did not load: no addon for plan9-mips');
    expect(text).toContain('external buffers  no');
    expect(text).toContain('capacity is left as it is');
  });

  it('tells that JavaScript was demanded', async () => {
    expect(await textOf({ backend: () => FORCED })).toContain('AIRS_MCP_BACKEND=javascript');
  });

  it('shows limits with units', async () => {
    const text = await textOf();
    expect(text).toMatch(/buffer\.maxMessageSize +50\.0 MiB +512 MiB\n/);
    expect(text).toMatch(/buffer\.bufferPoolSize +100 buffers +65,536 buffers\n/);
    expect(text).toMatch(/transport\.maxSendQueue +64\.0 MiB +none\n/);
    expect(text).toMatch(/correlation\.defaultTimeout +60,000 ms /);
  });

  it('shows the configuration for the machine, with its notes', async () => {
    const configuration = (): ReturnType<typeof getProductionConfig> => getProductionConfig({
      environment: { AIRS_MCP_BUFFER_SIZES: '1' }, machine: { cores: 4, memoryLimit: 2 ** 33, freeMemory: 2 ** 26 },
    });
    const text = await textOf({ configuration });
    expect(text).toContain('cores: 4; 8.0 GiB of memory, 64.0 MiB of it free');
    expect(text).toContain('note: AIRS_MCP_BUFFER_SIZES is no variable of this package');
    expect(text).toMatch(/note: bufferPoolSize was lowered from 500/);
  });

  it('cannot be steered by foreign text', async () => {
    expect(await textOf({ backend: () => ({ ...MISSING, reason: 'no\u001b[2J' }) })).not.toContain('\u001b');
  });

  it('is coloured where colours are wanted', async () => {
    const report = await examine(patient());
    expect(reportLines(report, paintFor(true)).join('\n')).toContain('\u001b[32mall 3 checks hold\u001b[39m');
  });
});

describe('checks', () => {
  it('are all taken, and one that fails is told with its code', async () => {
    expect(await runSteps([fails, holds], patient().clock)).toEqual([
      { name: 'it breaks', ok: false, detail: 'AIRS_MCP_CHILD_EXITED: the server ended by SIGKILL', duration: 5 },
      { name: 'it holds', ok: true, detail: 'as it should', duration: 5 },
    ]);
  });

  it('make the verdict', async () => {
    const report = await examine(patient({ steps: [holds, fails] }));
    expect(report.ok).toBe(false);
    expect(reportLines(report, plain).at(-1)).toBe('1 of 4 checks failed');
    expect(await textOf()).toMatch(/\nall 3 checks hold$/);
  });

  it('fail where no backend can be had, and the rest is still told', async () => {
    const backend = (): never => {
      throw new AirsMcpError('AIRS_MCP_BACKEND_UNAVAILABLE', 'AIRS_MCP_BACKEND=native, but there is none');
    };
    const report = await examine(patient({ backend }));
    expect(report).toMatchObject({ ok: false, backend: null, checks: [{ ok: false }, { ok: true }, { ok: true }] });
    const text = reportLines(report, plain).join('\n');
    expect(text).toContain('AIRS_MCP_BACKEND_UNAVAILABLE: AIRS_MCP_BACKEND=native, but there is none');
    expect(text).toContain('linux x64');
  });

  it('fail where the environment is wrong', async () => {
    const configuration = (): ReturnType<typeof getProductionConfig> => getProductionConfig({ environment: { AIRS_MCP_PRESET: 'fast' } });
    const report = await examine(patient({ configuration }));
    expect(report).toMatchObject({ ok: false, configuration: null });
    expect(reportLines(report, plain).join('\n')).toMatch(/failed {2}the configuration is valid: AIRS_MCP_INVALID_CONFIG: AIRS_MCP_PRESET/);
  });

  it.each(PARSING)('of parsing: $name', ({ run }) => {
    expect(run()).toBe('2 lines');
  });

  it('of a round trip: an answer from a process on the same backend', async () => {
    const { run } = roundTrip(join(ROOT, 'dist', 'cli', 'doctor', 'server.js'), backendInfo);
    expect(await run()).toBe(`97.7 KiB each way, both on ${backendInfo().name}`);
  });

  it('of a round trip: a server that does not answer as it should fails it', async () => {
    const other = roundTrip(join(ROOT, 'test', 'fixtures', 'peer', 'server.mjs'), backendInfo);
    await expect(other.run()).rejects.toThrow('the child process runs on undefined');
    const none = roundTrip(join(ROOT, 'no', 'such.js'), backendInfo);
    await expect(none.run()).rejects.toMatchObject({ code: 'AIRS_MCP_CHILD_EXITED' });
  });
});

describe('facts', () => {
  it('of the runtime: which it is, and the Node-API version', () => {
    expect(runtimeFacts({ node: '22.0.0', napi: '9' })).toEqual({ name: 'Node.js', version: '22.0.0', node: '22.0.0', nodeApi: 9, nodeApiNeeded: 8 });
    expect(runtimeFacts({ node: '24.3.0', bun: '1.3.0' })).toMatchObject({ name: 'Bun', version: '1.3.0', node: '24.3.0', nodeApi: null });
    expect(runtimeFacts({ node: '24.2.0', deno: '2.5.0', napi: '9' })).toMatchObject({ name: 'Deno', version: '2.5.0' });
  });

  it('of the C library', () => {
    expect([{ glibcVersionRuntime: '2.36' }, {}, undefined].map(libcOf)).toEqual(['glibc 2.36', 'musl', null]);
  });

  it('of pipes: null where the system does not say', () => {
    expect(pipeFacts(join(ROOT, 'no', 'such'))).toEqual({ asked: 1_048_576, most: null });
    expect(pipeFacts(join(ROOT, 'package.json')).most).toBeNull();
  });

  it('of limits: each has a unit, and none lies over its most', () => {
    const all = limits();
    expect(all.filter(({ unit, value, max }) => unit === '' || (max !== null && value > max))).toEqual([]);
    expect(new Set(all.map(({ option }) => option)).size).toBe(all.length);
  });
});
