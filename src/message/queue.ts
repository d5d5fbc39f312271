import type { JsonRpcMessage } from './message.js';

/** Messages that wait, in order. Taking the first moves none of the others, however many wait. */
export class MessageQueue {
  private items: (JsonRpcMessage | undefined)[] = [];
  private head = 0;

  push(message: JsonRpcMessage): void {
    this.items.push(message);
  }

  /** The message that waited longest, or null. */
  shift(): JsonRpcMessage | null {
    const message = this.items[this.head];
    if (message === undefined) return null;
    // Taken messages are the taker's: nothing here keeps them alive.
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) this.forget();
    return message;
  }

  /** All that wait, in order. */
  takeAll(): JsonRpcMessage[] {
    const waiting = this.head === 0 ? this.items : this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return waiting as JsonRpcMessage[]; // from the head on, none was taken
  }

  /** Releases what waits. */
  clear(): void {
    for (let i = this.head; i < this.items.length; i++) this.items[i]?.release();
    this.forget();
  }

  private forget(): void {
    this.items.length = this.head = 0;
  }
}
