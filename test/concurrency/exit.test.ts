import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compiled } from './dist.js';

const DIST = join(import.meta.dirname, '..', '..', 'dist');
const urlOf = (path: string) => JSON.stringify(pathToFileURL(join(DIST, path)).href);

/** Runs a program in a process of its own, with a processor whose handlers never end; returns what it printed, once it ended by itself. */
async function run(config: string, body: string): Promise<string> {
  await compiled('concurrency/processor.js');
  const program = `
    import { ConcurrentJsonRpcProcessor } from ${urlOf('concurrency/processor.js')};
    import { JsonRpcMessage } from ${urlOf('message/message.js')};
    const processor = new ConcurrentJsonRpcProcessor(${config}, () => new Promise(() => {}));
    await processor.start();
    const response = processor.processRequest(JsonRpcMessage.request(1, 'work'));
    ${body}`;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8', timeout: 20_000 });
  expect({ stderr: child.stderr, signal: child.signal, status: child.status }).toEqual({ stderr: '', signal: null, status: 0 });
  return child.stdout;
}

describe('a process', () => {
  it('ends while handlers run: their deadlines do not hold it', async () => {
    const body = `process.on('exit', () => console.log(processor.statistics().activeWorkers));`;
    expect(await run('{ requestTimeout: 600_000 }', body)).toBe('1\n');
  });

  it('stays until a shutdown has answered what was left, though nothing else holds it', async () => {
    const body = `
      void processor.shutdown().then(() => console.log('over'));
      void response.then(({ error }) => console.log(error.code));`;
    expect(await run('{ requestTimeout: 0, shutdownTimeout: 50 }', body)).toBe('-32000\nover\n');
  });

  it('ends with a shutdown that has nothing to wait for, whatever time it had', async () => {
    const body = `
      response.catch(() => undefined);
      await processor.shutdown({ drain: false });
      console.log('over');`;
    expect(await run('{ shutdownTimeout: 600_000 }', body)).toBe('over\n');
  });
});
