/**
 * Receives a number of messages on standard input in one of several ways, then says on the IPC channel what that took:
 * bytes allocated for each, collections for each thousand, and the peak of its resident set.
 */

import { countCollections, riseMeter } from '../lib/allocation.mjs';

const [kind, count] = [process.argv[2], Number(process.argv[3])];
/** Messages before those that count. */
const WARM_UP = 20;

let seen = 0;
let collections;
const meter = riseMeter();

function received() {
  seen++;
  if (seen === WARM_UP) {
    globalThis.gc();
    collections = countCollections();
    meter.start();
  } else if (seen > WARM_UP) meter.mark();
  if (seen === count) void report();
}

async function report() {
  const measured = count - WARM_UP;
  process.send({
    allocated: meter.mean,
    collections: ((await collections.stop()) / measured) * 1000,
    peak: process.resourceUsage().maxRSS * 1024,
  });
  process.disconnect();
}

const kinds = {
  async airs() {
    const { StdioTransport } = await import('../../dist/index.js');
    const { PassThrough } = await import('node:stream');
    const transport = new StdioTransport({ output: new PassThrough() });
    transport.onmessage = (message) => {
      if (message.id === undefined) throw new Error('no id');
      message.release();
      received();
    };
    await transport.start();
  },
  lines: () => eachLine(received),
  parsed: () => eachLine((line) => {
    if (JSON.parse(line.utf8Slice(0, line.length)).id === undefined) throw new Error('no id');
    received();
  }),
  async sdk2() {
    const { StdioServerTransport } = await import('@modelcontextprotocol/server/stdio');
    const transport = new StdioServerTransport();
    transport.onmessage = received;
    await transport.start();
  },
};

function eachLine(take) {
  let pieces = [];
  process.stdin.on('data', (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pieces.push(chunk.subarray(start, end));
      take(Buffer.concat(pieces));
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  });
}

await kinds[kind]();
process.send('ready');
