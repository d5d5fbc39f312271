import { describe, expect, it } from 'vitest';
import { type Told, costOf } from '../../../src/cli/tap/told.js';
import { Watch } from '../../../src/cli/tap/watch.js';

const MIB = 1024 * 1024;

function watching(): { told: Told[]; backlog: Int32Array; watch: Watch } {
  const told: Told[] = [];
  const backlog = new Int32Array(1);
  return { told, backlog, watch: new Watch({ postMessage: (message) => void told.push(message) }, backlog, () => 5) };
}

describe('watching', () => {
  it('gives copies: what was passed on is not touched', () => {
    const { told, watch } = watching();
    const chunk = Buffer.from('abc');
    watch.chunk('client', chunk);
    chunk.fill(0);
    expect(told).toEqual([{ type: 'bytes', from: 'client', bytes: new Uint8Array([97, 98, 99]), at: 5 }]);
  });

  it('lets bytes pass unseen once 32 MiB wait, and says how many', () => {
    const { told, backlog, watch } = watching();
    for (let i = 0; i < 40; i++) watch.chunk('server', new Uint8Array(MIB));
    const seen = told.length;
    expect(seen).toBe(31);
    expect(Atomics.load(backlog, 0)).toBe(31 * costOf(new Uint8Array(MIB)));
    Atomics.store(backlog, 0, 0);
    watch.chunk('server', new Uint8Array(1));
    expect(told.slice(seen).map((message) => (message.type === 'gap' ? message.unseen : message.type))).toEqual([9 * MIB, 'bytes']);
  });

  it('bounds what many small chunks cost', () => {
    const { told, watch } = watching();
    for (let i = 0; i < 70_000; i++) watch.chunk('server', new Uint8Array(1));
    expect(told.length).toBeLessThan(66_000);
  });

  it('ends with what passed unseen, then the outcome', () => {
    const { told, backlog, watch } = watching();
    Atomics.store(backlog, 0, 32 * MIB);
    watch.chunk('client', new Uint8Array(10));
    watch.end({ command: 'x', duration: 1, code: 0, signal: null });
    expect(told.map(({ type }) => type)).toEqual(['gap', 'end']);
  });
});
