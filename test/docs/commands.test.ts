import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../../src/cli/program.js';
import { filesOf, read, ROOT } from './page.js';

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const COMMANDS = new Set([...makeProgram().commands.map((command) => command.name()), 'help']);
const FILE = /\b(?:node|bash) +((?:\.ci|bench|examples|release|test)\/[\w./-]+)/g;

/** What a page tells its reader to run, and is not there. */
function missing(page: string): string[] {
  const all = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map((match) => match[1] as string); // the group takes part
  return [
    ...all(/\bnpm run ([\w:]+)/g).filter((name) => scripts[name] === undefined),
    ...all(/\bnpx airs-mcp (\w+)/g).filter((name) => !COMMANDS.has(name)),
    ...all(FILE).filter((path) => !existsSync(join(ROOT, path))),
  ];
}

describe('commands', () => {
  it.each(filesOf('.md').filter((path) => path !== 'CHANGELOG.md'))('that %s names are there', (path) => {
    expect(missing(read(path))).toEqual([]);
  });

  it('that are not there are found', () => {
    expect(missing('`npm run nope`, `npm run bench`, npx airs-mcp nope, npx airs-mcp tap, node bench/nope.mjs, node bench/run.mjs')).toEqual([
      'nope', 'nope', 'bench/nope.mjs',
    ]);
  });
});
