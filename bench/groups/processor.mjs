import { ConcurrentJsonRpcProcessor, JsonRpcMessage } from '../../dist/index.js';

const COUNT = 4_000;
const TOGETHER = 64;
const RESULT = { content: [{ type: 'text', text: 'Echo: hello' }] };

const messages = Array.from({ length: COUNT }, (_, id) => {
  const params = '{"name":"echo","arguments":{"text":"hello"}}';
  return JsonRpcMessage.fromBytes(Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`));
});

async function threeAwaits() {
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  return RESULT;
}

/** 64 at a time through `run`, which gives a promise of the response; each is written as a transport would. */
const inGroups = (run) => async () => {
  let bytes = 0;
  for (let i = 0; i < COUNT; i += TOGETHER) {
    for (const response of await Promise.all(messages.slice(i, i + TOGETHER).map(run))) bytes += response.encode().head.length;
  }
  return bytes;
};

const row = (name, handler, references = []) => ({
  name,
  units: COUNT,
  references,
  ways({ open }) {
    const processor = open({}, handler);
    return {
      'airs-mcp': inGroups((message) => processor.processRequest(message)),
      'no processor': inGroups(async (message) => JsonRpcMessage.response(message, await handler(message))),
    };
  },
});

/** Keeps `backlog` requests waiting until all have run. */
function throughBacklog(processor, backlog) {
  return async () => {
    const running = [];
    for (let next = 0; next < COUNT; next++) {
      running.push(processor.processRequest(messages[next]));
      if (next >= backlog) await running[next - backlog];
    }
    await Promise.all(running);
  };
}

const BACKLOGS = [3_000, 100];

export const group = {
  name: 'processor',
  costly: true,
  title: 'Processor: their calls, bounded',
  about:
    'Requests run through the bounded queue, with deadlines, order and counters, 64 at a time, and their responses are built. ' +
    'Without a processor: the handler is awaited and the response built, nothing else.',
  unit: 'ns/request',
  rows: [
    row('synchronous handler', () => RESULT, [{ name: 'Rust origin', value: 1e3 / 0.73 }]),
    row('three awaits', threeAwaits),
    {
      name: 'backlog of 3,000 against 100',
      ways: ({ open }) =>
        Object.fromEntries(BACKLOGS.map((backlog) => {
          const processor = open({ workerCount: 64, queueCapacity: 4_000 }, async () => RESULT);
          return [`airs-mcp, ${backlog.toLocaleString('en')}`, { pass: throughBacklog(processor, backlog), units: COUNT }];
        })),
    },
  ],
  async open() {
    const all = [];
    const open = (config, handler) => {
      const processor = new ConcurrentJsonRpcProcessor(config, handler);
      all.push(processor);
      void processor.start();
      return processor;
    };
    return { open, close: () => Promise.all(all.map((processor) => processor.shutdown({ drain: false }))) };
  },
};
