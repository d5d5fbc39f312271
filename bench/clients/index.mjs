/**
 * The echo servers and their own kind of client, behind one face: `call(args)` gives the result, `raw(args)` the message
 * unparsed where the package can, `close()` ends both.
 */

import { spawn } from 'node:child_process';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { ended, loopClient, ourClient } from '../../dist/cli/bench/clients.js';

// Without the warnings that some give under load.
const argsOf = (name) => ['--no-warnings', fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url))];
const ROOM = 128 * 1024 * 1024;
const paramsOf = (args) => ({ name: 'echo', arguments: args });

function airsBehind(before) {
  const { AIRS_MCP_BACKEND } = process.env;
  return ourClient({
    correlation: { maxPendingRequests: 1_000_000 },
    transport: { buffer: { maxMessageSize: ROOM }, ...(AIRS_MCP_BACKEND && { env: { AIRS_MCP_BACKEND } }) },
  }, before);
}

export const airs = () => airsBehind([]);

/** With `airs-mcp tap` between the two, which writes its lines to nowhere. */
export const tapped = () => airsBehind([fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)), 'tap', '--output', devNull, '--']);

export const loop = loopClient;

const sdk = (ClientClass, Transport, name) => async () => {
  const client = new ClientClass({ name: 'bench', version: '1.0.0' });
  await client.connect(new Transport({ command: process.execPath, args: argsOf(name), maxBufferSize: ROOM }));
  return { call: (args) => client.callTool(paramsOf(args)), close: () => client.close() };
};

export const sdk1 = sdk(Client1, StdioClientTransport1, 'sdk1');
export const sdk2 = sdk(Client, StdioClientTransport, 'sdk2');

const start = (name) => spawn(process.execPath, argsOf(name), { stdio: ['pipe', 'pipe', 'inherit'] });

export async function vscode() {
  const child = start('vscode');
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  connection.listen();
  return {
    call: (args) => connection.sendRequest('tools/call', paramsOf(args)),
    async close() {
      await ended(child);
      connection.dispose();
    },
  };
}
