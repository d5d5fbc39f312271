/** What the demo shows, one act after the other. Each checks what it gets, and gives what there is to say. */

import { performance } from 'node:perf_hooks';
import { AirsMcpError } from '../../base/errors.js';
import { quantile } from '../bench/statistics.js';
import type { Step } from '../check.js';
import { bytesText, millisecondsText, threeFigures } from '../text.js';
import type { Session } from './session.js';

const IN_TURN = 1_000;
const TOGETHER = 10_000;
const STEPS = 3;
const MIB = 1024 * 1024;
/** Of the table that is read lazily (bytes). */
const TABLE = 3 * MIB;
/** How often it is read; the median time is told. */
const READS = 5;
/** How long the call that times out may take (ms). */
const IMPATIENCE = 50;

const median = (values: readonly number[]): number => quantile(values, 0.5);

const count = (value: number): string => value.toLocaleString('en');

function assert(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** @returns the error that the call is settled with */
async function failure(call: Promise<unknown>): Promise<AirsMcpError> {
  const outcome = await call.then(() => undefined, (error: unknown) => error as Error);
  if (outcome instanceof AirsMcpError) return outcome;
  throw outcome instanceof Error ? outcome : new Error('the call was answered');
}

async function fails(call: Promise<unknown>, code: string): Promise<AirsMcpError> {
  const error = await failure(call);
  assert(error.code === code, `the call failed with ${error.code}, not with ${code}`);
  return error;
}

/** @param session not started */
export function actsOf(session: Session): Step[] {
  const { peer } = session;
  const act = (name: string, run: () => Promise<string>): Step => ({ name, run });
  return [
    act('a server process starts, and answers', () => start(session)),
    act(`${count(IN_TURN)} calls, one after the other`, () => inTurn(session)),
    act(`${count(TOGETHER)} calls at once`, () => together(session)),
    act('three calls in one frame', async () => {
      const texts = ['one', 'two', 'three'];
      const answers = await Promise.all(peer.batch(texts.map((text) => ({ method: 'echo' as const, params: { text } }))));
      assert(answers.map(({ text }) => text).join() === texts.join(), 'the answers are not those of the calls');
      return texts.join(', ');
    }),
    act('progress comes before the answer', async () => {
      const seen: unknown[] = [];
      const { done } = await peer.request('work', { steps: STEPS }, { onProgress: (progress) => seen.push((progress as { progress: unknown }).progress) });
      assert(done === STEPS && seen.join() === '1,2,3', `progress was ${seen.join()}`);
      return `${seen.join(', ')} of ${STEPS}`;
    }),
    act('the server calls back while it is called', async () => {
      const { answer } = await peer.request('ask', { what: 'the answer' });
      assert(answer === 'the answer is 42', `the answer was ${answer}`);
      return answer;
    }),
    act('a call is cancelled, another takes too long', () => giveUp(session)),
    act('a method that the server lacks', async () => {
      const error = await failure(session.callAnything('no/such'));
      assert(error.rpcCode === -32601, `the call failed with ${error.code}`);
      return `${error.rpcCode}, ${error.message}`;
    }),
    act('a large result is read lazily', () => readLazily(session)),
    act('a result over the limit', () => oversize(session)),
    act('noise on the server\'s standard output', () => noise(session)),
    act('the server crashes', () => crash(session)),
  ];
}

async function start(session: Session): Promise<string> {
  await session.peer.start();
  const { greeting, pid, backend } = await session.peer.request('hello', { name: 'client' });
  assert(greeting === 'hello, client' && pid === session.transport.pid, 'the answer is not from the server that was started');
  assert(backend === session.backend, `the server runs on ${backend}`);
  return `process ${pid}, also on ${backend}`;
}

async function inTurn({ peer }: Session): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < IN_TURN; i++) {
    const began = performance.now();
    await peer.request('echo', { text: 'hello' });
    times.push(performance.now() - began);
  }
  return `${millisecondsText(median(times))} each (median)`;
}

async function together({ peer }: Session): Promise<string> {
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: TOGETHER }, (_, i) => peer.request('echo', { text: `call ${i}` })));
  const took = performance.now() - began;
  assert(answers.every(({ text }, i) => text === `call ${i}`), 'an answer went to another call');
  return `each got its own answer, ${count(Math.round((TOGETHER / took) * 1000))} calls/s`;
}

async function giveUp({ peer }: Session): Promise<string> {
  const controller = new AbortController();
  const unwanted = peer.request('wait', undefined, { signal: controller.signal });
  controller.abort();
  await fails(unwanted, 'AIRS_MCP_CANCELLED');
  await fails(peer.request('wait', undefined, { timeout: IMPATIENCE }), 'AIRS_MCP_REQUEST_TIMEOUT');
  const cancelled = await peer.request('cancelled');
  assert(cancelled === 2, `${cancelled} handlers were told to stop, not 2`);
  return 'both handlers were told to stop';
}

async function readLazily({ peer }: Session): Promise<string> {
  const times = { at: [] as number[], parse: [] as number[] };
  let size = 0;
  for (let i = 0; i < READS; i++) {
    const message = await peer.request('table', { bytes: TABLE }, { raw: true });
    const began = performance.now();
    const count = message.at('/result/count');
    const read = performance.now();
    const whole = JSON.parse(Buffer.from(message.toBytes()).toString()) as { result: { count: number } };
    times.parse.push(performance.now() - read);
    times.at.push(read - began);
    size = message.byteLength;
    message.release();
    assert(count === whole.result.count, `the value read is ${String(count)}, not ${whole.result.count}`);
  }
  const [at, parse] = [median(times.at), median(times.parse)];
  return `one value behind ${bytesText(size)} in ${millisecondsText(at)}; to parse it all takes ${millisecondsText(parse)}, ${threeFigures(parse / at)} times that`;
}

async function oversize({ peer, limit }: Session): Promise<string> {
  const [error, small] = await Promise.all([
    fails(peer.request('table', { bytes: limit + MIB }), 'AIRS_MCP_MESSAGE_TOO_LARGE'), peer.request('echo', { text: 'small' }),
  ]);
  assert(small.text === 'small', 'the call beside it got another answer');
  return `its call alone fails, ${error.code} (${bytesText(limit)})`;
}

async function noise({ peer, refused }: Session): Promise<string> {
  const before = refused.length;
  const { printed } = await peer.request('noise');
  assert(refused.length === before + 1, `${refused.length - before} lines were refused, not 1`);
  return `"${printed}" is reported, ${refused.at(-1)?.code}; the call is answered`;
}

async function crash({ peer }: Session): Promise<string> {
  const [error] = await Promise.all([
    fails(peer.request('crash'), 'AIRS_MCP_CHILD_EXITED'), fails(peer.request('wait'), 'AIRS_MCP_CHILD_EXITED'),
  ]);
  assert(error.message.includes('out of luck'), 'the error does not repeat its last words');
  return `both calls in flight fail: ${error.message.replaceAll('\n', ' ')}`;
}
