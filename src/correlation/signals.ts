/** The pending requests of one signal. */
export interface SignalWatch<Request> {
  readonly signal: AbortSignal;
  readonly requests: Set<Request>;
  readonly listener: () => void;
}

/**
 * Watches signals: one listener for all requests that share a signal (an EventTarget searches its listeners
 * at each change), taken off with the last of them.
 */
export class SignalWatcher<Request> {
  readonly #watches = new Map<AbortSignal, SignalWatch<Request>>();
  readonly #abort: (request: Request, reason: unknown) => void;

  constructor(abort: (request: Request, reason: unknown) => void) {
    this.#abort = abort;
  }

  /** The watch of a signal that has not aborted. Follow with {@link join}: an empty watch is never taken off. */
  watch(signal: AbortSignal): SignalWatch<Request> {
    const known = this.#watches.get(signal);
    if (known !== undefined) return known;
    const requests = new Set<Request>();
    const listener = (): void => {
      for (const request of requests) this.#abort(request, signal.reason);
    };
    const watch = { signal, requests, listener };
    signal.addEventListener('abort', listener);
    this.#watches.set(signal, watch);
    return watch;
  }

  join(watch: SignalWatch<Request>, request: Request): void {
    watch.requests.add(request);
  }

  leave(watch: SignalWatch<Request>, request: Request): void {
    if (!watch.requests.delete(request) || watch.requests.size > 0) return;
    watch.signal.removeEventListener('abort', watch.listener);
    this.#watches.delete(watch.signal);
  }
}
