/** Loads the native addon. */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { AirsMcpError } from '../base/errors.js';
import { type Backend, type NativeSystem, RECORD_VERSION } from './contract.js';

/** What `native/addon.cc` exports. */
interface Addon extends NativeSystem, Omit<Backend, 'name'> {
  readonly recordVersion: number;
}

const FUNCTIONS = ['scan', 'find', 'allocate', 'setPipeCapacity', 'socketPair'] as const satisfies (keyof Addon)[];

/** The package's root, from `src/backend` and from `dist/backend` alike. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function unavailable(cause: unknown): AirsMcpError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new AirsMcpError('AIRS_MCP_BACKEND_UNAVAILABLE', message, { cause });
}

/** Loads the prebuilt or locally compiled addon file for this platform. */
function loadFile(): unknown {
  const require = createRequire(import.meta.url);
  const load = require('node-gyp-build') as (root: string) => unknown;
  return load(ROOT);
}

function checkAddon(loaded: unknown): Addon {
  const addon = loaded as Partial<Addon>;
  if (addon.recordVersion !== RECORD_VERSION) {
    throw new Error(`the addon writes records of version ${addon.recordVersion}, this package reads version ${RECORD_VERSION}`);
  }
  const missing = FUNCTIONS.filter((name) => typeof addon[name] !== 'function');
  if (missing.length > 0) throw new Error(`the addon has no ${missing.join(', ')}`);
  return addon as Addon;
}

/**
 * The native backend of this thread. Its functions are the addon's own, so that a call crosses
 * into native code without a frame of JavaScript between.
 *
 * @throws AirsMcpError `AIRS_MCP_BACKEND_UNAVAILABLE` where no addon fits this platform, it can't be loaded,
 *   or it is of another version; the cause says which
 */
export function loadNative(): Backend & NativeSystem {
  try {
    return { ...checkAddon(loadFile()), name: 'native' };
  } catch (cause) {
    throw unavailable(cause);
  }
}
