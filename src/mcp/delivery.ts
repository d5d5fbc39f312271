import type { JSONRPCMessage } from './wire.js';

function isNotification(message: JSONRPCMessage): boolean {
  const { id, method } = message as { id?: unknown; method?: unknown };
  return id === undefined && method !== undefined;
}

/**
 * Delivers messages in order, with a breath after notifications.
 *
 * The SDKs handle a notification one microtask after it is delivered, and a response at once: a response right behind
 * the last progress of its call would overtake it, and the progress be dropped. So whatever else follows a
 * notification in one tick waits until those microtasks have run.
 */
export class Delivery {
  private waiting = false;
  /** Whether a notification was delivered since the wait began: its microtask comes after ours. */
  private again = false;
  private queue: JSONRPCMessage[] = [];
  private head = 0;

  /** @param receive may throw; `report` hears of it and must not */
  constructor(private readonly receive: (message: JSONRPCMessage) => void, private readonly report: (error: Error) => void) {}

  push(message: JSONRPCMessage): void {
    if (this.isHeld(message)) this.queue.push(message);
    else this.pass(message);
  }

  /** Delivers what waits, now. */
  flush(): void {
    while (this.head < this.queue.length) this.pass(this.take());
    this.forget();
  }

  private isHeld(message: JSONRPCMessage): boolean {
    return this.head < this.queue.length || (this.waiting && !isNotification(message));
  }

  private pass(message: JSONRPCMessage): void {
    try {
      this.receive(message);
    } catch (error) {
      this.report(error instanceof Error ? error : new Error(`onmessage threw ${String(error)}`, { cause: error }));
    }
    if (!isNotification(message)) return;
    if (this.waiting) this.again = true;
    else this.wait();
  }

  private wait(): void {
    this.waiting = true;
    this.again = false;
    queueMicrotask(this.proceed);
  }

  private readonly proceed = (): void => {
    if (this.again) return this.wait();
    this.waiting = false;
    while (this.head < this.queue.length) {
      const next = this.queue[this.head] as JSONRPCMessage; // head is in range
      if (this.waiting && !isNotification(next)) return;
      this.pass(this.take());
    }
    this.forget();
  };

  private take(): JSONRPCMessage {
    return this.queue[this.head++] as JSONRPCMessage; // callers checked that there is one
  }

  private forget(): void {
    this.queue = [];
    this.head = 0;
  }
}
