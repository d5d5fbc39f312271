import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadNative } from '../../src/backend/native.js';
import { ON_LINUX, ON_NATIVE } from '../native/program.js';
import { identity } from '../transport/identity.js';

describe.runIf(ON_NATIVE && process.platform !== 'win32')('a socket pair', () => {
  it('carries bytes both ways', () => {
    const [ours, theirs] = loadNative().socketPair() ?? [-1, -1];
    const received = Buffer.alloc(8);
    expect(writeSync(ours, 'there')).toBe(5);
    expect(received.toString('utf8', 0, readSync(theirs, received))).toBe('there');
    expect(writeSync(theirs, 'back')).toBe(4);
    expect(received.toString('utf8', 0, readSync(ours, received))).toBe('back');
    closeSync(ours);
    closeSync(theirs);
  });

  it.runIf(ON_LINUX)('is not inherited by child processes', () => {
    const pair = loadNative().socketPair() ?? [];
    expect(pair.length).toBe(2);
    for (const fd of pair) {
      const flags = /flags:\s*([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
      // O_CLOEXEC
      expect(parseInt(flags, 8) & 0o2000000).toBe(0o2000000);
      closeSync(fd);
    }
  });
});

describe.runIf(ON_NATIVE && ON_LINUX)('leadGroups', () => {
  const started: ChildProcess[] = [];
  afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

  /** Group, session and terminal of a process that is started now, and its own number. */
  function start(): { pid: number; group: number; session: number; terminal: number } {
    const child = spawn('cat');
    started.push(child);
    return { pid: child.pid ?? 0, ...identity(child.pid ?? 0) };
  }

  it('gives what is started a group of its own in this session, without a terminal, until it is called again', () => {
    const { leadGroups } = loadNative();
    const ours = identity(process.pid);
    leadGroups(true);
    const leader = start();
    expect(leadGroups(false)).toBe(true);
    expect(leader).toEqual({ pid: leader.pid, group: leader.pid, session: ours.session, terminal: 0 });
    expect(start()).toMatchObject({ group: ours.group, session: ours.session });
  });

  it('tells where nothing was started', () => {
    const { leadGroups } = loadNative();
    leadGroups(true);
    expect(leadGroups(false)).toBe(false);
    start();
    expect(leadGroups(false)).toBe(false);
  });

  it('takes a boolean', () => {
    expect(() => loadNative().leadGroups(1 as unknown as boolean)).toThrow(TypeError);
  });
});

describe.runIf(ON_NATIVE && ON_LINUX)('the capacity of a pipe', () => {
  let folder: string;
  let pipe: number;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'airs-mcp-pipe-'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    pipe = openSync(join(folder, 'pipe'), 'r+');
  });

  afterAll(() => {
    closeSync(pipe);
    rmSync(folder, { recursive: true });
  });

  it('becomes what is asked for', () => {
    expect(loadNative().setPipeCapacity(pipe, 256 * 1024)).toBe(256 * 1024);
    expect(loadNative().setPipeCapacity(pipe, 4096)).toBe(4096);
  });

  it('stays as it was where the system refuses', () => {
    expect(loadNative().setPipeCapacity(pipe, 65_536)).toBe(65_536);
    writeSync(pipe, Buffer.alloc(60_000));
    expect(loadNative().setPipeCapacity(pipe, 4096)).toBe(65_536);
  });
});

describe.runIf(ON_NATIVE)('setPipeCapacity', () => {
  it('gives 0 for what is no pipe', () => {
    const file = openSync(import.meta.filename, 'r');
    expect(loadNative().setPipeCapacity(file, 65_536)).toBe(0);
    closeSync(file);
    expect(loadNative().setPipeCapacity(2 ** 30, 65_536)).toBe(0);
  });

  it.each([
    ['fd', 'x', 1, 'AIRS_MCP_INVALID_ARGUMENT'],
    ['fd', -1, 1, 'AIRS_MCP_OUT_OF_RANGE'],
    ['fd', 0.5, 1, 'AIRS_MCP_OUT_OF_RANGE'],
    ['bytes', 0, undefined, 'AIRS_MCP_INVALID_ARGUMENT'],
    ['bytes', 0, 0, 'AIRS_MCP_OUT_OF_RANGE'],
    ['bytes', 0, NaN, 'AIRS_MCP_OUT_OF_RANGE'],
    ['bytes', 0, 2 ** 31, 'AIRS_MCP_OUT_OF_RANGE'],
  ])('refuses a wrong %s: %s, %s', (name, fd, bytes, code) => {
    const call = loadNative().setPipeCapacity as (fd: unknown, bytes: unknown) => number;
    const message = expect.stringContaining(`${name}:`) as string;
    expect(() => call(fd, bytes)).toThrow(expect.objectContaining({ code, message }) as Error);
  });
});
