/** Damage to bytes, as noise on a line or a hostile peer would do it. */

import type { Random } from './random.js';

const STRUCTURE = Buffer.from('{}[],:"\\ \t\r0123456789-+.eEtrufalsn/', 'latin1');
const OUTLAWS = [0x00, 0x01, 0x1f, 0x7f, 0x80, 0xbf, 0xc0, 0xc3, 0xe2, 0xed, 0xf0, 0xf5, 0xff];

type Damage = (random: Random, bytes: Buffer, from: number, to: number) => Buffer;

const replace = (bytes: Buffer, from: number, to: number, by: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);

const DAMAGES: readonly Damage[] = [
  (_, bytes, from, to) => replace(bytes, from, to, Buffer.alloc(0)),
  (_, bytes, from, to) => replace(bytes, to, to, bytes.subarray(from, to)),
  (random, bytes, from) => replace(bytes, from, from, Buffer.of(random.pick([...STRUCTURE]))),
  (random, bytes, from) => replace(bytes, from, from + 1, Buffer.of(random.pick([...STRUCTURE]))),
  (random, bytes, from) => replace(bytes, from, from, Buffer.of(random.pick(OUTLAWS))),
  (random, bytes, from) => replace(bytes, from, from + 1, Buffer.of((bytes[from] ?? 0) ^ (1 << random.below(8)))),
  (_, bytes, from) => bytes.subarray(0, from),
];

/** A copy of `bytes` with one to three damages. */
export function mutate(random: Random, bytes: Buffer): Buffer {
  let mutant = bytes;
  for (let left = 1 + random.below(3); left > 0; left--) {
    const from = random.below(mutant.length + 1);
    const to = Math.min(mutant.length, from + random.below(12));
    mutant = random.pick(DAMAGES)(random, mutant, from, to);
  }
  return mutant;
}
