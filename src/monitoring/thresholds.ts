import { AirsMcpError } from '../base/errors.js';

/** From where on the monitor raises an alert; `false` turns one off. */
export interface MonitorThresholds {
  /** Resident memory of the process (bytes); above 0, default 1 GiB. */
  memory: number | false;
  /** CPU time of all threads by time passed: 1 is one core's whole time; above 0, default 0.8. */
  cpu: number | false;
  /** Share of time in garbage collection, 0..1; default 0.5. */
  gc: number | false;
  /** How late the event loop is, 99th percentile (ms); above 0, default 100. */
  loopDelay: number | false;
  /** Share of time that the event loop works, 0..1; default 0.9. */
  loopUtilization: number | false;
  /** Buffers lent of those that may be, 0..1, of the fullest pool watched; default 0.9. */
  poolUtilization: number | false;
  /**
   * Requests for buffers that were served with memory that was there, 0..1, in the last interval, where there were at least
   * 100; raised *below* it, default 0.8.
   */
  poolHitRatio: number | false;
}

/** The figure that an alert is about. */
export type AlertName = keyof MonitorThresholds;

export const DEFAULT_THRESHOLDS: Readonly<Record<AlertName, number>> = {
  memory: 1024 ** 3, cpu: 0.8, gc: 0.5, loopDelay: 100, loopUtilization: 0.9, poolUtilization: 0.9, poolHitRatio: 0.8,
};

/** Those that are shares of a whole. */
const SHARES: ReadonlySet<AlertName> = new Set<AlertName>(['gc', 'loopUtilization', 'poolUtilization', 'poolHitRatio']);

/** @throws `AIRS_MCP_INVALID_CONFIG`, listing every problem */
export function resolveThresholds(given: Partial<MonitorThresholds> = {}): Readonly<MonitorThresholds> {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(given) as [AlertName, unknown][]) {
    if (!(name in DEFAULT_THRESHOLDS)) problems.push(`thresholds.${name} is no threshold`);
    else if (value !== false && value !== undefined && !isThreshold(name, value)) {
      const range = SHARES.has(name) ? 'a number from 0 to 1' : 'a number above 0';
      problems.push(`thresholds.${name} must be ${range}, or false, not ${typeof value === 'number' ? value : JSON.stringify(value)}`);
    }
  }
  if (problems.length > 0) throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', problems.join('; '));
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_THRESHOLDS, ...(Object.fromEntries(present) as Partial<MonitorThresholds>) };
}

function isThreshold(name: AlertName, value: unknown): boolean {
  return typeof value === 'number' && value > 0 && (value <= 1 || !SHARES.has(name)) && Number.isFinite(value);
}
