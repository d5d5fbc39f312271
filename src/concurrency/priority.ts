/** How soon a request's turn comes; see `Lanes`. */
export type Priority = 'high' | 'normal' | 'low';

/** What must not wait behind bulk: it is short, and it is about requests that run already. */
const URGENT: ReadonlySet<string> = new Set([
  'ping', 'notifications/cancelled', 'notifications/progress', '$/cancelRequest', '$/progress',
]);

/** The priority of a method whose caller names none. */
export function priorityOf(method: string | undefined): Priority {
  return method !== undefined && URGENT.has(method) ? 'high' : 'normal';
}

export function isPriority(value: unknown): value is Priority {
  return value === 'high' || value === 'normal' || value === 'low';
}
