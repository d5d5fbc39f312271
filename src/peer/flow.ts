import type { AsyncResource } from 'node:async_hooks';
import type { ConcurrentJsonRpcProcessor } from '../concurrency/processor.js';
import type { CorrelationManager } from '../correlation/manager.js';
import type { Transport } from '../transport/contract.js';
import type { Outbox } from './outbox.js';

/**
 * Decides whether messages are read.
 *
 * Reading stops while many requests wait, and while the other side doesn't read its answers. But what ends that may
 * itself be a message that is not read yet: handlers may wait for answers of the other side, and so may the other side, which
 * reads nothing until we do. Then reading goes on, and requests past the queue are refused.
 */
export class Flow {
  /** Whether the transport was told to pause. */
  paused = false;
  /** Whether reading goes on for the sake of our own calls alone. */
  strained = false;
  /** Calls of ours that handlers wait for. */
  private nested = 0;
  private resuming = false;

  /** @param outside where no handler runs: requests that a resume delivers are not part of the handler that led to it */
  constructor(
    private readonly transport: Transport,
    private readonly processor: ConcurrentJsonRpcProcessor,
    private readonly correlation: CorrelationManager,
    private readonly outbox: Outbox,
    private readonly outside: AsyncResource,
  ) {}

  /** Notes a call of ours that was made by a handler. */
  follow(call: Promise<unknown>): void {
    this.nested++;
    const settled = (): void => {
      this.nested--;
    };
    call.then(settled, settled);
  }

  update(): void {
    const strain = this.underStrain;
    const pause = strain && !this.mustRead();
    this.strained = strain && !pause;
    if (pause === this.paused) return;
    if (pause) {
      this.paused = true;
      this.transport.pause();
    } else {
      this.resumeLater();
    }
  }

  private get underStrain(): boolean {
    return this.outbox.blocked || this.outbox.indebted || this.processor.underPressure;
  }

  /** Whether what would end the strain may have to be read first. */
  private mustRead(): boolean {
    if (this.outbox.indebted) return false;
    return this.outbox.blocked ? this.correlation.statistics().pendingCount > 0 : this.nested > 0;
  }

  /** Not at once: resuming delivers what waits in memory, and whoever caused it is not done yet. */
  private resumeLater(): void {
    if (this.resuming) return;
    this.resuming = true;
    this.outside.runInAsyncScope(queueMicrotask, undefined, () => {
      this.resuming = false;
      if (this.underStrain && !this.mustRead()) return;
      this.paused = false;
      this.transport.resume();
    });
  }
}
