import type { Readable, Writable } from 'node:stream';
import { Forward } from './forward.js';
import type { Side } from './row.js';
import type { Exit } from './server.js';

/** How long a process that left the server's group may hold its output open and silent, once the server has exited (ms). */
const SILENCE = 1_000;

/** What a session needs of the server. */
export interface Behind {
  readonly input: Writable;
  readonly output: Readable;
  readonly exited: Promise<Exit>;
  endTree(): Promise<void>;
}

export interface Ends {
  /** What the host writes. */
  readonly input: Readable;
  /** What the host reads. */
  readonly output: Writable;
}

/**
 * Forwards between the host and the server until the server has exited, all it started has ended, and the host has taken
 * all it said. `observe` sees every chunk, after it was passed on.
 */
export async function runSession(host: Ends, server: Behind, observe: (from: Side, chunk: Uint8Array) => void): Promise<Exit> {
  new Forward(host.input, server.input, { endsSink: true, observe: (chunk) => observe('client', chunk) });
  const answers = new Forward(server.output, host.output, { endsSink: false, observe: (chunk) => observe('server', chunk) });
  const exit = await server.exited;
  await server.endTree();
  await answers.quiet(SILENCE);
  return exit;
}
