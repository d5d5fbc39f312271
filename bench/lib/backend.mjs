/** Asks a fresh process what a backend is here: one process never changes its backend. */

import { execFileSync } from 'node:child_process';

const INDEX = new URL('../../dist/index.js', import.meta.url).href;

export function describeBackend(name) {
  const script = `import { backendInfo } from ${JSON.stringify(INDEX)}; process.stdout.write(JSON.stringify(backendInfo()));`;
  try {
    const options = { env: { ...process.env, AIRS_MCP_BACKEND: name }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
    return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], options));
  } catch (error) {
    return { name, missing: /AirsMcpError[^\n]*/.exec(String(error.stderr))?.[0] ?? 'it does not load' };
  }
}
