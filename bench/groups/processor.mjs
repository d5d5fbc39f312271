import { ConcurrentJsonRpcProcessor, JsonRpcMessage } from '../../dist/index.js';
import { floodRows } from '../lib/flood.mjs';
import { expect } from '../lib/ways.mjs';

const COUNT = 20_000;
/** For rows that measure a request and not how many wait. */
const FEW = 4_000;
const TOGETHER = 64;
const RESULT = { content: [{ type: 'text', text: 'Echo: hello' }] };
const THREAD_HANDLER = new URL('../lib/computing.mjs', import.meta.url);
const COMPUTED = 60;

const messages = Array.from({ length: COUNT }, (_, id) => {
  const params = '{"name":"echo","arguments":{"text":"hello"}}';
  return JsonRpcMessage.fromBytes(Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`));
});
const few = messages.slice(0, FEW);

async function threeAwaits() {
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  return RESULT;
}

/** 64 at a time through `run`, which gives a promise of the response; each is written as a transport would. */
const inGroups = (run) => async () => {
  let bytes = 0;
  for (let i = 0; i < FEW; i += TOGETHER) {
    for (const response of await Promise.all(few.slice(i, i + TOGETHER).map(run))) bytes += response.encode().head.length;
  }
  return bytes;
};

const row = (name, handler, references = []) => ({
  name,
  units: FEW,
  references,
  ways({ open }) {
    const processor = open({}, handler);
    return {
      'airs-mcp': inGroups((message) => processor.processRequest(message)),
      'no processor': inGroups(async (message) => JsonRpcMessage.response(message, await handler(message))),
    };
  },
});

/** As the peer hands requests in: no promise is made for them. */
function submitted(processor) {
  let bytes = 0;
  const sink = {
    answer: (response) => (bytes += response.encode().head.length),
    refuse(error) {
      throw error;
    },
  };
  return () => {
    for (const message of few) processor.submit(message, sink);
    return bytes;
  };
}

/** Keeps `backlog` requests waiting until all have run: each answer lets the next in. */
function throughBacklog(processor, backlog) {
  return () => new Promise((done, fail) => {
    let next = 0;
    let answered = 0;
    const feed = {
      answer() {
        if (++answered === COUNT) done();
        else if (next < COUNT) processor.submit(messages[next++], feed, undefined, true);
      },
      refuse: fail,
    };
    while (next < backlog + TOGETHER) processor.submit(messages[next++], feed);
  });
}

/** Runs handlers that compute; gives nanoseconds per request, or those by which a turn of the event loop came late at most. */
function computing(run, value) {
  return {
    cold: true,
    async sample() {
      let late = 0;
      let last = performance.now();
      const watch = setInterval(() => {
        late = Math.max(late, performance.now() - last - 1);
        last = performance.now();
      }, 1);
      const began = performance.now();
      const answers = await Promise.all(few.slice(0, COMPUTED).map(run));
      const taken = performance.now() - began;
      // The turn that is due now would have been late as well.
      late = Math.max(late, performance.now() - last - 1);
      clearInterval(watch);
      expect(answers.filter(({ kind }) => kind === 'response').length, COMPUTED);
      return (value === 'late' ? late : taken / COMPUTED) * 1e6;
    },
  };
}

async function threads({ openThreads }, count, value) {
  const processor = await openThreads(count);
  return computing((message) => processor.processRequest(message), value);
}

const BACKLOGS = [10_000, 100];

export const group = {
  name: 'processor',
  costly: true,
  title: 'Processor: their calls, bounded',
  about:
    'Requests run through the bounded queue, with deadlines, order and counters, 64 at a time, and their responses are built. ' +
    'Without a processor: the handler is awaited and the response built, nothing else. A flood is 100,000 requests against a queue of ' +
    '100 and 8 handlers that take a turn of the event loop each: all are answered or refused. A computing handler takes some milliseconds.',
  unit: 'ns/request',
  rows: [
    row('synchronous handler', () => RESULT, [{ name: 'Rust origin', value: 1e3 / 0.73 }]),
    row('three awaits', threeAwaits),
    {
      name: 'synchronous handler, no promise',
      units: FEW,
      ways({ open }) {
        const build = () => {
          for (const message of few) JsonRpcMessage.response(message, RESULT).encode();
        };
        return { 'airs-mcp': submitted(open({}, () => RESULT)), 'no processor': build };
      },
    },
    {
      name: 'backlog of 10,000 against 100',
      units: COUNT,
      ways: ({ open }) =>
        Object.fromEntries(BACKLOGS.map((backlog) => {
          const processor = open({ workerCount: TOGETHER, queueCapacity: backlog }, async () => RESULT);
          return [`airs-mcp, ${backlog.toLocaleString('en')}`, throughBacklog(processor, backlog)];
        })),
    },
    ...floodRows(few),
    {
      name: 'computing handler, two threads',
      rounds: 5,
      ways: async (shared) => ({ 'airs-mcp, two threads': await threads(shared, 2), 'airs-mcp, one thread': await threads(shared, 1) }),
    },
    {
      name: 'computing handler: event loop late by at most',
      slow: true,
      unit: 'ns',
      rounds: 5,
      async ways(shared) {
        const { default: compute } = await import(THREAD_HANDLER.href);
        const onLoop = shared.open({}, compute);
        return {
          'airs-mcp, two threads': await threads(shared, 2, 'late'),
          'airs-mcp, on the loop': computing((message) => onLoop.processRequest(message), 'late'),
        };
      },
    },
  ],
  async open() {
    const all = [];
    const open = (config, handler) => {
      const processor = new ConcurrentJsonRpcProcessor(config, handler);
      all.push(processor);
      processor.started = processor.start();
      return processor;
    };
    const openThreads = async (workerCount) => {
      const processor = open({ workerCount, workerModule: THREAD_HANDLER });
      await processor.started;
      return processor;
    };
    return { open, openThreads, close: () => Promise.all(all.map((processor) => processor.shutdown({ drain: false }))) };
  },
};
