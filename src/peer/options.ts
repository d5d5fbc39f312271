import { AirsMcpError } from '../base/errors.js';
import { checkTogether } from '../base/options.js';
import { type ProcessorConfig, resolveProcessorConfig } from '../concurrency/config.js';
import { type CorrelationConfig, resolveCorrelationConfig } from '../correlation/config.js';
import type { Instrumentation } from './instrumentation.js';
import type { AnyMethods, Handler, Handlers } from './methods.js';

/** Options of a {@link JsonRpcPeer}. */
export interface PeerOptions<Local = AnyMethods> {
  /** Handlers by method, for requests and notifications of the other side. */
  handlers?: Handlers<Local> | undefined;
  /** Takes methods without a handler. Without it, requests are answered with -32601 and notifications ignored. */
  fallback?: Handler | undefined;
  /** How our calls wait. */
  correlation?: Partial<CorrelationConfig> | undefined;
  /** How their calls run. With its `workerModule` the threads answer them, and `handlers` and `fallback` are not used. */
  processor?: Partial<ProcessorConfig> | undefined;
  /**
   * How cancelling and progress are said: as in MCP (`mcp`, default) or in LSP (`lsp`). In MCP a frame that is no message,
   * and shows no id, gets no answer; else an error with id null, as JSON-RPC 2.0 section 5 has it.
   */
  protocol?: 'mcp' | 'lsp' | undefined;
  /** What the end of the input does to requests in flight: finish and answer them (`drain`, default), or `abort` them. */
  onEndOfInput?: 'drain' | 'abort' | undefined;
  /** Follows each call in both directions, for tracing: {@link Instrumentation}. */
  instrumentation?: Instrumentation | undefined;
}

/** Options as JavaScript may pass them. */
interface GivenOptions {
  handlers?: unknown;
  fallback?: unknown;
  protocol?: unknown;
  onEndOfInput?: unknown;
  instrumentation?: unknown;
}

/**
 * Checks all options of a peer.
 *
 * @returns the handlers by method
 * @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
export function checkPeerOptions(options: GivenOptions & Pick<PeerOptions, 'correlation' | 'processor'>): Map<string, Handler> {
  let handlers = new Map<string, Handler>();
  checkTogether({
    peer: () => (handlers = checkOwn(options)),
    correlation: () => resolveCorrelationConfig(options.correlation),
    processor: () => resolveProcessorConfig(options.processor),
  });
  return handlers;
}

/**
 * Checks the options that are the peer's own.
 *
 * @returns the handlers by method
 * @throws `AIRS_MCP_INVALID_CONFIG`, whose message lists every invalid option
 */
function checkOwn({ handlers = {}, fallback, protocol, onEndOfInput, instrumentation }: GivenOptions): Map<string, Handler> {
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
  check(instrumentation === undefined || (typeof instrumentation === 'object' && instrumentation !== null), 'instrumentation must be an object');
  if (problems.length > 0) throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', problems.join('; '));
  return new Map(entries as [string, Handler][]);
}
