/** Writes lines to standard output, whose reader may have left. */
export function print(text: string): void {
  const { stdout } = process;
  if (stdout.listenerCount('error') === 0) stdout.on('error', () => undefined);
  stdout.write(`${text}\n`);
}
