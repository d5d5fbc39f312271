import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { requireDist } from '../peer/dist.js';
import { run } from './run.js';

beforeAll(requireDist);

describe('the command line', () => {
  it('prints the package\'s version', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
    const { stdout, code } = await run(['--version']);
    expect({ stdout: stdout.toString(), code }).toEqual({ stdout: `${version}\n`, code: 0 });
  });

  it.each([[['--help'], 'tap'], [['tap', '--help'], '--output'], [['help', 'tap'], '--output'], [['doctor', '--help'], '--json'], [['demo', '--help'], '--json'], [['bench', '--help'], '--quick']])('%s prints help', async (args, word) => {
    const { stdout, code, stderr } = await run(args);
    expect({ code, stderr, has: stdout.toString().includes(word) }).toEqual({ code: 0, stderr: '', has: true });
  });

  it.each([[['nope']], [['--nope']], [['tap']], [['tap', '--nope', '--', 'x']], [['doctor', '--nope']], [['demo', 'x']], [['bench', '--backend', 'wasm']]])('%s is a wrong command line: status 2, and nothing on standard output', async (args) => {
    const { stdout, code, stderr } = await run(args);
    expect({ code, stdout: stdout.length, told: stderr.startsWith('error: ') }).toEqual({ code: 2, stdout: 0, told: true });
  });

  it('options behind the server\'s name are the server\'s', async () => {
    const { stdout } = await run(['tap', process.execPath, '-p', '"--json"']);
    expect(stdout.toString()).toBe('--json\n');
  });
});
