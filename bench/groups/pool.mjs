import { BufferManager } from '../../dist/index.js';
import { KIB } from './inputs.mjs';

const SIZES = [10, 50, 100, 500, 1000];
const CAPACITY = 256 * KIB;

/** Takes every buffer of the pool, then gives all back. */
function pooled(size) {
  const manager = new BufferManager({ bufferPoolSize: size, readBufferCapacity: CAPACITY });
  const held = new Array(size).fill(null);
  return () => {
    for (let i = 0; i < size; i++) held[i] = manager.tryAcquireReadBuffer();
    for (let i = 0; i < size; i++) {
      held[i].release();
      held[i] = null;
    }
  };
}

function fresh(size, allocate) {
  const held = new Array(size).fill(null);
  return () => {
    for (let i = 0; i < size; i++) held[i] = allocate(CAPACITY);
    held.fill(null);
  };
}

export const group = {
  name: 'pool',
  costly: true,
  title: 'Buffer pool: acquire and release',
  about: 'All buffers of a pool are taken and given back; the time is for one of them, 256 KiB. Nobody touches the memory.',
  unit: 'ns/buffer',
  scale: 'buffers',
  rows: [
    ...SIZES.map((size) => ({
      name: `pool of ${size}`,
      size,
      slow: size === 50 || size === 500,
      units: size,
      baseline: 'Buffer.allocUnsafeSlow',
      references: [{ name: 'Rust origin', value: 278 }],
      ways: () => ({
        'airs-mcp': pooled(size),
        'Buffer.allocUnsafeSlow': fresh(size, Buffer.allocUnsafeSlow),
        'Buffer.alloc': fresh(size, Buffer.alloc),
      }),
    })),
    {
      name: 'pool of 1000 against 10',
      ways: () => Object.fromEntries([1000, 10].map((size) => [`airs-mcp, ${size}`, { pass: pooled(size), units: size }])),
    },
  ],
};
