/**
 * The kept inputs of the fuzz target, packed into one text file: an input a line, in base64, sorted so that a change
 * shows as lines.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKED = new URL('corpus.txt', import.meta.url);

/** @returns {Buffer[]} */
export function readCorpus() {
  return readFileSync(PACKED, 'latin1').trim().split('\n').map((line) => Buffer.from(line, 'base64'));
}

/** Writes each input to a file of its own in `folder`, as libFuzzer wants them. */
export function unpack(folder) {
  mkdirSync(folder, { recursive: true });
  for (const input of readCorpus()) writeFileSync(join(folder, createHash('sha1').update(input).digest('hex')), input);
}

/** Makes the files in `folder` the corpus; returns their number. */
export function pack(folder) {
  const lines = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString('base64'));
  writeFileSync(PACKED, `${lines.sort().join('\n')}\n`);
  return lines.length;
}
