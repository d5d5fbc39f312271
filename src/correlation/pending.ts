import { keepLayout } from '../base/layout.js';
import { NOWHERE, type WheelNode } from '../base/wheel.js';
import type { Moment } from './burst.js';
import type { IdKey } from './key.js';
import type { RequestOptions } from './options.js';
import type { SignalWatch } from './signals.js';

/** What only requests with options need. */
export interface Extras {
  /** Whether the promise gives the message itself. */
  readonly raw: boolean;
  readonly resetTimeoutOnProgress: boolean;
  /** When the request fails whatever progress there is (ms of the manager's time); Infinity where that is not limited. */
  lastDeadline: number;
  readonly maxTotalTimeout: number | undefined;
  readonly onProgress: ((progress: unknown) => void) | undefined;
  /** The watch that the request is in, if it has a signal. */
  readonly watch: SignalWatch<PendingRequest> | undefined;
}

/**
 * A request of ours that waits for its response. Its memory is a good part of what it costs: what requests have in common
 * they share.
 */
export class PendingRequest implements WheelNode {
  due = 0;
  slot: number = NOWHERE;
  previous: this = this;
  next: this = this;
  // Both are set by promiseOf.
  resolve!: (value: unknown) => void;
  reject!: (reason: Error) => void;

  constructor(
    readonly key: IdKey,
    /** When it was registered. */
    readonly registered: Moment,
    /** How long it may wait without progress (ms). */
    readonly timeout: number,
    readonly extras: Extras | undefined,
  ) {}

  get scheduled(): boolean {
    return this.slot !== NOWHERE;
  }
}

/** One executor for all promises: no closure for each. It runs inside `new Promise`. */
const keepSettlers = (resolve: (value: unknown) => void, reject: (reason: Error) => void): void => {
  promised.resolve = resolve;
  promised.reject = reject;
};

/** Stands where no request does. */
const NOBODY = new PendingRequest('', { at: 0 }, 0, undefined);
keepLayout(NOBODY);
let promised = NOBODY;

/** Makes the promise that the request settles; once. */
export function promiseOf(request: PendingRequest): Promise<unknown> {
  promised = request;
  const promise = new Promise(keepSettlers);
  // Or the last request of all would keep its result and its signal.
  promised = NOBODY;
  return promise;
}

// Its settlers are functions, as those of any request.
void promiseOf(NOBODY);

/** What `options` ask for; undefined where that is nothing special. */
export function extrasOf(options: RequestOptions, now: number, watch: Extras['watch']): Extras | undefined {
  const { maxTotalTimeout, onProgress, raw = false, resetTimeoutOnProgress = false } = options;
  const listed = maxTotalTimeout ?? onProgress ?? watch;
  if (!raw && !resetTimeoutOnProgress && listed === undefined) return undefined;
  const lastDeadline = maxTotalTimeout === undefined ? Infinity : now + maxTotalTimeout;
  return { raw, resetTimeoutOnProgress, lastDeadline, maxTotalTimeout, onProgress, watch };
}

/** When a request fails that nothing is heard of (ms of the manager's time). */
export function deadlineOf(request: PendingRequest): number {
  const deadline = request.registered.at + request.timeout;
  return request.extras === undefined ? deadline : Math.min(deadline, request.extras.lastDeadline);
}
