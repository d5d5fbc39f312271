import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { limitOf } from '../support/limit.js';
import { requireDist } from './dist.js';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLES = ['server.mjs', 'client.mjs'].map((name) => join(ROOT, 'examples', 'peer', name));

beforeAll(requireDist);

async function run(script: string, input = ''): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(process.execPath, [script], { stdio: 'pipe' });
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code: await code };
}

describe('the examples', () => {
  it('of a client, which starts that of a server, gets what it says', async () => {
    const { stdout, stderr, code } = await run(EXAMPLES[1] as string);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout.trimEnd().split('\n')).toEqual([
      'connected to server of example',
      'tools [{"name":"count"}]',
      'refused -32602 no such tool: cuont',
      ...['a', 'b', 'c'].map((name, i) => `progress {"progress":${i + 1},"total":3,"message":"${name}.txt","progressToken":4}`),
      'imported {"imported":3}',
      'gave up AIRS_MCP_CANCELLED',
      'batch {"greeting":"Hello, Ada!"} {"content":[{"type":"text","text":"45 bytes of params"}]}',
      'raw 28 bytes, first tool count',
      'statistics {"completed":6,"cancelled":1,"measured":true}',
    ]);
  });

  it('of a server answers whoever speaks JSON-RPC to it, until its input ends', async () => {
    const input = ['{"jsonrpc":"2.0","method":"notifications/initialized"}', '{"jsonrpc":"2.0","id":"a","method":"tools/list"}', 'noise'].join('\n');
    const { stdout, stderr, code } = await run(EXAMPLES[0] as string, input);
    expect(stdout).toBe('{"jsonrpc":"2.0","id":"a","result":{"tools":[{"name":"count"}]}}\n');
    expect(stderr.split('\n')).toContain('a client is here');
    expect(code).toBe(0);
  });

  it('keep to the types in their comments', () => {
    const options: ts.CompilerOptions = {
      allowJs: true, checkJs: true, noEmit: true, strict: true, skipLibCheck: true, types: ['node'], lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
    };
    const problems = ts.getPreEmitDiagnostics(ts.createProgram(EXAMPLES, options));
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  }, limitOf(2));
});

describe('docs/peer.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'peer.md'), 'utf8');
  const code = EXAMPLES.map((path) => readFileSync(path, 'utf8'));
  const blocks = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] as string); // the group takes part

  it('shows code', () => {
    expect(blocks.length).toBeGreaterThan(9);
  });

  it.each(blocks)('shows code of the examples: %s', (block) => {
    expect(code.some((file) => file.includes(block))).toBe(true);
  });
});
