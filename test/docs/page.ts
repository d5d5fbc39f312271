import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Folders whose files are not ours, or are made. */
const SKIPPED = new Set(['node_modules', 'dist', 'build', 'coverage', 'sbom', '.git']);

function* filesUnder(folder: string, ending: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) yield* filesUnder(path, ending);
    else if (entry.isFile() && entry.name.endsWith(ending)) yield path;
  }
}

/** The files of the repository below `folder` whose names end so, as paths from its root with slashes. */
export const filesOf = (ending: string, folder = '.'): string[] =>
  [...filesUnder(join(ROOT, folder), ending)].map((path) => relative(ROOT, path).replaceAll(sep, '/')).sort();

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const FENCE = /^ *(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\1 *$/gm;

/** A page without its code. */
export const prose = (page: string): string => page.replace(FENCE, '').replace(/`[^`\n]*`/g, 'code');

/** The names that GitHub gives to the headings of a page. */
export function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = page.replace(FENCE, '').matchAll(/^#{1,6} +(.+?) *#*$/gm);
  return new Set([...headings].map(([, heading]) => {
    const text = (heading as string).replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = text.toLowerCase().replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  }));
}
