import { cruise, type ICruiseResult, type IRegularForbiddenRuleType } from 'dependency-cruiser';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Each part of src and its level. A part imports from lower levels only. */
const LEVELS: Readonly<Record<string, number>> = {
  'base/': 1,
  'backend/': 2,
  'buffer/': 3,
  'message/': 4,
  'transport/': 5,
  'correlation/': 5,
  'concurrency/': 5,
  'peer/': 6,
  'mcp/': 7,
  'monitoring/': 7,
  'cli/': 8,
  'index.ts': 9,
};

/** Matches the paths of the parts named; a file's name must match to its end. */
const pathsOf = (parts: string[]): string => `^src/(${parts.map((part) => part.replace(/\.ts$/, '[.]ts$')).join('|')})`;

const EVERY_PART = new RegExp(pathsOf(Object.keys(LEVELS)));

function partsWhere(test: (part: string, level: number) => boolean): string[] {
  return Object.entries(LEVELS).flatMap(([part, level]) => (test(part, level) ? [part] : []));
}

function rule(name: string, from: IRegularForbiddenRuleType['from'], to: IRegularForbiddenRuleType['to']): IRegularForbiddenRuleType {
  return { name, severity: 'error', from, to };
}

function levelRules([part, level]: [string, number]): IRegularForbiddenRuleType[] {
  const from = { path: pathsOf([part]) };
  const above = partsWhere((_, other) => other > level);
  const beside = partsWhere((name, other) => other === level && name !== part);
  return [
    ...(above.length > 0 ? [rule('upward', from, { path: pathsOf(above) })] : []),
    ...(beside.length > 0 ? [rule('sideways', from, { path: pathsOf(beside) })] : []),
  ];
}

const FORBIDDEN = [
  ...Object.entries(LEVELS).flatMap(levelRules),
  rule('cycle', {}, { circular: true }),
  rule('unresolved', { path: '^src/' }, { couldNotResolve: true }),
  rule('dev-dependency', { path: '^src/' }, { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] }),
  rule('outside-src', { path: '^src/' }, { pathNot: '^src/', dependencyTypes: ['local'] }),
];

interface Finding {
  rule: string;
  from: string;
  to: string;
}

/** Applies the rules to `root`/src. */
async function check(root: string): Promise<{ files: string[]; findings: Finding[] }> {
  const { output } = await cruise(['src'], {
    baseDir: root,
    ruleSet: { forbidden: FORBIDDEN },
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  });
  const { modules, summary } = output as ICruiseResult;
  const files = modules.map(({ source }) => source).filter((source) => source.startsWith('src/'));
  const findings = summary.violations.map(({ rule: { name }, from, to }) => ({ rule: name, from, to }));
  return { files, findings };
}

const outsideEveryPart = (files: string[]): string[] => files.filter((file) => !EVERY_PART.test(file));

it('src imports downward only, without cycles, development packages, or files outside src', async () => {
  const { files, findings } = await check(join(import.meta.dirname, '..'));
  expect(findings).toEqual([]);
  expect(files).toContain('src/base/errors.ts');
});

it('every file of src belongs to a part that has a level', async () => {
  const { files } = await check(join(import.meta.dirname, '..'));
  expect(outsideEveryPart(files)).toEqual([]);
});

it('the same rules find each kind of violation in a tree that has one of each', async () => {
  const { files, findings } = await check(join(import.meta.dirname, 'fixtures', 'layers'));
  expect(findings).toHaveLength(5);
  expect(findings).toEqual(
    expect.arrayContaining([
      { rule: 'upward', from: 'src/base/limits.ts', to: 'src/backend/contract.ts' },
      { rule: 'sideways', from: 'src/transport/stdio.ts', to: 'src/correlation/table.ts' },
      { rule: 'cycle', from: 'src/buffer/lease.ts', to: 'src/buffer/pool.ts' },
      { rule: 'dev-dependency', from: 'src/cli/main.ts', to: expect.stringContaining('node_modules/vitest/') },
      { rule: 'outside-src', from: 'src/cli/main.ts', to: 'test/sample.ts' },
    ]),
  );
  expect(outsideEveryPart(files)).toEqual(['src/stray.ts']);
});
