import { open, rm, stat, writeFile } from 'node:fs/promises';
import type { Profiler, Session } from 'node:inspector';
import { selectBackend } from '../backend/select.js';
import { AirsMcpError } from '../base/errors.js';
import { OptionReader } from '../base/options.js';
import { drawFlameGraph } from './profile-flame.js';
import { type ProfiledFunction, type ProfileShares, summarise } from './profile-tree.js';

/** Options of {@link profileCriticalSection}. */
export interface ProfileOptions {
  /** Where to write the profile: `.svg` is a flame graph for a browser, `.cpuprofile` is for developer tools. Default: nowhere. */
  output?: string | undefined;
  /** Time between two samples (µs); 50 to 1,000,000, default 200. Shorter ones see more, and slow the work more. */
  samplingInterval?: number | undefined;
  /** Most functions in {@link ProfileResult.top} (count); 1 to 10,000, default 20. */
  topCount?: number | undefined;
}

/** Times are milliseconds. */
export interface ProfileResult<T> {
  /** What the function gave. */
  readonly value: T;
  /** From the call to its end, by the clock. */
  readonly duration: number;
  /** Samples taken (count): with few of them the shares are coarse. */
  readonly samples: number;
  /** Where the time went. */
  readonly shares: ProfileShares;
  /** The functions with the most time of their own, most first. */
  readonly top: readonly ProfiledFunction[];
  /** The file that was written, if any. */
  readonly output: string | undefined;
}

/**
 * Runs a function, synchronous or not, under V8's sampling profiler and says where its time went, with the share of the
 * addon and of other native code. All that the thread does meanwhile is in the profile: other work of its event loop too.
 *
 * What `fn` throws passes through, and no file is written then.
 *
 * @param fn called once, without arguments
 * @throws `AIRS_MCP_INVALID_CONFIG`; `AIRS_MCP_INVALID_ARGUMENT` for an `output` that ends otherwise; `AIRS_MCP_PROFILE_FAILED`
 *   where this runtime has no profiler, or `output` cannot be written, which is found before `fn` is called;
 *   `AIRS_MCP_BACKEND_UNAVAILABLE`
 */
export async function profileCriticalSection<T>(fn: () => T, options: ProfileOptions = {}): Promise<ProfileResult<Awaited<T>>> {
  const { interval, count } = readNumbers(options);
  const { output } = options;
  if (output !== undefined) await claim(output);
  try {
    const { value, duration, profile } = await record(fn, interval);
    if (output !== undefined) await write(output, profile, duration);
    return { value, duration, output, samples: profile.samples?.length ?? 0, ...summarise(profile, count) };
  } catch (error) {
    if (output !== undefined) await abandon(output);
    throw error;
  }
}

function readNumbers(options: ProfileOptions): { interval: number; count: number } {
  const reader = new OptionReader('profile', options);
  const interval = reader.number('samplingInterval', { preset: 200, min: 50, max: 1_000_000, unit: 'microseconds' });
  const count = reader.number('topCount', { preset: 20, min: 1, max: 10_000, unit: 'functions' });
  reader.check();
  return { interval, count };
}

/** Finds out whether `output` can be written before the work is done whose profile would be lost. */
async function claim(output: string): Promise<void> {
  if (typeof output !== 'string' || !/\.(svg|cpuprofile)$/.test(output)) {
    throw new AirsMcpError('AIRS_MCP_INVALID_ARGUMENT', `a profile is written as .svg or .cpuprofile, not as ${output}`);
  }
  try {
    await (await open(output, 'a')).close();
  } catch (cause) {
    throw unwritable(output, cause);
  }
}

/** Takes the empty file away that {@link claim} made; a file that was there before stays. */
async function abandon(output: string): Promise<void> {
  const stats = await stat(output).catch(() => undefined);
  if (stats?.isFile() === true && stats.size === 0) await rm(output, { force: true });
}

async function write(output: string, profile: Profiler.Profile, duration: number): Promise<void> {
  const text = output.endsWith('.svg') ? await drawFlameGraph(profile, duration) : JSON.stringify(profile);
  try {
    await writeFile(output, text);
  } catch (cause) {
    throw unwritable(output, cause);
  }
}

function unwritable(output: string, cause: unknown): AirsMcpError {
  return new AirsMcpError('AIRS_MCP_PROFILE_FAILED', `the profile cannot be written to ${output}`, { cause });
}

interface Recording<T> {
  value: T;
  duration: number;
  profile: Profiler.Profile;
}

async function record<T>(fn: () => T, interval: number): Promise<Recording<Awaited<T>>> {
  const session = await connect(interval);
  try {
    const began = performance.now();
    const value = await fn();
    const duration = performance.now() - began;
    return { value, duration, profile: await stop(session) };
  } finally {
    // Ends the profiler too.
    session.disconnect();
  }
}

/** Starts the profiler in a session of its own, so that several sections may be profiled at a time. */
async function connect(interval: number): Promise<Session> {
  // V8 tells the functions of an addon from their caller only if the addon was there when the profiler started.
  selectBackend();
  try {
    const inspector = await import('node:inspector');
    const session = new inspector.Session();
    session.connect();
    await post(session, 'Profiler.enable');
    await post(session, 'Profiler.setSamplingInterval', { interval });
    await post(session, 'Profiler.start');
    return session;
  } catch (cause) {
    throw new AirsMcpError('AIRS_MCP_PROFILE_FAILED', 'this runtime has no profiler', { cause });
  }
}

async function stop(session: Session): Promise<Profiler.Profile> {
  const { profile } = (await post(session, 'Profiler.stop')) as Profiler.StopReturnType;
  return profile;
}

function post(session: Session, method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
