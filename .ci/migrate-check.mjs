/**
 * Follows docs/drop-in.md as a new user would, on a copy of a real project (the reference file server, and a client as the
 * SDK's guide has it): the packed tarball is installed, the documented line is run as it stands, the session works.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = realpathSync(mkdtempSync(join(tmpdir(), 'airs-mcp-migrate-')));
const PROJECT = join(FOLDER, 'project');

function run(command, args, cwd = PROJECT) {
  const { AIRS_MCP_BACKEND: _forced, ...env } = process.env;
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}\n${error ?? ''}${stdout ?? ''}${stderr ?? ''}`);
  return stdout;
}

const npm = (args, cwd) => run('npm', [...args, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], cwd);

const CLIENT = `import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const transport = new StdioClientTransport({ command: 'node', args: ['dist/index.js', process.cwd()], stderr: 'ignore' });
const client = new Client({ name: 'example-client', version: '1.0.0' });
await client.connect(transport);
const { tools } = await client.listTools();
const result = await client.callTool({ name: 'read_text_file', arguments: { path: process.cwd() + '/package.json' } });
console.log(JSON.stringify({ transport: transport.constructor.name, ours: 'counts' in transport, tools: tools.length, result }));
await client.close();
`;

/** The user's project before: the server's own files, its dependencies installed, all committed. */
function makeProject() {
  cpSync(join(ROOT, 'node_modules/@modelcontextprotocol/server-filesystem'), PROJECT, {
    recursive: true,
    filter: (path) => !path.slice(ROOT.length + 'node_modules/'.length + 1).includes('node_modules'),
  });
  const { scripts: _built, devDependencies: _tools, ...manifest } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  writeFileSync(join(PROJECT, 'package.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(join(PROJECT, 'client.mjs'), CLIENT);
  writeFileSync(join(PROJECT, '.gitignore'), 'node_modules\n');
  npm(['install']);
  const git = (...args) => run('git', ['-c', 'user.name=user', '-c', 'user.email=user@example.com', ...args]);
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'before');
}

/** The line of the guide that renames the imports. */
function documentedLine() {
  const [, block] = /## Migrate\n\n```sh\n([^`]*)```/.exec(readFileSync(join(ROOT, 'docs/drop-in.md'), 'utf8'));
  return block.slice(block.indexOf('\n') + 1);
}

try {
  makeProject();
  const before = JSON.parse(run('node', ['client.mjs']));
  assert.equal(before.ours, false);
  const [{ filename }] = Object.values(JSON.parse(npm(['pack', '--ignore-scripts', '--json', '--pack-destination', FOLDER], ROOT)));

  const began = performance.now();
  npm(['install', join(FOLDER, filename)]);
  run('bash', ['-c', documentedLine()]);
  const after = JSON.parse(run('node', ['client.mjs']));
  const seconds = (performance.now() - began) / 1000;

  const changes = run('git', ['diff', '--unified=0', '--', '*.js', '*.mjs']).split('\n').filter((line) => /^[+-] *import/.test(line));
  assert.deepEqual(changes, [
    "-import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';",
    "+import { StdioClientTransport } from 'airs-mcp/client/stdio';",
    '-import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";',
    '+import { StdioServerTransport } from "airs-mcp/server/stdio";',
  ]);
  assert.equal(after.ours, true);
  assert.deepEqual(after.tools, before.tools);
  assert.match(after.result.content[0].text, /"airs-mcp"/);
  console.log(`migrated in ${seconds.toFixed(1)} s: ${changes.length / 2} imports`);
} finally {
  rmSync(FOLDER, { recursive: true, force: true });
}
