import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '..', '..');

function newest(folder: string): number {
  return Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));
}

/** A compiled module of the package: threads run JavaScript, so their tests need what `npm run build:ts` made. */
export async function compiled<T>(path: string): Promise<T> {
  const [built, source] = ['dist', 'src'].map((top) => {
    try {
      return newest(join(ROOT, top, 'concurrency'));
    } catch {
      return 0;
    }
  }) as [number, number];
  if (built < source) throw new Error('dist/ is missing or older than src/: run `npm run build:ts` first, as `npm test` does');
  return (await import(pathToFileURL(join(ROOT, 'dist', path)).href)) as T;
}
