/** Loads the native addon. */

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { AirsMcpError } from '../base/errors.js';
import { type Backend, type NativeSystem, RECORD_VERSION } from './contract.js';
import { makingBeside } from './making.js';

/** What `native/addon.cc` exports. */
interface Addon extends NativeSystem, Omit<Backend, 'name' | 'scanMaking'> {
  readonly recordVersion: number;
}

const FUNCTIONS = [
  'scan', 'find', 'findLongStrings', 'escape', 'unescape', 'allocate', 'setPipeCapacity', 'socketPair', 'leadGroups',
] as const satisfies (keyof Addon)[];

/** The version of Node-API that the addon is made for; `NAPI_VERSION` in `binding.gyp` is its twin. */
export const NODE_API = 8;

/** A runtime that is asked to load an addon of a newer version than it has may crash instead of throwing. */
function checkNodeApi(): void {
  const { napi } = process.versions;
  if (!(Number(napi) >= NODE_API)) throw new Error(`the addon needs Node-API ${NODE_API}, this runtime has ${napi ?? 'none'}`);
}

function unavailable(cause: unknown): AirsMcpError {
  const message = (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\s*\n\s*/g, '; ');
  return new AirsMcpError('AIRS_MCP_BACKEND_UNAVAILABLE', message, { cause });
}

/**
 * Loads the prebuilt or locally compiled addon file for this platform. The package is looked up by its name, so that
 * a bundle of this code finds it where it is installed.
 */
function loadFile(): unknown {
  const manifest = createRequire(import.meta.url).resolve('airs-mcp/package.json');
  const load = createRequire(manifest)('node-gyp-build') as (root: string) => unknown;
  return load(dirname(manifest));
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
    checkNodeApi();
    const addon = checkAddon(loadFile());
    return { ...addon, name: 'native', scanMaking: makingBeside(addon.scan) };
  } catch (cause) {
    throw unavailable(cause);
  }
}
