import { existsSync } from 'node:fs';
import { basename, posix, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, filesOf, prose, read, ROOT } from './page.js';

const PAGES = filesOf('.md');
const LINK = /\]\( *<?([^)\s>]+)>?[^)]*\)|^ *\[[^\]]+\]: *<?([^\s>]+)|\b(?:href|src)="([^"]+)"/gm;
const ELSEWHERE = /^(?:[a-z][a-z+.-]*:|\/\/)/i;

/** The links of a page into the repository. */
const linksOf = (page: string): string[] =>
  [...prose(page).matchAll(LINK)].flatMap(([, inline, reference, html]) => inline ?? reference ?? html ?? []).filter((to) => !ELSEWHERE.test(to));

/** What is wrong with a link on the page at `from`, or undefined. */
function problemOf(from: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from : posix.normalize(posix.join(posix.dirname(from), decodeURIComponent(path)));
  if (target.startsWith('..') || !existsSync(join(ROOT, target))) return `${link}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(read(target)).has(decodeURIComponent(anchor)) ? undefined : `${link}: ${target} has no such heading`;
}

describe('the links of', () => {
  it.each(PAGES)('%s lead to files and headings that are there', (page) => {
    expect(linksOf(read(page)).flatMap((link) => problemOf(page, link) ?? [])).toEqual([]);
  });

  it('a page are found in all their forms, but not in code', () => {
    const page = '[a](one.md) ![b](two.svg "t") <img src="three.png">\n[`c`](four.md#x)\n\n[d]: five.md\n`[e](no.md)`\n```md\n[f](no.md)\n```\n[g](https://x.org)';
    expect(linksOf(page)).toEqual(['one.md', 'two.svg', 'three.png', 'four.md#x', 'five.md']);
  });

  it('a page that lead nowhere are told apart from those that lead somewhere', () => {
    expect(problemOf('docs/peer.md', '../README.md#install')).toBeUndefined();
    expect(problemOf('docs/peer.md', '#closing')).toBeUndefined();
    expect(problemOf('docs/peer.md', 'none.md')).toMatch(/there is no docs\/none\.md/);
    expect(problemOf('docs/peer.md', '../README.md#none')).toMatch(/no such heading/);
    expect(problemOf('README.md', '../elsewhere.md')).toMatch(/there is no/);
  });

  it('the index reach every page of docs', () => {
    const reached = linksOf(read('docs/README.md')).map((link) => link.split('#')[0]);
    expect(filesOf('.md', 'docs').map((path) => basename(path)).filter((name) => name !== 'README.md' && !reached.includes(name))).toEqual([]);
  });
});

it('headings get the names that GitHub gives them', () => {
  expect([...anchorsOf('# A `b.c` (d)\n## Same\n## Same\n```\n# no\n```\n### [Link](x.md) — und Ä')]).toEqual(['a-bc-d', 'same', 'same-1', 'link--und-ä']);
});
