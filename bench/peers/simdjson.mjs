/** The `simdjson` package from npm. It is compiled on demand, since `npm ci` runs no scripts here. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const built = new URL('../../node_modules/simdjson/build/Release/simdjson.node', import.meta.url);

/** Compiles it unless it is there; where that fails its rows are left out. */
export function prepareSimdjson(say) {
  if (existsSync(built)) return undefined;
  say('compiling the simdjson package (half a minute, once)');
  try {
    const gyp = require.resolve('node-gyp/bin/node-gyp.js');
    const folder = fileURLToPath(new URL('../../', built));
    execFileSync(process.execPath, [gyp, 'rebuild', '--loglevel=error'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 180_000 });
    return undefined;
  } catch (error) {
    return `the simdjson package does not compile here: ${String(error.stderr ?? error).trim().split('\n').at(-1)}`;
  }
}

export function simdjsonBinding() {
  return existsSync(built) ? require('simdjson') : undefined;
}
