import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendInfo } from '../../src/backend/select.js';
import type { Report } from '../../src/cli/doctor/report.js';
import { requireDist } from '../peer/dist.js';
import { copyOfPackage, type PackageCopy, type Ran, run } from './run.js';

beforeAll(requireDist);

const reportOf = ({ stdout }: Ran): Report => JSON.parse(stdout.toString()) as Report;

describe('airs-mcp doctor', () => {
  it('finds all well: text without colours, status 0', async () => {
    const { stdout, stderr, code } = await run(['doctor']);
    const text = stdout.toString();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(text).toContain(backendInfo().kernel);
    expect(text).toContain(process.versions.node);
    expect(text).toMatch(/\nall 7 checks hold\n$/);
    expect(text).not.toContain('\u001b');
  });

  it('writes one JSON document with --json', async () => {
    const ran = await run(['doctor', '--json']);
    const report = reportOf(ran);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(report)).toEqual(['ok', 'version', 'backend', 'runtime', 'platform', 'pipe', 'limits', 'configuration', 'checks']);
    expect(report).toMatchObject({
      ok: true,
      backend: backendInfo(),
      runtime: { name: 'Node.js', version: process.versions.node, nodeApi: Number(process.versions['napi']), nodeApiNeeded: 8 },
      platform: { platform: process.platform, arch: process.arch },
      configuration: { preset: 'balanced', notes: expect.any(Array) as string[] },
    });
    expect(report.limits).toContainEqual({ option: 'buffer.maxMessageSize', value: 52_428_800, max: 536_870_912, unit: 'bytes' });
    expect(report.checks.map(({ ok }) => ok)).toEqual(Array(7).fill(true));
  });

  it('tells that JavaScript is forced', async () => {
    const ran = await run(['doctor', '--json'], '', { AIRS_MCP_BACKEND: 'javascript' });
    expect(reportOf(ran).backend).toMatchObject({ name: 'javascript', reason: 'AIRS_MCP_BACKEND=javascript' });
    expect(ran.code).toBe(0);
  });

  it.each([
    [{ AIRS_MCP_BACKEND: 'wasm' }, 'AIRS_MCP_INVALID_CONFIG: AIRS_MCP_BACKEND must be native or javascript'],
    [{ AIRS_MCP_PRESET: 'fast' }, 'AIRS_MCP_INVALID_CONFIG: AIRS_MCP_PRESET must be one of'],
  ])('ends with status 1 where a check fails: %o', async (env, reason) => {
    const { stdout, code, stderr } = await run(['doctor'], '', env);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout.toString()).toContain(reason);
    expect(stdout.toString()).toMatch(/checks failed\n$/);
  });
});

describe('in a package without an addon', () => {
  let copy: PackageCopy;

  beforeAll(() => {
    copy = copyOfPackage();
  });

  afterAll(() => copy.remove());

  it('the doctor tells why it did not load, and all works in JavaScript', async () => {
    const ran = await run(['doctor', '--json'], '', { AIRS_MCP_BACKEND: '' }, copy.main);
    const { ok, backend } = reportOf(ran);
    expect({ ok, code: ran.code, name: backend?.name }).toEqual({ ok: true, code: 0, name: 'javascript' });
    expect(backend?.reason).toMatch(/^the native addon did not load: No native build was found/);
  });

  it('the doctor fails where the addon is demanded', async () => {
    const ran = await run(['doctor'], '', { AIRS_MCP_BACKEND: 'native' }, copy.main);
    expect(ran).toMatchObject({ code: 1, stderr: '' });
    expect(ran.stdout.toString()).toMatch(/failed {2}a backend runs: AIRS_MCP_BACKEND_UNAVAILABLE: .*No native build was found/);
  });
});
