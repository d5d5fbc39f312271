/** A server transport over streams in memory. */

import { PassThrough } from 'node:stream';
import type { AirsMcpError } from '../../src/base/errors.js';
import { type JSONRPCMessage, type StdioServerOptions, StdioServerTransport } from '../../src/mcp/server-stdio.js';
import { Recorder, lines } from './support.js';

export interface Bench extends Recorder {
  transport: StdioServerTransport;
  stdin: PassThrough;
  stdout: PassThrough;
  /** What was written so far, parsed. */
  sent(): unknown[];
}

export async function serve(options?: StdioServerOptions): Promise<Bench> {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const transport = new StdioServerTransport(stdin, stdout, options);
  const recorder = new Recorder(transport);
  await transport.start();
  return Object.assign(recorder, { transport, stdin, stdout, sent: () => lines(Buffer.concat(chunks)) });
}

export const request = (id: number | string, params: object = {}): JSONRPCMessage => ({
  jsonrpc: '2.0',
  id,
  method: 'work',
  params: { ...params },
});
export const answer = (id: number | string): JSONRPCMessage => ({ jsonrpc: '2.0', id, result: {} });
export const codes = (errors: readonly Error[]): (string | undefined)[] => errors.map((error) => (error as Partial<AirsMcpError>).code);
