/** Builds limits.cc with the system's compiler, once for each state of its sources. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = join(ROOT, 'build', 'bench');
const SIMDJSON = join(ROOT, 'node_modules', '@nozbe', 'simdjson', 'src');
const SCANNER = ['envelope', 'escape', 'plain_text', 'scan', 'structure', 'tokens', 'value'].map((name) => join(ROOT, 'native', `${name}.cc`));
const SOURCES = [join(ROOT, 'bench', 'native', 'limits.cc'), ...SCANNER, join(SIMDJSON, 'simdjson.cpp')];
const FLAGS = ['-std=c++20', '-O3', '-w', '-DNDEBUG', '-DSIMDJSON_EXCEPTIONS=0', '-fno-exceptions', '-fno-rtti', '-I', join(ROOT, 'native'), '-I', SIMDJSON];

const compile = promisify(execFile);

function hashOf(files) {
  const hash = createHash('sha256').update(FLAGS.slice(0, 7).join(' '));
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

const headers = () => readdirSync(join(ROOT, 'native')).filter((name) => name.endsWith('.h')).map((name) => join(ROOT, 'native', name));

export function programPath() {
  return join(OUT, `limits-${hashOf([...SOURCES.slice(0, -1), ...headers(), join(SIMDJSON, '..', 'package.json')])}`);
}

/** @returns why it could not be built, if so */
export async function prepareLimits(say) {
  if (process.platform !== 'linux') return 'the native limits are measured on Linux only';
  const program = programPath();
  if (existsSync(program)) return undefined;
  say('compiling the native limits (a quarter of a minute, once)');
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const compiler = process.env.CXX ?? 'g++';
  try {
    const objects = await Promise.all(SOURCES.map(async (source) => {
      const object = join(OUT, `${basename(source)}.o`);
      await compile(compiler, [...FLAGS, '-c', source, '-o', object]);
      return object;
    }));
    await compile(compiler, [...objects, '-o', program]);
    return undefined;
  } catch (error) {
    return `the native limits do not compile here: ${String(error.stderr || error.message).trim().split('\n')[0]}`;
  }
}
