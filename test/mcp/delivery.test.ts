import { expect, it } from 'vitest';
import { Delivery } from '../../src/mcp/delivery.js';
import type { JSONRPCMessage } from '../../src/mcp/wire.js';

const note = (n: number): JSONRPCMessage => ({ jsonrpc: '2.0', method: 'n', params: { n } });
const response = (id: number): JSONRPCMessage => ({ jsonrpc: '2.0', id, result: {} });

/** What a receiver that handles notifications one microtask later, and all else at once, sees, and when it was given it. */
function observe(): { delivery: Delivery; handled: string[]; given: JSONRPCMessage[]; errors: Error[] } {
  const handled: string[] = [];
  const given: JSONRPCMessage[] = [];
  const errors: Error[] = [];
  const delivery = new Delivery(
    (message) => {
      given.push(message);
      if ('method' in message) queueMicrotask(() => handled.push(`n${String(message.params?.['n'])}`));
      else handled.push(`r${String(message.id)}`);
    },
    (error) => errors.push(error),
  );
  return { delivery, handled, given, errors };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

it('gives responses at once where no notification precedes them', () => {
  const { delivery, handled } = observe();
  for (const id of [1, 2]) delivery.push(response(id));
  expect(handled).toEqual(['r1', 'r2']);
});

it('lets no response overtake the handling of a notification', async () => {
  const { delivery, handled, given } = observe();
  const all = [note(1), response(1), response(2), note(2), note(3), response(3), note(4)];
  for (const message of all) delivery.push(message);
  await settled();
  expect(given).toEqual(all);
  expect(handled).toEqual(['n1', 'r1', 'r2', 'n2', 'n3', 'r3', 'n4']);
});

it('gives notifications in a row at once', () => {
  const { delivery, given } = observe();
  for (let n = 0; n < 1000; n++) delivery.push(note(n));
  expect(given).toHaveLength(1000);
});

it('keeps the order when more comes while some wait', async () => {
  const { delivery, given } = observe();
  const all = [note(1), response(1)];
  for (const message of all) delivery.push(message);
  await Promise.resolve();
  for (const message of [response(2), note(2), response(3)]) {
    all.push(message);
    delivery.push(message);
  }
  await settled();
  expect(given).toEqual(all);
});

it('gives all that waits when it is flushed', async () => {
  const { delivery, given } = observe();
  const all = [note(1), response(1), note(2), response(2)];
  for (const message of all) delivery.push(message);
  expect(given).toHaveLength(1);
  delivery.flush();
  expect(given).toEqual(all);
  await settled();
  expect(given).toEqual(all);
});

it('reports what the receiver throws and goes on', async () => {
  const errors: Error[] = [];
  const given: JSONRPCMessage[] = [];
  const delivery = new Delivery(
    (message) => {
      given.push(message);
      if (given.length === 1) throw new Error('mine');
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- users do
      throw 'text';
    },
    (error) => errors.push(error),
  );
  for (const message of [note(1), response(1)]) delivery.push(message);
  await settled();
  expect(errors.map(({ message }) => message)).toEqual(['mine', 'onmessage threw text']);
});
