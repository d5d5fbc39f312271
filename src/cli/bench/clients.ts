/** Echo servers in processes of their own, each with its own kind of client, behind one face. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type ConnectOptions, connectStdio } from '../../peer/serve.js';
import { eachLine, tickWriter } from './lines.js';
import type { EchoArguments, EchoParams, EchoResult } from './echo.js';
import type { EchoMethods } from './server.js';

export interface EchoClient {
  call(this: void, args: EchoArguments): Promise<EchoResult>;
  /** A call whose result stays bytes: their number. Only where the package can. */
  raw?(this: void, args: EchoArguments): Promise<number>;
  /** Ends both. */
  close(this: void): Promise<void>;
}

const script = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));
const paramsOf = (args: EchoArguments): EchoParams => ({ name: 'echo', arguments: args });

/**
 * This package on both ends.
 *
 * @param before arguments of Node that stand before the server's command, where something is to start it
 */
export async function ourClient(options?: ConnectOptions, before: readonly string[] = []): Promise<EchoClient> {
  const server = before.length === 0 ? [script('server')] : [...before, process.execPath, script('server')];
  const peer = await connectStdio<EchoMethods>(process.execPath, server, options);
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

/** A loop by hand on both ends: no deadlines, no bounds, no checks. */
export function loopClient(): EchoClient {
  const child = spawn(process.execPath, [script('loop')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const write = tickWriter(child.stdin);
  const waiting = new Map<number, (result: EchoResult) => void>();
  let lastId = 0;
  eachLine(child.stdout, (line) => {
    const { id, result } = JSON.parse(line) as { id: number; result: EchoResult };
    waiting.get(id)?.(result);
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

/** Ends a process by the end of its input. */
export async function ended(child: ChildProcessByStdio<Writable, Readable, null>): Promise<void> {
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin.end();
  await exit;
}
