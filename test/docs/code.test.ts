import { describe, expect, it } from 'vitest';
import { filesOf, read } from './page.js';

/** Blocks that no example holds, by the lines they begin with: fragments, and programs too short to need a file. */
const FREE: Readonly<Record<string, readonly string[]>> = {
  'README.md': [
    "import { backendInfo } from 'airs-mcp';",
    "import { StreamingParser } from 'airs-mcp';",
    "import { connectStdio, serveStdio } from 'airs-mcp';",
    "import { ChildProcessTransport, JsonRpcMessage } from 'airs-mcp';",
  ],
  'docs/drop-in.md': [
    "import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'; // 1.x",
    "import { serveStdio } from '@modelcontextprotocol/server/stdio';",
    'const transport = new StdioClientTransport({',
  ],
  'docs/install.md': ["import { backendInfo } from 'airs-mcp';"],
  'docs/profile.md': ["import { profileCriticalSection } from 'airs-mcp';"],
};

const withoutSpacing = (code: string): string => code.replace(/\s+/g, ' ').trim();
const EXAMPLES = ['.mjs', '.js', '.ts'].flatMap((ending) => filesOf(ending, 'examples')).map((path) => withoutSpacing(read(path)));
const isQuoted = (block: string): boolean => EXAMPLES.some((example) => example.includes(withoutSpacing(block)));

const blocksOf = (page: string): string[] =>
  [...page.matchAll(/^```(?:js|mjs|javascript|ts|mts|typescript)\n([\s\S]*?)^```/gm)].map((match) => match[1] as string); // the group takes part

/** The first lines of the blocks of a page that no example holds. */
const unquoted = (page: string): string[] => blocksOf(page).filter((block) => !isQuoted(block)).map((block) => block.split('\n', 1)[0] as string);

describe('code that is shown', () => {
  it.each(['README.md', ...filesOf('.md', 'docs')])('on %s is that of an example, or said to be on its own', (path) => {
    expect(unquoted(read(path))).toEqual(FREE[path] ?? []);
  });

  it('is found, and found changed where one name differs', () => {
    const blocks = filesOf('.md', 'docs').flatMap((path) => blocksOf(read(path))).filter(isQuoted);
    expect(blocks.length).toBeGreaterThan(9);
    expect(blocks.filter((block) => isQuoted(block.replace(/\w+/, '$&_')))).toEqual([]);
  });
});
