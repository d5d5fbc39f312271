import { AirsMcpError } from '../base/errors.js';
import { MAX_TIMER_DELAY } from '../base/limits.js';

/** How one request waits. */
export interface RequestOptions {
  /** How long to wait for the response (ms); 1 to 2,147,483,647 (25 days), default {@link CorrelationConfig.defaultTimeout}. */
  timeout?: number | undefined;
  /** How long to wait at most, whatever progress there is (ms); 1 to 2,147,483,647, default without limit. */
  maxTotalTimeout?: number | undefined;
  /** Cancels the request when it aborts. Any number of requests may share one. */
  signal?: AbortSignal | undefined;
  /** Whether progress starts `timeout` anew, listened to or not; default false. `maxTotalTimeout` holds all the same. */
  resetTimeoutOnProgress?: boolean | undefined;
  /** Called with each progress notification's params, in order, until the request settles. */
  onProgress?: ((progress: unknown) => void) | undefined;
  /** Whether the promise gives the `JsonRpcMessage`, its result unparsed, for the caller to release; default false. */
  raw?: boolean | undefined;
}

/** What is wrong with `options`, as JavaScript may pass them; undefined where nothing is. */
export function optionsProblem(options: RequestOptions): AirsMcpError | undefined {
  const given = options as Record<keyof RequestOptions, unknown>;
  const { timeout, maxTotalTimeout, signal, resetTimeoutOnProgress, onProgress, raw } = given;
  return (
    delayProblem('timeout', timeout) ??
    delayProblem('maxTotalTimeout', maxTotalTimeout) ??
    typeProblem('signal', 'an AbortSignal', signal === undefined || isSignal(signal)) ??
    typeProblem('resetTimeoutOnProgress', 'a boolean', isBoolean(resetTimeoutOnProgress)) ??
    typeProblem('onProgress', 'a function', onProgress === undefined || typeof onProgress === 'function') ??
    typeProblem('raw', 'a boolean', isBoolean(raw))
  );
}

function delayProblem(option: string, value: unknown): AirsMcpError | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number') return typeProblem(option, 'a number', false);
  if (value >= 1 && value <= MAX_TIMER_DELAY) return undefined;
  return new AirsMcpError('AIRS_MCP_OUT_OF_RANGE', `${option} must lie between 1 and ${MAX_TIMER_DELAY} ms, not ${value}`);
}

function typeProblem(option: string, wanted: string, holds: boolean): AirsMcpError | undefined {
  return holds ? undefined : new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', `${option} must be ${wanted}`);
}

function isBoolean(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

function isSignal(value: unknown): boolean {
  const signal = value as Partial<AbortSignal> | null;
  return typeof signal === 'object' && typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function';
}
