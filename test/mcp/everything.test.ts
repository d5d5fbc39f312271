import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { StdioClientTransport as SdkTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { StdioClientTransport } from '../../src/mcp/client-stdio.js';
import { FIXTURES } from './support.js';
import { guest1, guest2, tour } from './tour.js';

const THEIRS = [createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js'), 'stdio'];
const OURS = [fileURLToPath(new URL('everything.mjs', FIXTURES))];
const server = (args: string[]) => ({ command: process.execPath, args, stderr: 'ignore' as const });

/** Features that a tour must have seen for the comparison to mean anything. */
const SEEN = { 'tool 9 gzip-file-as-resource': { content: [{ type: 'resource' }] } };

describe.concurrent.each([
  ['1.x', guest1],
  ['2.x', guest2],
] as const)('all that server-everything offers is the same to the client of SDK %s', (_generation, guest) => {
  it.each([
    ['our client transport', THEIRS],
    ['both of our transports', OURS],
  ])('over %s', async (_name, args) => {
    const [theirs, ours] = await Promise.all([
      tour(guest(), new SdkTransport1(server(THEIRS))),
      tour(guest(), new StdioClientTransport(server(args))),
    ]);
    // The SDK loses the last progress where the result is right behind it.
    expect((ours['progress'] as { seen: unknown[] }).seen).toHaveLength(5);
    expect({ ...ours, progress: null }).toEqual({ ...theirs, progress: null });
    expect(ours).toMatchObject(SEEN);
    expect(ours['not used']).toEqual([]);
    expect(JSON.stringify(ours)).toContain('sampled é😀');
    expect(Object.keys(ours).length).toBeGreaterThan(35);
  });
});
