/** The two halves of a hand-written loop over lines. */

import type { Readable, Writable } from 'node:stream';

const LF = 10;

export function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      const piece = chunk.subarray(start, end);
      take((rest.length === 0 ? piece : Buffer.concat([...rest, piece])).toString());
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  });
}

/** Writes lines, those of one tick together. */
export function tickWriter(stream: Writable): (line: string) => void {
  let lines: string[] = [];
  return (line) => {
    if (lines.length === 0) {
      queueMicrotask(() => {
        stream.write(`${lines.join('\n')}\n`);
        lines = [];
      });
    }
    lines.push(line);
  };
}
