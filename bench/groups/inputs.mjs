/** The messages that the groups about parsing share, and where the Rust origin stands on them. */

import { blob, lines, pieces, request, rows, rowsInText, toolsList } from '../lib/data.mjs';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const CHUNK = 64 * KIB;

const one = (make, size) => lines(1, (id) => make(id, size));

/** By name; `make` gives the chunks. */
const INPUTS = {
  '140 B request': { size: 140, count: 450, make: () => [lines(450, request)] },
  '6 KB tools/list': { size: 6.2 * KIB, count: 10, make: () => [lines(10, toolsList)] },
  '64 KiB rows': { slow: true, size: 64 * KIB, count: 1, make: () => [one(rows, 64 * KIB)] },
  '1 MiB base64, one chunk': { slow: true, size: MIB, count: 1, make: () => [one(blob, MIB)] },
  '1 MiB base64, 64 KiB chunks': { size: MIB, count: 1, make: () => pieces(one(blob, MIB), CHUNK) },
  '1 MiB of JSON in a text, 64 KiB chunks': { slow: true, size: MIB, count: 1, make: () => pieces(one(rowsInText, MIB), CHUNK) },
  '1 MiB rows, 64 KiB chunks': { slow: true, size: MIB, count: 1, make: () => pieces(one(rows, MIB), CHUNK) },
};

/** What a group's row takes from an input of that name. */
export function rowOn(name) {
  const { size, count, slow } = INPUTS[name];
  return { name, size, slow, units: count, references: originOn(name) };
}

export function inputNamed(name) {
  const { count, make } = INPUTS[name];
  return { chunks: make(), count };
}

/** Its times (ns) and those of JSON.parse in the same minutes on the machine where it was measured: best of six. */
const ORIGIN = {
  '140 B request': { streaming: 2_500, plain: 880, parse: 940 },
  '6 KB tools/list': { streaming: 111_000, plain: 45_000, parse: 33_000 },
  '1 MiB base64, 64 KiB chunks': { streaming: 4_000_000, plain: 220_000, parse: 2_064_000 },
};

function originOn(input) {
  const there = ORIGIN[input];
  if (there === undefined) return [];
  const beside = { way: 'JSON.parse', value: there.parse };
  return [
    { name: 'Rust origin, streaming parser', value: there.streaming, beside },
    { name: 'Rust origin, plain parse', value: there.plain, beside },
  ];
}

export const INPUT_NAMES = Object.keys(INPUTS);
