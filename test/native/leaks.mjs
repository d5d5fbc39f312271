/** What leaks.sh runs: a life of the addon, in threads and outside, with nothing left at the end. */
import { createRequire } from 'node:module';
import { Worker, isMainThread } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const THREADS = 3;
const addon = createRequire(import.meta.url)('node-gyp-build')(fileURLToPath(new URL('../..', import.meta.url)));

function refuses(call) {
  try {
    call();
  } catch {
    return;
  }
  throw new Error('no error');
}

async function live() {
  const bytes = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"ping","params":${'['.repeat(5000)}${']'.repeat(5000)}}\n`);
  const table = new Int32Array(64);
  table.set([0, 0, bytes.length, 1, 1 << 20, 10], 4);
  for (let n = 0; n < 10; n++) {
    if (addon.scan(bytes, table) !== 1) throw new Error('no record');
    addon.find(bytes, 0, bytes.length - 1, `/params${'/0'.repeat(100)}`, new Int32Array(2));
    refuses(() => addon.find(bytes, 0, 10, `/${'~'.repeat(300)}`, new Int32Array(2)));
    refuses(() => addon.scan(bytes, new Int32Array(3)));
    new Uint8Array(addon.allocate(100_000)).fill(1);
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  globalThis.kept = Array.from({ length: 5 }, () => addon.allocate(70_000));
}

await live();
for (let n = 0; isMainThread && n < THREADS; n++) {
  await new Promise((settle, reject) => new Worker(new URL(import.meta.url)).once('exit', settle).once('error', reject));
}
