/** The backend in TypeScript: what runs where the addon can't, and what the addon is checked against. */

import type { Backend } from './contract.js';
import { checkAllocate, checkFind, checkScan } from './fallback/check.js';
import { findValue } from './fallback/find.js';
import { Scan } from './fallback/scan.js';

export const fallback: Backend = {
  name: 'javascript',
  kernel: 'javascript',
  externalBuffers: false,

  scan(bytes, table) {
    checkScan(bytes, table);
    return new Scan(bytes, table, undefined).run();
  },

  scanMaking(bytes, table, made) {
    checkScan(bytes, table);
    return new Scan(bytes, table, made).run();
  },

  find(bytes, start, end, pointer, range) {
    checkFind(bytes, start, end, pointer, range);
    return findValue(bytes, start, end, pointer, range);
  },

  allocate(bytes) {
    checkAllocate(bytes);
    return new ArrayBuffer(bytes);
  },
};
