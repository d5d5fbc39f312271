/** Says on standard error what is being measured, and how long the rest may take. */

const clock = (ms) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;

export function progressOf(total) {
  const began = performance.now();
  const live = process.stderr.isTTY;
  let done = 0;
  const write = (text) => process.stderr.write(live ? `\r\x1b[2K${text}` : `${text}\n`);
  return {
    begins(name) {
      const passed = performance.now() - began;
      const rest = done === 0 ? '' : `, ${clock((passed / done) * (total - done))} to go`;
      write(`[${++done}/${total}, ${clock(passed)}${rest}] ${name}`);
    },
    end: () => write(live ? '' : `measured ${done} rows in ${clock(performance.now() - began)}`),
  };
}
