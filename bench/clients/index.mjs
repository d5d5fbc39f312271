/** The echo servers and their own kind of client, behind one face: `call(args, raw)`, which gives the result, and `close()`. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { connectStdio } from '../../dist/index.js';
import { eachLine, tickWriter } from '../servers/lines.mjs';

const server = (name) => fileURLToPath(new URL(`../servers/${name}.mjs`, import.meta.url));

export async function airs() {
  const peer = await connectStdio(process.execPath, [server('airs')], { correlation: { maxPendingRequests: 1_000_000 } });
  return {
    call: (args) => peer.request('tools/call', { name: 'echo', arguments: args }),
    async raw(args) {
      const message = await peer.request('tools/call', { name: 'echo', arguments: args }, { raw: true });
      const { byteLength } = message;
      message.release();
      return byteLength;
    },
    close: () => peer.close(),
  };
}

export async function sdk2() {
  const client = new Client({ name: 'bench', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [server('sdk2')] }));
  return { call: (args) => client.callTool({ name: 'echo', arguments: args }), close: () => client.close() };
}

export function loop() {
  const child = spawn(process.execPath, [server('loop')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const write = tickWriter(child.stdin);
  const waiting = new Map();
  let lastId = 0;
  eachLine(child.stdout, (line) => {
    const { id, result } = JSON.parse(line);
    waiting.get(id)(result);
    waiting.delete(id);
  });
  return Promise.resolve({
    call(args) {
      const id = ++lastId;
      write(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo', arguments: args } }));
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    close() {
      child.stdin.end();
      return new Promise((resolve) => child.once('exit', resolve));
    },
  });
}
