import { type DirectBuffer, copyBytes } from '../base/bytes.js';
import { keepLayout } from '../base/layout.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Slab } from '../buffer/slab.js';

/** Where the bytes of received messages lie; those of one scan share it. Each holds the slab, if there is one. */
export class MessageSource {
  /** @param slab whose `bytes` these are, and whose manager counts what is held; null where the bytes are the message's own */
  constructor(readonly bytes: DirectBuffer, readonly slab: Slab | null, private readonly manager: BufferManager | null) {}

  /** Counts `bytes` as held by a consumer, until {@link unhold}. */
  hold(bytes: number): void {
    this.manager?.hold(bytes, this.slab ?? undefined);
  }

  unhold(bytes: number): void {
    this.manager?.unhold(bytes, this.slab ?? undefined);
  }
}

keepLayout(new MessageSource(copyBytes(new Uint8Array(), 0, 0), null, null));
