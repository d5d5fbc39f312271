import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { backendInfo } from '../../src/backend/select.js';
import { StreamingParser } from '../../src/message/parser.js';
import { profileCriticalSection } from '../../src/monitoring/profile.js';

const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-profile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const pathTo = (ending: string): string => join(folder, `profile${files++}${ending}`);

/** Work of its own that no compiler can skip. */
function countPrimes(below: number): number {
  let primes = 0;
  for (let n = 2; n < below; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (prime) primes++;
  }
  return primes;
}

const sum = (shares: object): number => Object.values(shares).reduce((total: number, share: number) => total + share, 0);

it('gives the value of a synchronous function, and names what took the time', async () => {
  const result = await profileCriticalSection(() => countPrimes(400_000));
  expect(result.value).toBe(33_860);
  expect(result.samples).toBeGreaterThan(10);
  expect(result.output).toBeUndefined();
  expect(result.top[0]).toMatchObject({ name: 'countPrimes', kind: 'javascript' });
  expect(result.top[0]?.url).toContain('profile.test');
  expect(result.shares.javascript).toBeGreaterThan(0.5);
  expect(sum(result.shares)).toBeCloseTo(1, 6);
});

it('waits for an asynchronous function, and gives what it resolves to', async () => {
  const result = await profileCriticalSection(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return countPrimes(400_000);
  });
  expect(result.value).toBe(33_860);
  expect(result.shares.javascript).toBeGreaterThan(0.2);
  expect(result.duration).toBeGreaterThan(0);
});

it('shows the scan as native code on the native backend, and as JavaScript on the fallback', async () => {
  const line = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id: 1, result: 'text '.repeat(100_000) })}\n`);
  const { shares } = await profileCriticalSection(() => {
    const parser = new StreamingParser();
    for (let i = 0; i < 200; i++) parser.parseFromBytes(line)?.release();
  });
  if (backendInfo().name === 'native') expect(shares.native).toBeGreaterThan(0.1);
  else expect(shares.javascript).toBeGreaterThan(shares.native);
});

it('gives at most topCount functions, most of their own time first', async () => {
  const { top } = await profileCriticalSection(() => countPrimes(200_000), { topCount: 1 });
  expect(top).toHaveLength(1);
  const { top: all } = await profileCriticalSection(() => countPrimes(200_000));
  expect(all.map(({ selfTime }) => selfTime)).toEqual(all.map(({ selfTime }) => selfTime).sort((a, b) => b - a));
});

it('takes more samples with a shorter interval', async () => {
  const coarse = await profileCriticalSection(() => countPrimes(400_000), { samplingInterval: 20_000 });
  const fine = await profileCriticalSection(() => countPrimes(400_000), { samplingInterval: 500 });
  expect(fine.samples).toBeGreaterThan(coarse.samples);
});

it('writes a flame graph that stands alone, with every frame named in it', async () => {
  const output = pathTo('.svg');
  // Named itself, since V8 of Node 24 makes one frame of it and what it calls.
  const result = await profileCriticalSection(function primesOfFlameGraph() { return countPrimes(400_000); }, { output });
  expect(result.output).toBe(output);
  const svg = readFileSync(output, 'utf8');
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).toContain('primesOfFlameGraph');
  expect(svg).toContain('native (C++)');
  expect(svg).not.toMatch(/href=|<script|src=/);
  expect(svg.match(/<g /g)?.length).toBe(svg.match(/<\/g>/g)?.length);
});

it('escapes names that would be markup', async () => {
  const output = pathTo('.svg');
  const odd = { '<script>&"'(): number { return countPrimes(400_000); } };
  await profileCriticalSection(() => odd['<script>&"'](), { output });
  expect(readFileSync(output, 'utf8')).not.toContain('<script>');
});

it('writes what developer tools open', async () => {
  const output = pathTo('.cpuprofile');
  await profileCriticalSection(() => countPrimes(200_000), { output });
  const profile = JSON.parse(readFileSync(output, 'utf8')) as { nodes: unknown[]; samples: number[]; timeDeltas: number[] };
  expect(profile.nodes.length).toBeGreaterThan(1);
  expect(profile.samples).toHaveLength(profile.timeDeltas.length);
});

it('refuses another ending before the function is called', async () => {
  let called = false;
  const run = profileCriticalSection(() => (called = true), { output: pathTo('.html') });
  await expect(run).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_ARGUMENT' });
  expect(called).toBe(false);
});

it('refuses a file that cannot be written before the function is called', async () => {
  let called = false;
  const run = profileCriticalSection(() => (called = true), { output: join(folder, 'missing', 'profile.svg') });
  await expect(run).rejects.toMatchObject({ code: 'AIRS_MCP_PROFILE_FAILED', cause: { code: 'ENOENT' } });
  expect(called).toBe(false);
});

it('lists every invalid option', async () => {
  const run = profileCriticalSection(() => 1, { samplingInterval: 1, topCount: 0 });
  await expect(run).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_CONFIG', message: expect.stringMatching(/samplingInterval.*topCount/) });
});

it('lets what the function throws pass, and leaves no file', async () => {
  const output = pathTo('.svg');
  const failure = new Error('from the section');
  await expect(profileCriticalSection(() => Promise.reject(failure), { output })).rejects.toBe(failure);
  expect(existsSync(output)).toBe(false);
});

it('leaves a file that was there before as it was when the function throws', async () => {
  const output = pathTo('.svg');
  writeFileSync(output, 'earlier');
  await expect(profileCriticalSection(() => { throw new Error('no'); }, { output })).rejects.toThrow('no');
  expect(readFileSync(output, 'utf8')).toBe('earlier');
});

it('profiles two sections at a time', async () => {
  const [a, b] = await Promise.all([
    profileCriticalSection(async () => { await Promise.resolve(); return countPrimes(200_000); }),
    profileCriticalSection(async () => { await Promise.resolve(); return countPrimes(200_000); }),
  ]);
  expect(a.value).toBe(b.value);
  expect(Math.min(a.samples, b.samples)).toBeGreaterThan(0);
});
