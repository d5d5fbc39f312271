/** Messages whose weight is in a few long strings, on their way out in pooled memory. */

import { type DirectBuffer, encodeText } from '../base/bytes.js';
import type { Slab } from '../buffer/slab.js';
import { mayBeHeavy, writeLong } from '../message/long-writing.js';
import type { ZeroCopyTransport } from '../transport/contract.js';

/** Sends the message if its weight is in such strings; undefined where it is not, and nothing was sent. */
export function sendLong(transport: ZeroCopyTransport, message: object): Promise<void> | undefined {
  const { result, params } = message as { result?: unknown; params?: unknown };
  const payload = result ?? params;
  if (!mayBeHeavy(payload)) return undefined;
  const slabs: Slab[] = [];
  const release = (): void => slabs.forEach((slab) => slab.release());
  const take = (bytes: number): DirectBuffer => {
    const slab = transport.buffers.takeWriteSlab(bytes);
    slabs.push(slab);
    return slab.bytes;
  };
  const text = writeLong(payload, take, { object: message, key: result === undefined ? 'params' : 'result' });
  if (text === undefined) {
    release();
    return undefined;
  }
  const sent = transport.sendBytes([encodeText(text.head), ...text.parts, encodeText(text.tail)]);
  // Where it failed a write may still be under way: that memory is left to the garbage collector.
  sent.then(release, () => undefined);
  return sent;
}
