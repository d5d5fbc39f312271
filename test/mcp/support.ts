/** What the tests of the drop-in transports share. */

import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

export const FIXTURES = new URL('../fixtures/mcp/', import.meta.url);

export const frame = (message: object): Buffer => Buffer.from(`${JSON.stringify(message)}\n`);

export function lines(bytes: Buffer): unknown[] {
  return bytes
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}

/** Lets pending stream events and microtasks run. */
export async function nextTurn(): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate();
}

/** Waits until `condition` holds; the test's own time limit ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

interface Observable {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: never) => void) | undefined;
}

/** Notes what a transport calls back with. */
export class Recorder {
  readonly messages: object[] = [];
  readonly errors: Error[] = [];
  /** `error` and `close`, in order. */
  readonly events: string[] = [];
  readonly closed: Promise<void>;

  constructor(transport: Observable) {
    transport.onmessage = (message: object) => this.messages.push(message);
    transport.onerror = (error) => {
      this.errors.push(error);
      this.events.push('error');
    };
    this.closed = new Promise((resolve) => {
      transport.onclose = () => {
        this.events.push('close');
        resolve();
      };
    });
  }
}

/** Whether a process runs. One that has ended may wait for init to take notice. */
export function isAlive(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const PRELUDE = `
  let on = () => {}, rest = '';
  const send = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
  process.stdin.on('data', (chunk) => {
    const lines = (rest + chunk).split('\\n');
    rest = lines.pop();
    for (const line of lines) on(JSON.parse(line));
  });`;

/** A server process from its source: it sets `on`, which gets each message, and calls `send`. */
export function scripted(body: string): { command: string; args: string[] } {
  return { command: process.execPath, args: ['-e', PRELUDE + body] };
}
