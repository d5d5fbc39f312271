import { PassThrough } from 'node:stream';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { backendInfo } from '../../src/backend/select.js';
import { CALLS } from '../../src/cli/bench/calls.js';
import { blob, lines, pieces, request, rows, toolsList } from '../../src/cli/bench/data.js';
import { eachLine, tickWriter } from '../../src/cli/bench/lines.js';
import { inTurn, type Way } from '../../src/cli/bench/measure.js';
import { PARSING } from '../../src/cli/bench/parsing.js';
import type { measureAll as Measure, Results } from '../../src/cli/bench/session.js';
import { resultLines, valueText } from '../../src/cli/bench/show.js';
import { plain } from '../../src/cli/paint.js';
import { requireDist } from '../peer/dist.js';
import { copyOfPackage, run } from './run.js';

beforeAll(requireDist);

/** Gives one value after the other. */
const giving = (...values: number[]): Way => ({ sample: () => values.shift() as number });

describe('ways that take turns', () => {
  it('give the median of each, and that of the ratios within a round, with quartiles', async () => {
    const { ours, theirs } = await inTurn({ ours: giving(10, 20, 30), theirs: giving(20, 60, 30) }, { rounds: 3 });
    expect(ours).toEqual({ value: { median: 20, low: 15, high: 25 }, ahead: { median: 1, low: 1, high: 1 }, rounds: 3 });
    expect(theirs).toEqual({ value: { median: 30, low: 25, high: 45 }, ahead: { median: 2, low: 1.5, high: 2.5 }, rounds: 3 });
  });

  it('are ahead by more where more is better', async () => {
    const { theirs } = await inTurn({ ours: giving(30), theirs: giving(10) }, { rounds: 1, higher: true });
    expect(theirs?.ahead.median).toBe(3);
  });

  it('count at least the floor in a ratio', async () => {
    const { theirs } = await inTurn({ ours: giving(0), theirs: giving(8) }, { rounds: 1, floor: 4 });
    expect(theirs?.ahead.median).toBe(2);
  });

  it('are timed by pass, sync or not, and divided by their units', async () => {
    let passes = 0;
    const pass = (): number => ++passes;
    const { whole, half, later } = await inTurn({ whole: pass, half: { pass, units: 2 }, later: () => Promise.resolve() }, { rounds: 1, budget: 0.1 });
    expect(passes).toBeGreaterThan(100);
    for (const measured of [whole, half, later]) expect(measured?.value.median).toBeGreaterThan(0);
  });

  it('take turns: no way has a second value before all have a first', async () => {
    const order: string[] = [];
    const telling = (name: string): Way => ({ sample: () => order.push(name) });
    await inTurn({ a: telling('a'), b: telling('b') }, { rounds: 2 });
    expect(order).toEqual(['a', 'b', 'a', 'b']);
  });

  it('ends early where it takes too long, but not with less than three rounds', async () => {
    const roundsOf = async (rounds: number, patience?: number): Promise<number | undefined> => (await inTurn({ a: giving(1, 1, 1, 1, 1) }, { rounds, patience }))['a']?.rounds;
    expect(await Promise.all([roundsOf(5), roundsOf(5, 0), roundsOf(2, 0)])).toEqual([5, 3, 2]);
  });
});

describe('the loop by hand', () => {
  it('reads lines wherever the input is cut', () => {
    const text = 'one\ntwo → 2\n\nthree\n';
    for (let cut = 0; cut <= Buffer.byteLength(text); cut++) {
      const stream = new PassThrough();
      const seen: string[] = [];
      eachLine(stream, (line) => seen.push(line));
      for (const piece of [Buffer.from(text).subarray(0, cut), Buffer.from(text).subarray(cut)]) stream.emit('data', piece);
      expect(seen).toEqual(['one', 'two → 2', '', 'three']);
    }
  });

  it('writes the lines of one tick together', async () => {
    const stream = new PassThrough();
    const write = tickWriter(stream);
    write('a');
    write('b');
    await Promise.resolve();
    write('c');
    await Promise.resolve();
    expect([stream.read(4), stream.read()].map(String)).toEqual(['a\nb\n', 'c\n']);
  });
});

describe('the messages', () => {
  it('have the sizes that their rows name', () => {
    expect(request(1).length / 140).toBeCloseTo(1, 0);
    expect(toolsList(1).length / 6_000).toBeCloseTo(1, 0);
    expect([blob(1, 2 ** 20), rows(1, 2 ** 20)].map((text) => Math.round(text.length / 2 ** 20))).toEqual([1, 1]);
  });

  it('are joined by lines, and cut in pieces', () => {
    const buffer = lines(3, request);
    expect(buffer.toString().split('\n').map((line) => line && (JSON.parse(line) as { id: number }).id)).toEqual([1, 2, 3, '']);
    const cut = pieces(buffer, 100);
    expect(cut.map(({ length }) => length)).toEqual([100, 100, 100, 100, buffer.length - 400]);
    expect(Buffer.concat(cut).equals(buffer)).toBe(true);
  });
});

describe('what was measured', () => {
  const spread = { median: 1, low: 1, high: 1 };
  const results: Results = {
    version: '1.2.3', backend: { name: 'native', kernel: 'haswell', reason: '', externalBuffers: true }, rounds: 7, budget: 15, warmUp: 1,
    runtime: { name: 'Node.js', version: '22.1.0', node: '22.1.0', nodeApi: 9, nodeApiNeeded: 8 },
    machine: { cpu: 'A CPU', cores: 4, memory: 2 ** 33, platform: 'linux', arch: 'x64' },
    groups: [{
      title: 'bytes', about: 'why', rows: [{
        name: 'small', unit: 'ns', ways: [
          { name: 'airs-mcp', value: { ...spread, median: 120 }, ahead: spread, rounds: 7 },
          { name: 'JSON.parse', value: { ...spread, median: 960 }, ahead: { median: 8, low: 7.5, high: 8.25 }, rounds: 7 },
        ],
      }],
    }],
  };

  it('is a table with medians, ratios and quartiles', () => {
    const text = resultLines(results, plain).join('\n');
    expect(text).toMatch(/ {2} +airs-mcp +JSON.parse +ahead by\n/);
    expect(text).toMatch(/ {2}small +120 ns +960 ns +8\.00× \(7\.50 to 8\.25\)$/);
    for (const part of ['airs-mcp 1.2.3', 'native, kernel haswell', 'A CPU, 4 cores, 8.0 GiB', 'medians of 7 rounds']) expect(text).toContain(part);
  });

  it('is in units that fit', () => {
    expect([999, 1_000, 2.5e6, 1.5e9].map((value) => valueText(value, 'ns'))).toEqual(['999 ns', '1.00 µs', '2.50 ms', '1.50 s']);
    expect(valueText(123_456, 'per second')).toBe('123,456/s');
  });
});

describe('the rows', () => {
  const everyRow = PARSING.flatMap((group) => group.rows);

  it.each(everyRow)('on parsing do all their work: $name', async ({ ways }) => {
    const stage = { ours: undefined, loop: undefined } as never; // they need no processes
    for (const way of Object.values(ways(stage))) await (way as () => unknown)();
  });

  it('on calls have answers of both ends, in processes on this backend', async () => {
    const compiled = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'bench', 'session.js');
    const { measureAll } = (await import(pathToFileURL(compiled).href)) as { measureAll: typeof Measure };
    const begun: string[] = [];
    const pace = { rounds: 1, budget: 0.1, warmUp: 1 };
    const { backend, groups } = await measureAll([CALLS], pace, { begins: (name) => begun.push(name), end: () => begun.push('end') });
    expect(backend).toEqual(backendInfo());
    expect(groups[0]?.rows.map(({ name, unit, ways }) => [name, unit, ...ways.map((way) => way.name)])).toEqual(
      CALLS.rows.map(({ name, rate }) => [name, rate === true ? 'per second' : 'ns', 'airs-mcp', 'loop by hand']),
    );
    for (const { ways } of groups[0]?.rows ?? []) for (const { value } of ways) expect(value.median).toBeGreaterThan(0);
    expect(begun).toEqual([...CALLS.rows.map(({ name }) => `${CALLS.title}: ${name}`), 'end']);
  });
});

it('a bench that cannot begin says why, and ends with status 1', async () => {
  const copy = copyOfPackage();
  try {
    copy.drop('dist/cli/bench/server.js');
    const { stdout, stderr, code } = await run(['bench', '--quick'], '', { AIRS_MCP_BACKEND: 'javascript' }, copy.main);
    expect({ code, stdout: stdout.length }).toEqual({ code: 1, stdout: 0 });
    expect(stderr).toMatch(/airs-mcp: the server ended/);
  } finally {
    copy.remove();
  }
});
