import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAudit } from '../../release/audit.mjs';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  dependencies: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  scripts: Record<string, string>;
  files: string[];
};

interface Locked {
  version: string;
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
}
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
/** All that users install, whatever asked for it. */
const installed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
const page = read('docs/dependencies.md');

/** May be used by an Apache-2.0 package and handed on with it. */
const COMPATIBLE = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0'];

describe('run-time dependencies', () => {
  it('each have a line in docs/dependencies.md that says why, and no line is about another', () => {
    const justified = [...page.matchAll(/^\| `([^`]+)` \| \S.{20,} \| ([^|]+) \|$/gm)].map(([, name]) => name);
    const direct = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    expect(justified.sort()).toEqual(direct.sort());
  });

  it('have licences that go with Apache-2.0, those that they depend on too', () => {
    const others = installed.filter(([, { license }]) => license === undefined || !COMPATIBLE.includes(license));
    expect(others).toEqual([]);
    expect(installed.length).toBeGreaterThan(4);
  });

  it('run no script when they are installed', () => {
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  });
});

describe('our own package', () => {
  it('runs nothing when it is installed but the choice of a binary', () => {
    const automatic = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare', 'prepublish'];
    const present = automatic.filter((name) => name in manifest.scripts);
    expect(present).toEqual(['install']);
    expect(manifest.scripts['install']).toMatch(/^node-gyp-build( \|\| exit 0)?$/);
  });

  it('carries the notices of what is compiled into its binary', () => {
    expect(manifest.files).toContain('THIRD-PARTY-NOTICES');
    const notices = read('THIRD-PARTY-NOTICES').replaceAll(/\s+/g, ' ');
    const source = read('node_modules/@nozbe/simdjson/src/simdjson.cpp') + read('node_modules/@nozbe/simdjson/src/simdjson.h');
    const holders = [...source.matchAll(/Copyright (?:\(c\) )?\d{4}[^()\n]*\(?[^()\n]*/g)].map(([line]) => line.replaceAll(/\s+/g, ' ').trim());
    expect(new Set(holders).size).toBeGreaterThan(5);
    expect([...new Set(holders)].filter((holder) => !notices.includes(holder))).toEqual([]);
    expect(existsSync(new URL('../../LICENSE', import.meta.url))).toBe(true);
  });
});

describe('the audit', () => {
  const counts = (total: number) => ({ vulnerabilities: { total }, dependencies: { prod: 9 } });

  it('tells findings, none, and an unreachable registry apart', () => {
    expect(readAudit(JSON.stringify({ metadata: counts(0) }))).toEqual({ outcome: 'clean', detail: '9 packages' });
    const vulnerabilities = { a: { name: 'a', severity: 'high', range: '<2' } };
    expect(readAudit(JSON.stringify({ metadata: counts(1), vulnerabilities }))).toEqual({ outcome: 'findings', detail: 'a <2: high' });
    expect(readAudit('{"message":"405 Method Not Allowed"}')).toEqual({ outcome: 'unreachable', detail: '405 Method Not Allowed' });
    expect(readAudit('{"error":{"summary":"no route"}}')).toEqual({ outcome: 'unreachable', detail: 'no route' });
    expect(readAudit('')).toMatchObject({ outcome: 'unreachable' });
  });
});
