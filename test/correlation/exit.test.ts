import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SOURCES = resolve(import.meta.dirname, '../../src');
/** All that the manager imports when it runs. */
const FOLDERS = ['base', 'correlation'];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airs-mcp-correlation-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  for (const name of FOLDERS) {
    mkdirSync(join(folder, name));
    for (const file of readdirSync(join(SOURCES, name)).filter((entry) => entry.endsWith('.ts'))) {
      const { outputText } = ts.transpileModule(readFileSync(join(SOURCES, name, file), 'utf8'), { compilerOptions });
      writeFileSync(join(folder, name, file.replace(/\.ts$/, '.js')), outputText);
    }
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program in a process of its own; returns what it printed, once it ended by itself. */
function run(body: string): string {
  const program = `import { CorrelationManager } from './correlation/manager.js';\n${body}`;
  writeFileSync(join(folder, 'program.js'), program);
  const child = spawnSync(process.execPath, ['program.js'], { cwd: folder, encoding: 'utf8', timeout: 20_000 });
  expect({ stderr: child.stderr, signal: child.signal, status: child.status }).toEqual({ stderr: '', signal: null, status: 0 });
  return child.stdout;
}

describe('a process', () => {
  it('ends while requests are pending: their timer does not hold it', () => {
    const body = `
      const manager = new CorrelationManager();
      for (let id = 0; id < 100; id++) manager.registerRequest({ id }, { timeout: 15_000 + id, maxTotalTimeout: 600_000 });
      process.on('exit', () => console.log(manager.statistics().pendingCount));
    `;
    expect(run(body)).toBe('100\n');
  });

  it('sees timeouts fire by the system\'s clock, one after another, while something else keeps it', () => {
    const body = `
      const keep = setInterval(() => {}, 1_000);
      const manager = new CorrelationManager({ cleanupInterval: 1 });
      const waited = (id, timeout) => manager.registerRequest({ id }, { timeout }).catch((error) => console.log(id, error.code));
      await Promise.all([waited(1, 30), waited(2, 10), waited(3, 20)]);
      clearInterval(keep);
    `;
    const code = 'AIRS_MCP_REQUEST_TIMEOUT';
    expect(run(body)).toBe(`2 ${code}\n3 ${code}\n1 ${code}\n`);
  });

  it('does not end a timeout early after code that held the loop up', () => {
    const body = `
      const keep = setInterval(() => {}, 1_000);
      const manager = new CorrelationManager();
      manager.registerRequest({ id: 1 }, { timeout: 100 }).catch(() => {});
      for (const end = performance.now() + 120; performance.now() < end;);
      const registered = performance.now();
      await manager.registerRequest({ id: 2 }, { timeout: 110 }).catch(() => {});
      console.log(performance.now() - registered >= 110);
      clearInterval(keep);
    `;
    expect(run(body)).toBe('true\n');
  });
});
