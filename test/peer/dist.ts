import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

function newest(folder: string): number {
  try {
    return Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));
  } catch {
    return 0;
  }
}

/** Processes of their own run JavaScript, so their tests need what `npm run build:ts` made. */
export function requireDist(): void {
  if (newest(join(ROOT, 'dist', 'peer')) >= newest(join(ROOT, 'src', 'peer'))) return;
  throw new Error('dist/ is missing or older than src/: run `npm run build:ts` first, as `npm test` does');
}
