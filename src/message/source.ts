import { type DirectBuffer, copyBytes } from '../base/bytes.js';
import { keepLayout } from '../base/layout.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Slab } from '../buffer/slab.js';
import type { Demand } from './demand.js';

/** Where the bytes of received messages lie; those of one scan share it. Each holds the slab, if there is one. */
export class MessageSource {
  /**
   * @param slab whose `bytes` these are, and whose manager counts what is held; null where the bytes are the message's own
   * @param demand told of each payload that is read
   * @param made the payload's value, where the source is of one message whose check made it
   */
  constructor(
    readonly bytes: DirectBuffer, readonly slab: Slab | null, private readonly manager: BufferManager | null,
    private readonly demand: Demand | null = null, private readonly made?: object,
  ) {}

  /** The same for one message alone, whose payload's value is `made`: it goes with that message. */
  holding(made: object): MessageSource {
    return new MessageSource(this.bytes, this.slab, this.manager, this.demand, made);
  }

  /** The payload of a message of so many bytes is read: its value, where there is one already. */
  takePayload(bytes: number): object | undefined {
    this.demand?.note(bytes);
    return this.made;
  }

  /** Counts `bytes` as held by a consumer, until {@link unhold}. */
  hold(bytes: number): void {
    this.manager?.hold(bytes, this.slab ?? undefined);
  }

  unhold(bytes: number): void {
    this.manager?.unhold(bytes, this.slab ?? undefined);
  }
}

keepLayout(new MessageSource(copyBytes(new Uint8Array(), 0, 0), null, null));
