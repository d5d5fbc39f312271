/** Says on standard error what is being measured, and how long the rest may take. */

import { performance } from 'node:perf_hooks';

export interface Progress {
  begins(this: void, name: string): void;
  end(this: void): void;
}

const clock = (ms: number): string => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;

/** @param total how many things will begin */
export function progressOf(total: number): Progress {
  const began = performance.now();
  const live = process.stderr.isTTY;
  let done = 0;
  const write = (text: string): void => void process.stderr.write(live ? `\r\u001b[2K${text}` : `${text}\n`);
  return {
    begins(name) {
      const passed = performance.now() - began;
      const rest = done === 0 ? '' : `, ${clock((passed / done) * (total - done))} to go`;
      write(`[${++done}/${total}, ${clock(passed)}${rest}] ${name}`);
    },
    end: () => write(live ? '' : `measured ${done} rows in ${clock(performance.now() - began)}`),
  };
}
