import { AirsMcpError } from '../base/errors.js';
import { FRAME, FRAME_STATE } from './frame.js';

/** `Atomics.waitAsync`, which Node 20 has and the ES2023 types do not. */
type WaitAsync = (array: Int32Array, index: number, value: number) => { async: boolean; value: Promise<unknown> | string };
const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };

const nativeAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted') as { get: () => boolean };

/**
 * A thread's end of a cancel: an AbortSignal over a flag in shared memory, made when it is asked for.
 *
 * Its event comes through the event loop; `aborted` and `throwIfAborted()` read the flag themselves, so that a handler that
 * only computes sees it too.
 */
export class LazySignal {
  private controller: AbortController | null = null;

  constructor(private readonly header: Int32Array) {}

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = this.create();
      this.watch(this.controller);
    }
    return this.controller.signal;
  }

  /** Wakes what waits for the flag, once the state is final. */
  close(): void {
    if (this.controller !== null) Atomics.notify(this.header, FRAME.STATE);
  }

  private create(): AbortController {
    const controller = new AbortController();
    const { signal } = controller;
    const isAborted = (): boolean => {
      const before = nativeAborted.get.call(signal);
      if (before || !this.cancelled) return before;
      controller.abort(new AirsMcpError('AIRS_MCP_CANCELLED'));
      return true;
    };
    Object.defineProperty(signal, 'aborted', { get: isAborted });
    signal.throwIfAborted = () => {
      if (isAborted()) throw signal.reason;
    };
    return controller;
  }

  private watch(controller: AbortController): void {
    if (controller.signal.aborted) return;
    const { async, value } = waitAsync(this.header, FRAME.STATE, FRAME_STATE.OPEN);
    if (async) void (value as Promise<unknown>).then(() => controller.signal.aborted);
  }

  private get cancelled(): boolean {
    const state = Atomics.load(this.header, FRAME.STATE);
    return state === FRAME_STATE.CANCELLED || state === FRAME_STATE.CONDEMNED;
  }
}
