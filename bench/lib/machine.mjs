/** What a run was measured on and with. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

const root = new URL('../../', import.meta.url);
const readJson = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

const PEERS = [
  '@modelcontextprotocol/sdk', '@modelcontextprotocol/client', '@modelcontextprotocol/server', 'vscode-jsonrpc', 'jayson', 'simdjson',
  '@nozbe/simdjson',
];

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    loadBefore: loadavg()[0],
  };
}

export function versions() {
  const packages = Object.fromEntries(PEERS.map((name) => [name, readJson(`node_modules/${name}/package.json`).version]));
  return { 'airs-mcp': readJson('package.json').version, commit: commit(), node: process.versions.node, v8: process.versions.v8, ...packages };
}

function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
