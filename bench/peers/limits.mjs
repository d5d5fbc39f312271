/** The native limits as ways; undefined where the program is not built. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { programPath } from '../native/build.mjs';

/** One process that answers requests in turn. */
export function openLimits() {
  const program = programPath();
  if (!existsSync(program)) return { close() {} };
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-bench-'));
  let files = 0;
  const ask = async (request) => {
    child.stdin.write(`${request}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error('the program with the native limits is gone');
    return Number(value);
  };
  return {
    /** Work on the bytes of an input: its time for each message. */
    work(work, { chunks, count }) {
      const path = join(folder, `input${files++}`);
      writeFileSync(path, Buffer.concat(chunks));
      return { sample: async (budget) => (await ask(`time ${work} ${Math.ceil(budget)} ${path}`)) / count };
    },
    /** A round trip to a child process, with an answer of `size` bytes. */
    pair: (kind, size) => ({ sample: (budget) => ask(`pair ${kind} ${size} ${Math.ceil(budget)}`) }),
    async close() {
      child.stdin.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Bytes that a fresh process allocates for one pass. */
export function allocatedBy(work, { chunks }) {
  const program = programPath();
  if (!existsSync(program)) return undefined;
  return {
    async sample() {
      const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-bench-'));
      const path = join(folder, 'input');
      writeFileSync(path, Buffer.concat(chunks));
      const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(`memory ${work} ${path}\n`);
      let text = '';
      for await (const part of child.stdout) text += part;
      rmSync(folder, { recursive: true, force: true });
      return Number(text);
    },
  };
}
