import { writeSync } from 'node:fs';

/** How long a descriptor that is full, and does not block, is left alone before the next attempt (ms). */
const PATIENCE = 5;

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes lines to a descriptor, and waits where it is full: so this belongs on a thread of its own. `process.stderr` would
 * make the descriptor non-blocking, for the server too, which shares it. Once writing fails, nothing more is written.
 */
export class Outlet {
  private broken = false;

  constructor(private readonly descriptor: number) {}

  write(lines: readonly string[]): void {
    if (this.broken || lines.length === 0) return;
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    try {
      for (let at = 0; at < bytes.length;) at += this.writeSome(bytes, at);
    } catch {
      this.broken = true;
    }
  }

  private writeSome(bytes: Uint8Array, from: number): number {
    try {
      return writeSync(this.descriptor, bytes, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, PATIENCE);
      return 0;
    }
  }
}
