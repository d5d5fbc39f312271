import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { AirsMcpError } from '../../src/base/errors.js';
import type { ConcurrentJsonRpcProcessor } from '../../src/concurrency/processor.js';
import type { CorrelationManager } from '../../src/correlation/manager.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { Flow } from '../../src/peer/flow.js';
import { Outbox } from '../../src/peer/outbox.js';
import type { Transport } from '../../src/transport/contract.js';
import { Deferred, rest, until } from './support.js';

const store = new AsyncLocalStorage<string>();

/** A flow, what it looks at, and what it tells the transport. */
function flowing(): { flow: Flow; state: { blocked: boolean; indebted: boolean; underPressure: boolean; pendingCount: number }; told: string[] } {
  const state = { blocked: false, indebted: false, underPressure: false, pendingCount: 0 };
  const told: string[] = [];
  const note = (what: string) => (): void => void told.push(store.getStore() === undefined ? what : `${what} inside ${store.getStore()}`);
  const transport = { pause: note('pause'), resume: note('resume') } as unknown as Transport;
  const correlation = { statistics: () => state } as unknown as CorrelationManager;
  const flow = new Flow(transport, state as unknown as ConcurrentJsonRpcProcessor, correlation, state as unknown as Outbox, new AsyncResource('test'));
  return { flow, state, told };
}

describe('reading', () => {
  it.each([
    [{}, false],
    [{ pendingCount: 1 }, false],
    [{ underPressure: true }, true],
    [{ underPressure: true, pendingCount: 1 }, true],
    [{ underPressure: true, nested: true }, false],
    [{ blocked: true }, true],
    [{ blocked: true, pendingCount: 1 }, false],
    [{ blocked: true, underPressure: true, pendingCount: 1 }, false],
    [{ blocked: true, underPressure: true }, true],
    [{ indebted: true }, true],
    [{ indebted: true, blocked: true, pendingCount: 1, nested: true }, true],
  ])('with %j: paused is %s', async (given: Partial<ReturnType<typeof flowing>['state']> & { nested?: boolean }, paused) => {
    const { flow, state, told } = flowing();
    const { nested = false, ...rest } = given;
    if (nested) flow.follow(new Promise(() => undefined));
    Object.assign(state, rest);
    flow.update();
    const strain = Object.entries(rest).some(([name, value]) => name !== 'pendingCount' && value === true);
    expect({ told, paused: flow.paused, strained: flow.strained }).toEqual({ told: paused ? ['pause'] : [], paused, strained: strain && !paused });
    flow.update();
    expect(told).toHaveLength(paused ? 1 : 0);
  });

  it('goes on when the strain ends, not at once, and outside of whatever ended it', async () => {
    const { flow, state, told } = flowing();
    state.underPressure = true;
    flow.update();
    store.run('a handler', () => {
      state.underPressure = false;
      flow.update();
      flow.update();
      expect(told).toEqual(['pause']);
    });
    await rest();
    expect(told).toEqual(['pause', 'resume']);
    expect(flow.paused).toBe(false);
  });

  it('does not go on when the strain is back by then', async () => {
    const { flow, state, told } = flowing();
    state.underPressure = true;
    flow.update();
    state.underPressure = false;
    flow.update();
    state.underPressure = true;
    flow.update();
    await rest();
    expect(told).toEqual(['pause']);
    state.underPressure = false;
    flow.update();
    await rest();
    expect(told).toEqual(['pause', 'resume']);
  });

  it('stops again when the calls that handlers waited for are settled, be it by a failure', async () => {
    const { flow, state, told } = flowing();
    const calls = [new Deferred(), new Deferred()];
    for (const { promise } of calls) flow.follow(promise);
    state.underPressure = true;
    flow.update();
    calls[0]?.resolve();
    await rest();
    flow.update();
    expect(told).toEqual([]);
    calls[1]?.reject(new Error('no'));
    await rest();
    flow.update();
    expect(told).toEqual(['pause']);
  });
});

describe('an outbox', () => {
  /** An outbox over a transport whose queue is full as long as `full` says. */
  function sending(): { outbox: Outbox; sent: object[]; transport: { queued: number; full: Error | null }; drain: () => void; changes: () => number } {
    const sent: object[] = [];
    let changes = 0;
    const drains: (() => void)[] = [];
    const transport = {
      queued: 0,
      full: null as Error | null,
      send(message: JsonRpcMessage | JsonRpcMessage[]): Promise<void> {
        if (transport.full !== null) return Promise.reject(transport.full);
        sent.push(Array.isArray(message) ? message.map((member) => member.toJSON()) : message.toJSON());
        return new Promise((resolve) => drains.push(resolve));
      },
    };
    const outbox = new Outbox(transport as unknown as Transport, () => {
      changes++;
    });
    return { outbox, sent, transport, drain: () => drains.splice(0).forEach((resolve) => resolve()), changes: () => changes };
  }

  const full = (): AirsMcpError => new AirsMcpError('AIRS_MCP_SEND_QUEUE_FULL', 'full');
  const substitute = (id: number): object => ({ id, error: { code: -32603, data: { code: 'AIRS_MCP_SEND_QUEUE_FULL', retryable: true } } });

  it('tries an error until there is room, in the order of the answers, batches included', async () => {
    const { outbox, sent, transport, drain, changes } = sending();
    transport.full = full();
    outbox.send(JsonRpcMessage.response(1, 'a'));
    outbox.send([JsonRpcMessage.response(2, 'b'), JsonRpcMessage.response(3, 'c')]);
    await until(() => outbox.indebted);
    const before = changes();
    expect(before).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 50)); // at least one more try
    expect(sent).toEqual([]);
    transport.full = null;
    await until(() => sent.length === 1);
    expect(outbox.indebted).toBe(true);
    drain();
    await until(() => sent.length === 2);
    drain();
    await until(() => !outbox.indebted);
    expect(sent).toMatchObject([substitute(1), [substitute(2), substitute(3)]]);
    expect(changes()).toBeGreaterThan(before);
  });

  it('replaces what turns out to be no JSON', async () => {
    const { outbox, sent, transport } = sending();
    transport.full = new AirsMcpError('AIRS_MCP_NOT_SERIALISABLE');
    outbox.send(JsonRpcMessage.response(1, 'a'));
    transport.full = null;
    await until(() => sent.length === 1);
    expect(sent).toMatchObject([{ id: 1, error: { code: -32603, data: { code: 'AIRS_MCP_NOT_SERIALISABLE' } } }]);
  });

  it('tries no more when the connection is over, and owes nothing for what failed with it', async () => {
    const { outbox, sent, transport } = sending();
    transport.full = full();
    outbox.send(JsonRpcMessage.response(1, 'a'));
    await until(() => outbox.indebted);
    transport.full = new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED');
    outbox.close();
    outbox.send(JsonRpcMessage.response(2, 'b'));
    await rest();
    transport.full = null;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).toEqual([]);
    expect(outbox.indebted).toBe(false);
  });

  it('is blocked past its backlog until the stream has room; whoever waits for that goes on', async () => {
    const { outbox, transport, drain } = sending();
    transport.queued = 5 * 1024 * 1024;
    outbox.send(JsonRpcMessage.response(1, 'a'));
    expect(outbox.blocked).toBe(true);
    let waited = 0;
    const waits = [outbox.room(), outbox.room()].map((room) => room.then(() => waited++));
    await rest();
    expect(waited).toBe(0);
    transport.queued = 0;
    drain();
    await Promise.all(waits);
    expect(outbox.blocked).toBe(false);
    outbox.send(JsonRpcMessage.response(2, 'b'));
    expect(outbox.blocked).toBe(false);
  });
});
