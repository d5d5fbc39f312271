import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A copy of this package, compiled from the sources as they are now, for child processes to import. */
export interface Compiled {
  /** The URL of a compiled file, by its path under `src`, without its suffix. */
  url(path: string): string;
  remove(): void;
}

export function compile(): Compiled {
  const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-'));
  for (const path of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    const target = join(folder, 'dist', path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
    writeFileSync(target, ts.transpileModule(readFileSync(join(ROOT, 'src', path), 'utf8'), { compilerOptions: options }).outputText);
  }
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  for (const name of ['node_modules', 'build', 'prebuilds']) {
    if (existsSync(join(ROOT, name))) symlinkSync(join(ROOT, name), join(folder, name), 'junction');
  }
  return {
    url: (path) => pathToFileURL(join(folder, 'dist', `${path}.js`)).href,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
