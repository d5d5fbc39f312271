/** What this process finds out about where it runs. */

import { readFileSync } from 'node:fs';
import { NODE_API } from '../backend/native.js';
import { PIPE_CAPACITY } from '../base/limits.js';

export interface RuntimeFacts {
  readonly name: 'Node.js' | 'Bun' | 'Deno';
  readonly version: string;
  /** The version of Node.js that this is, or claims to be. */
  readonly node: string;
  /** The Node-API version that it has; null for none. */
  readonly nodeApi: number | null;
  /** The Node-API version that the addon is made for. */
  readonly nodeApiNeeded: number;
}

export interface PlatformFacts {
  readonly platform: string;
  readonly arch: string;
  /** `glibc 2.36`, or `musl`; null where the system is not Linux, or the runtime can't tell. */
  readonly libc: string | null;
}

/** Capacities of pipes (bytes). */
export interface PipeFacts {
  /** What is asked for standard input and output that are pipes. */
  readonly asked: number;
  /** The most that this system gives an ordinary user; null where it doesn't say. */
  readonly most: number | null;
}

export function runtimeFacts(versions: Readonly<Record<string, string | undefined>> = process.versions): RuntimeFacts {
  const { bun, deno, node = '', napi } = versions;
  const name = bun !== undefined ? 'Bun' : deno !== undefined ? 'Deno' : 'Node.js';
  return { name, version: bun ?? deno ?? node, node, nodeApi: napi === undefined ? null : Number(napi), nodeApiNeeded: NODE_API };
}

export function platformFacts(): PlatformFacts {
  const { platform, arch } = process;
  return { platform, arch, libc: platform === 'linux' ? libcOf(reportHeader()) : null };
}

/** @param header of a diagnostic report from Linux; undefined where there is none */
export function libcOf(header: Readonly<Record<string, unknown>> | undefined): string | null {
  if (header === undefined) return null;
  const { glibcVersionRuntime: version } = header;
  return typeof version === 'string' ? `glibc ${version}` : 'musl';
}

function reportHeader(): Record<string, unknown> | undefined {
  // Not every runtime has it, nor does @types/node know all of it.
  const report = process.report as { excludeNetwork?: boolean; getReport?(): { header?: Record<string, unknown> } } | undefined;
  if (typeof report?.getReport !== 'function') return undefined;
  // Else the report would look up the names of hosts.
  report.excludeNetwork = true;
  return report.getReport().header;
}

export function pipeFacts(file = '/proc/sys/fs/pipe-max-size'): PipeFacts {
  return { asked: PIPE_CAPACITY, most: numberIn(file) };
}

function numberIn(file: string): number | null {
  try {
    const value = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(value) && value > 0 ? value : null;
  } catch {
    return null;
  }
}
