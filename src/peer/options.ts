import { AirsMcpError } from '../base/errors.js';
import type { Handler } from './methods.js';

/** Options as JavaScript may pass them. */
interface GivenOptions {
  handlers?: unknown;
  fallback?: unknown;
  protocol?: unknown;
  onEndOfInput?: unknown;
}

/**
 * Checks the options that are the peer's own.
 *
 * @returns the handlers by method
 * @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
export function checkPeerOptions({ handlers = {}, fallback, protocol, onEndOfInput }: GivenOptions): Map<string, Handler> {
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const isObject = typeof handlers === 'object' && handlers !== null;
  check(isObject, 'handlers must be an object of functions');
  const entries = Object.entries(isObject ? handlers : {}).filter(([, handler]) => handler !== undefined);
  for (const [method, handler] of entries) check(typeof handler === 'function', `the handler of ${method} must be a function`);
  check(fallback === undefined || typeof fallback === 'function', 'fallback must be a function');
  check(protocol === undefined || protocol === 'mcp' || protocol === 'lsp', "protocol must be 'mcp' or 'lsp'");
  const ends = onEndOfInput === undefined || onEndOfInput === 'drain' || onEndOfInput === 'abort';
  check(ends, "onEndOfInput must be 'drain' or 'abort'");
  if (problems.length > 0) throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', problems.join('; '));
  return new Map(entries as [string, Handler][]);
}
