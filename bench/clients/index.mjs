/**
 * The echo servers and their own kind of client, behind one face: `call(args)` gives the result, `raw(args)` the message
 * unparsed where the package can, `close()` ends both.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransport1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { connectStdio } from '../../dist/index.js';
import { eachLine, tickWriter } from '../servers/lines.mjs';

// Without the warnings that some give under load.
const argsOf = (name) => ['--no-warnings', fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url))];
const ROOM = 128 * 1024 * 1024;
const paramsOf = (args) => ({ name: 'echo', arguments: args });

export async function airs() {
  const { AIRS_MCP_BACKEND } = process.env;
  const peer = await connectStdio(process.execPath, argsOf('airs'), {
    correlation: { maxPendingRequests: 1_000_000 },
    transport: { buffer: { maxMessageSize: ROOM }, ...(AIRS_MCP_BACKEND && { env: { AIRS_MCP_BACKEND } }) },
  });
  return {
    call: (args) => peer.request('tools/call', paramsOf(args)),
    async raw(args) {
      const message = await peer.request('tools/call', paramsOf(args), { raw: true });
      const { byteLength } = message;
      message.release();
      return byteLength;
    },
    close: () => peer.close(),
  };
}

const sdk = (ClientClass, Transport, name) => async () => {
  const client = new ClientClass({ name: 'bench', version: '1.0.0' });
  await client.connect(new Transport({ command: process.execPath, args: argsOf(name), maxBufferSize: ROOM }));
  return { call: (args) => client.callTool(paramsOf(args)), close: () => client.close() };
};

export const sdk1 = sdk(Client1, StdioClientTransport1, 'sdk1');
export const sdk2 = sdk(Client, StdioClientTransport, 'sdk2');

const start = (name) => spawn(process.execPath, argsOf(name), { stdio: ['pipe', 'pipe', 'inherit'] });

async function ended(child) {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end();
  await exit;
}

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

export async function loop() {
  const child = start('loop');
  const write = tickWriter(child.stdin);
  const waiting = new Map();
  let lastId = 0;
  eachLine(child.stdout, (line) => {
    const { id, result } = JSON.parse(line);
    waiting.get(id)(result);
    waiting.delete(id);
  });
  return {
    call(args) {
      const id = ++lastId;
      write(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: paramsOf(args) }));
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    close: () => ended(child),
  };
}
