import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';

const ROOT = join(import.meta.dirname, '..', '..');
export const MAIN = join(ROOT, 'dist', 'cli', 'main.js');
export const SERVER = join(ROOT, 'test', 'fixtures', 'cli', 'server.mjs');

export interface Ran {
  stdout: Buffer;
  stderr: string;
  code: number | null;
  signal: string | null;
}

/** Starts the compiled command, without colours. */
export function start(args: readonly string[], env: Record<string, string> = {}, main = MAIN): ChildProcessWithoutNullStreams {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  return spawn(process.execPath, [main, ...args], { env: { ...inherited, NO_COLOR: '1', ...env } });
}

export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), text(child.stderr)]);
  return { stdout, stderr, ...(await exit) };
}

/** Runs the compiled command to its end. @param main of another copy of the package */
export function run(args: readonly string[], input: string | Uint8Array = '', env: Record<string, string> = {}, main = MAIN): Promise<Ran> {
  const child = start(args, env, main);
  child.stdin.on('error', () => undefined); // It may be gone before it read all.
  child.stdin.end(input);
  return ended(child);
}

/** The compiled package in a folder of its own, which a test may break. */
export interface PackageCopy {
  readonly main: string;
  /** @param path below its root */
  drop(path: string): void;
  remove(): void;
}

/** A copy without the addon. */
export function copyOfPackage(): PackageCopy {
  const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-package-'));
  mkdirSync(join(folder, 'dist'));
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return {
    main: join(folder, 'dist', 'cli', 'main.js'),
    drop: (path) => rmSync(join(folder, path)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
