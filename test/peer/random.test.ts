import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../../src/peer/context.js';
import { JsonRpcPeer, type PeerOptions } from '../../src/peer/peer.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';
import { Random } from '../support/random.js';
import { buffersOf, rest } from './support.js';

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

/** A peer whose handlers do anything, calls back over itself included. */
function wild(random: Random, peer: () => JsonRpcPeer): PeerOptions {
  const deeper = (call: RequestContext): Promise<unknown> => {
    const depth = (call.params as { depth?: number } | undefined)?.depth ?? 0;
    return depth >= 3 ? Promise.resolve(depth) : peer().request(random.pick(['echo', 'deeper', 'late']), { depth: depth + 1 }, { timeout: 200 });
  };
  return {
    processor: { workerCount: 1 + random.below(4), queueCapacity: 1 + random.below(20), backpressureThreshold: random.pick([0.2, 0.8, 1]), shutdownTimeout: 50 },
    correlation: { cleanupInterval: 1 },
    handlers: {
      echo: ({ params }) => params,
      late: async ({ params }) => (await turns(random.below(5)), params),
      fail: () => Promise.reject(new Error('no')),
      never: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      stubborn: async () => (await turns(20), 1n),
      steps: async (call) => {
        for (let i = 0; i < 3; i++) void call.progress(i);
        await turns(1);
        void call.progress(3);
        return 'done';
      },
      deeper,
    },
  };
}

const METHODS = ['echo', 'late', 'fail', 'never', 'stubborn', 'steps', 'deeper', 'nothing'] as const;

/** Makes one call, or several; each promise is in `calls`. */
function act(random: Random, peer: JsonRpcPeer, calls: Promise<unknown>[]): void {
  const before = calls.length;
  const method = random.pick(METHODS);
  const controller = new AbortController();
  const options = {
    ...(method === 'never' || random.oneIn(4) ? { timeout: 1 + random.below(20) } : {}),
    ...(random.oneIn(4) ? { signal: controller.signal } : {}),
    ...(random.oneIn(4) ? { onProgress: () => undefined } : {}),
  };
  if (random.oneIn(6)) calls.push(...peer.batch([{ method }, { method: 'echo', params: { a: 1 } }, { method: 'echo', notification: true }], options));
  else if (random.oneIn(8)) calls.push(peer.notify(method, {}));
  else calls.push(peer.request(method, { pad: 'p'.repeat(random.below(3000)) }, options));
  // They are looked at in the end; until then a rejection is handled.
  for (const call of calls.slice(before)) call.catch(() => undefined);
  if (random.oneIn(3)) setImmediate(() => controller.abort());
}

/** Two peers that call each other at random and are closed at random; gives the calls, settled. */
async function session(seed: number): Promise<{ settled: PromiseSettledResult<unknown>[]; peers: JsonRpcPeer[] }> {
  const random = new Random(seed);
  const [left, right] = createMemoryTransportPair({ maxSendQueue: random.pick([64 * 1024, 1024 * 1024]), closeTimeout: 50 });
  const peers: JsonRpcPeer[] = [];
  peers.push(new JsonRpcPeer(left, wild(random, () => peers[0] as JsonRpcPeer)), new JsonRpcPeer(right, wild(random, () => peers[1] as JsonRpcPeer)));
  await Promise.all(peers.map((peer) => peer.start()));
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    act(random, random.pick(peers), calls);
    if (random.oneIn(10)) await turns(random.below(4));
  }
  if (random.oneIn(2)) await turns(random.below(60));
  const [first, second] = random.oneIn(2) ? peers : [...peers].reverse();
  await first?.close({ drain: random.oneIn(2) });
  await second?.close({ drain: random.oneIn(2) });
  return { settled: await Promise.allSettled(calls), peers };
}

describe('two peers that do everything at random', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))('settle all calls, and give back all they held: seed %i', async (seed) => {
    const { settled, peers } = await session(seed);
    expect(settled.length).toBeGreaterThan(200);
    await rest();
    for (const peer of peers) {
      expect(peer.correlation.statistics().pendingCount).toBe(0);
      expect(peer.processor.statistics()).toMatchObject({ activeWorkers: 0, queueDepth: 0, waitingForRoom: 0 });
      expect(buffersOf(peer).metrics()).toMatchObject({ lent: 0, heldBytes: 0, doubleReleases: 0, oneOffs: { lent: 0 } });
    }
    const codes = settled.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as { code?: string }).code] : []));
    const known = ['REMOTE', 'REQUEST_TIMEOUT', 'CANCELLED', 'SHUTDOWN', 'TRANSPORT_CLOSED', 'TRANSPORT_FAILED', 'SEND_QUEUE_FULL'].map((name) => `AIRS_MCP_${name}`);
    expect(codes.filter((code) => !known.includes(code ?? ''))).toEqual([]);
  });
});
