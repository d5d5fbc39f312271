import { openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { wantsColour } from '../paint.js';
import { EXIT } from '../status.js';
import { printable } from '../text.js';
import { type Exit, TappedServer } from './server.js';
import { runSession } from './session.js';
import { WatchThread } from './watch.js';

export interface TapOptions {
  /** A file that lines are added to, instead of standard error. */
  readonly output?: string;
  readonly json?: boolean;
}

const STDERR = 2;

/** What is passed on to the server instead of ending this process. */
const PASSED: readonly NodeJS.Signals[] = process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/** Runs `airs-mcp tap`; ends this process as the server ended. Standard output carries the server's bytes only. */
export async function runTap(command: string, args: readonly string[], { output, json = false }: TapOptions): Promise<void> {
  const descriptor = output === undefined ? STDERR : openSync(output, 'a');
  const colours = output === undefined && wantsColour(process.stderr.isTTY, process.env);
  const server = await start(command, args);
  if (server === undefined) return;
  const began = performance.now();
  const clock = (): number => performance.now() - began;
  const pass = (name: NodeJS.Signals): void => server.signal(name);
  for (const name of PASSED) process.on(name, pass);
  const watch = new WatchThread({ descriptor, json, colours, epoch: Date.now() }, clock);
  const exit = await runSession({ input: process.stdin, output: process.stdout }, server, (from, chunk) => watch.chunk(from, chunk));
  watch.end({ command: [command, ...args].join(' '), duration: clock(), ...exit });
  const shown = await watch.shown();
  for (const name of PASSED) process.off(name, pass);
  leave(exit, shown);
}

async function start(command: string, args: readonly string[]): Promise<TappedServer | undefined> {
  try {
    return await TappedServer.start(command, args);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    process.stderr.write(`airs-mcp tap: ${printable(command, 200)} did not start: ${message}\n`);
    process.exitCode = code === 'ENOENT' ? EXIT.notFound : EXIT.notStarted;
    return undefined;
  }
}

function leave({ code, signal }: Exit, shown: boolean): void {
  if (signal !== null) process.kill(process.pid, signal);
  // A thread that waits for somebody to read standard error would keep this process from exiting.
  if (!shown) process.kill(process.pid, 'SIGKILL');
  // The host may still hold our standard input open. Its output was written.
  process.exit(code ?? EXIT.failed);
}
