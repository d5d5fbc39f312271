import {
  DEFAULT_CLEANUP_INTERVAL,
  DEFAULT_MAX_PENDING_REQUESTS,
  DEFAULT_REQUEST_TIMEOUT,
  MAX_CLEANUP_INTERVAL,
  MAX_PENDING_REQUESTS,
  MAX_TIMER_DELAY,
} from '../base/limits.js';
import { type NumberRule, OptionReader } from '../base/options.js';

/** How a {@link CorrelationManager} keeps requests. Numbers are integers. */
export interface CorrelationConfig {
  /** How long a request waits for its response where its own `timeout` is not given (ms); 1 to 2,147,483,647, default 60,000. */
  defaultTimeout: number;
  /** Requests that may wait at a time (count); 1 to 10,000,000, default 10,000. One more is refused. */
  maxPendingRequests: number;
  /**
   * How late a timeout may fire (ms); 1 to 60,000, default 10. Deadlines are rounded up to a multiple of it,
   * and those of one multiple fire together, so a longer one wakes the process less often.
   */
  cleanupInterval: number;
}

/** What the options may be. */
export const CORRELATION_NUMBERS: Record<keyof CorrelationConfig, NumberRule> = {
  defaultTimeout: { preset: DEFAULT_REQUEST_TIMEOUT, min: 1, max: MAX_TIMER_DELAY, unit: 'ms' },
  maxPendingRequests: { preset: DEFAULT_MAX_PENDING_REQUESTS, min: 1, max: MAX_PENDING_REQUESTS, unit: 'requests' },
  cleanupInterval: { preset: DEFAULT_CLEANUP_INTERVAL, min: 1, max: MAX_CLEANUP_INTERVAL, unit: 'ms' },
};

/**
 * Fills in the defaults; an option that is undefined takes its default.
 *
 * @throws AirsMcpError `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
export function resolveCorrelationConfig(config: Partial<CorrelationConfig> = {}): Readonly<CorrelationConfig> {
  const options = new OptionReader('correlation', config);
  const number = (option: keyof typeof CORRELATION_NUMBERS): number => options.number(option, CORRELATION_NUMBERS[option]);
  const resolved: CorrelationConfig = {
    defaultTimeout: number('defaultTimeout'),
    maxPendingRequests: number('maxPendingRequests'),
    cleanupInterval: number('cleanupInterval'),
  };
  options.check();
  return Object.freeze(resolved);
}
