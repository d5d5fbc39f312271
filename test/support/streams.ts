import type { Readable } from 'node:stream';

/** All that waits in a stream. `read()` gives that as well, up to Node 24; from 26 on, one chunk of it. */
export function readAll(stream: Readable): Buffer {
  const chunks: Buffer[] = [];
  for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) chunks.push(chunk);
  return Buffer.concat(chunks);
}
