/** Messages whose weight is in a few long strings, on their way out in pooled memory. */

import { encodeText } from '../base/bytes.js';
import type { Slab } from '../buffer/slab.js';
import { isPlain, lighten, writeLight } from '../message/long-writing.js';
import type { ZeroCopyTransport } from '../transport/contract.js';

/** Sends the message if its weight is in such strings; undefined where it is not, and nothing was sent. */
export function sendLong(transport: ZeroCopyTransport, message: object): Promise<void> | undefined {
  const { result, params } = message as { result?: unknown; params?: unknown };
  const light = lighten(result ?? params);
  if (light === undefined || !isPlain(message)) return undefined;
  const slabs: Slab[] = [];
  const release = (): void => slabs.forEach((slab) => slab.release());
  const parts = writeLight({ ...message, [result === undefined ? 'params' : 'result']: light.value }, light.strings, (bytes) => {
    const slab = transport.buffers.takeWriteSlab(bytes);
    slabs.push(slab);
    return slab.bytes;
  });
  if (parts === undefined) {
    release();
    return undefined;
  }
  const sent = transport.sendBytes(parts.map((part) => (typeof part === 'string' ? encodeText(part) : part)));
  // Where it failed a write may still be under way: that memory is left to the garbage collector.
  sent.then(release, () => undefined);
  return sent;
}
