import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Another Node.js for the processes that run tests: .ci/emulate.mjs.
if (process.env['AIRS_MCP_TEST_NODE']) process.execPath = process.env['AIRS_MCP_TEST_NODE'];

/** How long a test, and what prepares it, may take (ms). */
const LIMIT = Number(process.env['AIRS_MCP_TEST_LIMIT'] ?? 30_000);

/** Every suite runs twice: on the native backend and on the forced fallback. */
const onBackend = (backend: 'native' | 'javascript') => ({
  test: {
    name: backend,
    include: ['test/**/*.test.ts'],
    pool: 'forks' as const,
    execArgv: ['--expose-gc'],
    env: { AIRS_MCP_BACKEND: backend, AIRS_MCP_TEST_LIMIT: String(LIMIT) },
    testTimeout: LIMIT,
    hookTimeout: LIMIT,
  },
});

export default defineConfig({
  // Many tests wait for processes: a core is not kept free.
  test: { maxWorkers: availableParallelism(), projects: [onBackend('native'), onBackend('javascript')] },
});
