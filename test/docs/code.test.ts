import { describe, expect, it } from 'vitest';
import { filesOf, read } from './page.js';

const withoutSpacing = (code: string): string => code.replace(/\s+/g, ' ').trim();
const EXAMPLES = ['.mjs', '.js', '.ts'].flatMap((ending) => filesOf(ending, 'examples')).map((path) => withoutSpacing(read(path)));
const isQuoted = (block: string): boolean => EXAMPLES.some((example) => example.includes(withoutSpacing(block)));

const blocksOf = (page: string): string[] =>
  [...page.matchAll(/^```(?:js|mjs|javascript|ts|mts|typescript)\n([\s\S]*?)^```/gm)].map((match) => match[1] as string); // the group takes part

/** The first lines of the blocks of a page that no example holds. */
const unquoted = (page: string): string[] => blocksOf(page).filter((block) => !isQuoted(block)).map((block) => block.split('\n', 1)[0] as string);

describe('code that is shown', () => {
  it.each(['README.md', ...filesOf('.md', 'docs')])('on %s is that of an example', (path) => {
    expect(unquoted(read(path))).toEqual([]);
  });

  it('is found, and found changed where one name differs', () => {
    const blocks = filesOf('.md', 'docs').flatMap((path) => blocksOf(read(path))).filter(isQuoted);
    expect(blocks.length).toBeGreaterThan(9);
    expect(blocks.filter((block) => isQuoted(block.replace(/\w+/, '$&_')))).toEqual([]);
  });
});
