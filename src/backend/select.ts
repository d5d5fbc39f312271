/** Which backend runs, and why. */

import { AirsMcpError } from '../base/errors.js';
import type { Backend, NativeSystem } from './contract.js';
import { fallback } from './fallback.js';
import { loadNative } from './native.js';

/** The environment variable that forces a backend. */
const VARIABLE = 'AIRS_MCP_BACKEND';

/** Which engine runs, and why; see {@link backendInfo}. */
export interface BackendInfo {
  readonly name: 'native' | 'javascript';
  /** The SIMD kernel in use, such as `icelake`, `haswell` or `arm64`; `fallback` or `javascript` without SIMD. */
  readonly kernel: string;
  /** Why this engine was chosen, with the cause where the native one could not be loaded. */
  readonly reason: string;
  /** Whether pooled memory is native memory, exposed as external ArrayBuffers. */
  readonly externalBuffers: boolean;
}

interface Selection {
  readonly backend: Backend;
  readonly system: NativeSystem | undefined;
  readonly reason: string;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function selectNative(reason: string): Selection {
  const native = loadNative();
  return { backend: native, system: native, reason };
}

/** The native backend where it loads; what stops it becomes the reason for the other. */
function selectBest(): Selection {
  try {
    return selectNative('the native addon loaded');
  } catch (error) {
    return { backend: fallback, system: undefined, reason: `the native addon did not load: ${messageOf(error)}` };
  }
}

function demandNative(): Selection {
  try {
    return selectNative(`${VARIABLE}=native`);
  } catch (cause) {
    const message = `${VARIABLE}=native, but the native addon did not load: ${messageOf(cause)}`;
    throw new AirsMcpError('AIRS_MCP_BACKEND_UNAVAILABLE', message, { cause });
  }
}

function select(demand: string | undefined): Selection {
  switch (demand) {
    // An empty variable is how a shell unsets one for a single command.
    case undefined:
    case '':
      return selectBest();
    case 'native':
      return demandNative();
    case 'javascript':
      return { backend: fallback, system: undefined, reason: `${VARIABLE}=javascript` };
    default:
      throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', `${VARIABLE} must be native or javascript, is ${JSON.stringify(demand)}`);
  }
}

let selected: Selection | undefined;

function selection(): Selection {
  selected ??= select(process.env[VARIABLE]);
  return selected;
}

/**
 * The backend of this process: the one that the environment variable `AIRS_MCP_BACKEND` demands
 * (`native` or `javascript`), else the native one where it loads. Decided at the first call, for good.
 *
 * @throws AirsMcpError `AIRS_MCP_BACKEND_UNAVAILABLE` where `native` is demanded and can't be loaded (the cause
 *   says why); `AIRS_MCP_INVALID_CONFIG` for another value of the variable
 */
export function selectBackend(): Backend {
  return selection().backend;
}

/**
 * What the native backend offers beyond {@link Backend}; undefined on the fallback.
 *
 * @throws as {@link selectBackend}
 */
export function nativeSystem(): NativeSystem | undefined {
  return selection().system;
}

/**
 * Tells which engine scans messages in this process, and why.
 *
 * @throws AirsMcpError as the first use of the engine would: `AIRS_MCP_BACKEND_UNAVAILABLE` where
 *   `AIRS_MCP_BACKEND=native` is set and the addon can't be loaded, `AIRS_MCP_INVALID_CONFIG` for another value
 *   than `native` and `javascript`
 */
export function backendInfo(): BackendInfo {
  const { backend, reason } = selection();
  return { name: backend.name, kernel: backend.kernel, reason, externalBuffers: backend.externalBuffers };
}
