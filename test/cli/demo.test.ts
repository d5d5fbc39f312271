import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backendInfo } from '../../src/backend/select.js';
import { runSteps } from '../../src/cli/check.js';
import { actsOf } from '../../src/cli/demo/acts.js';
import type { Account } from '../../src/cli/demo/account.js';
import { Session } from '../../src/cli/demo/session.js';
import { requireDist } from '../peer/dist.js';
import { copyOfPackage, type PackageCopy, run } from './run.js';

const ROOT = join(import.meta.dirname, '..', '..');
const ECHO = join(ROOT, 'test', 'fixtures', 'peer', 'server.mjs');
const ACTS = 12;

beforeAll(requireDist);

describe('airs-mcp demo', () => {
  it('plays a session: text without colours, nothing on standard error, status 0', async () => {
    const { stdout, stderr, code } = await run(['demo']);
    const text = stdout.toString();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(text).toContain(`backend ${backendInfo().name}, kernel ${backendInfo().kernel}`);
    expect(text.match(/^ {2}ok /gm)).toHaveLength(ACTS);
    expect(text).toMatch(/calls {5}11,\d{3} answered, 4 failed, 1 cancelled, 1 timed out\n/);
    expect(text).toMatch(/\nall 12 acts went as they should\n$/);
    expect(text).not.toContain('\u001b');
  });

  it('writes one JSON document with --json', async () => {
    const { stdout, stderr, code } = await run(['demo', '--json']);
    const account = JSON.parse(stdout.toString()) as Account;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(account).toMatchObject({ ok: true, backend: backendInfo(), figures: { calls: { failed: 4, timedOut: 1, cancelled: 1 }, lostToGc: 0 } });
    expect(account.acts.map(({ ok }) => ok)).toEqual(Array(ACTS).fill(true));
    const { messagesReceived, zeroCopyReceives, copiedReceives } = account.figures.transfers;
    // The message over the limit is neither.
    expect(zeroCopyReceives + copiedReceives).toBe(messagesReceived - 1);
  });
});

describe('acts', () => {
  it('fail against a server that answers otherwise', async () => {
    const session = new Session(ECHO, backendInfo().name);
    const checks = await runSteps(actsOf(session).filter(({ name }) => !name.startsWith('1')), () => 0);
    await session.peer.close({ drain: false });
    expect(checks.flatMap(({ ok, name }) => (ok ? [name] : []))).toEqual(['three calls in one frame', 'a method that the server lacks']);
  });
});

describe('in a package whose server is gone', () => {
  let copy: PackageCopy;

  beforeAll(() => {
    copy = copyOfPackage();
    copy.drop('dist/cli/demo/server.js');
  });

  afterAll(() => copy.remove());

  it('every act is told as failed, with its code, and the status is 1', async () => {
    const { stdout, code } = await run(['demo'], '', { AIRS_MCP_BACKEND: 'javascript' }, copy.main);
    const text = stdout.toString();
    expect(code).toBe(1);
    expect(text).toMatch(/failed {2}a server process starts, and answers: AIRS_MCP_CHILD_EXITED/);
    expect(text).toMatch(/\n\d+ of 12 acts went wrong\n$/);
  });
});
