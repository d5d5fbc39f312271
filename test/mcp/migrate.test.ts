/** The command that docs/drop-in.md gives, run as it stands there. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const HAS_TOOLS = process.platform !== 'win32' && ['perl', 'git'].every((tool) => spawnSync(tool, ['--version']).status === 0);
const [, command = ''] = /## Migrate\n\n```sh\nnpm install airs-mcp\n([^`]*)```/.exec(readFileSync(new URL('../../docs/drop-in.md', import.meta.url), 'utf8')) ?? [];

function migrated(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'airs-mcp-migrate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'server.ts'), source);
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
  execFileSync('git', ['add', '.'], { cwd: folder });
  execFileSync('bash', ['-c', command], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  return readFileSync(join(folder, 'server.ts'), 'utf8');
}

it.runIf(HAS_TOOLS).each([
  ["import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';", "import { StdioServerTransport } from 'airs-mcp/server/stdio';"],
  ['const { StdioServerTransport } = require("@modelcontextprotocol/server/stdio");', 'const { StdioServerTransport } = require("airs-mcp/server/stdio");'],
  [
    "import { Client } from '@modelcontextprotocol/client';\nimport { StdioClientTransport } from '@modelcontextprotocol/client/stdio'\n",
    "import { Client } from '@modelcontextprotocol/client';\nimport { StdioClientTransport } from 'airs-mcp/client/stdio'\n",
  ],
  [
    "import { serveStdio } from '@modelcontextprotocol/server/stdio';\n\nvoid serveStdio(createServer);\n",
    "import { serveStdio } from '@modelcontextprotocol/server/stdio';\nimport { StdioServerTransport } from 'airs-mcp/server/stdio';\n\n" +
      'void serveStdio(createServer, { transport: new StdioServerTransport() });\n',
  ],
  [
    // Left to its owner.
    "import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';\nserveStdio(() => make());\n",
    "import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';\nserveStdio(() => make());\n",
  ],
])('turns %j into %j', (before, after) => {
  expect(migrated(before)).toBe(after);
});
