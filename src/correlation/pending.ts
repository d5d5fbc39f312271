import type { IdKey } from './key.js';
import type { RequestOptions } from './options.js';
import type { SignalWatch } from './signals.js';
import { WheelNode } from '../base/wheel.js';

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

/** A request of ours that waits for its response. */
export class PendingRequest extends WheelNode {
  constructor(
    readonly key: IdKey,
    readonly resolve: (value: unknown) => void,
    readonly reject: (reason: Error) => void,
    /** When it was registered (ms of the manager's time). */
    public started: number,
    /** How long it may wait without progress (ms). */
    readonly timeout: number,
    readonly extras: Extras | undefined,
  ) {
    super();
  }
}

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
  const deadline = request.started + request.timeout;
  return request.extras === undefined ? deadline : Math.min(deadline, request.extras.lastDeadline);
}
