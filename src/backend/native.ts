import type { Backend, NativeSystem } from './contract.js';
import { AirsMcpError } from '../base/errors.js';

/** Placeholder until the addon's loader lands. */
export function loadNative(): Backend & NativeSystem {
  throw new AirsMcpError('AIRS_MCP_BACKEND_UNAVAILABLE');
}
