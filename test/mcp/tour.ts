/** A tour of all that server-everything offers over stdio, as a record that two tours can be compared by. */

import { Client as Client2 } from '@modelcontextprotocol/client';
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { until } from './support.js';

/** What the tour needs of a client of either generation. */
interface Guest {
  connect(transport: Transport): Promise<void>;
  request(method: string, params?: object, options?: object): Promise<object>;
  notify(method: string): Promise<void>;
  close(): Promise<void>;
  /** Methods of the notifications that came, in order. */
  readonly heard: string[];
  /** Runs a tool as a task; gives the kinds of messages and the result. */
  task?(name: string, args: object): Promise<unknown>;
}

const INFO = { name: 'tour', version: '1' };
const SAMPLE = { role: 'assistant', content: { type: 'text', text: 'sampled é😀' }, model: 'm', stopReason: 'endTurn' } as const;
const ROOTS = { roots: [{ uri: 'file:///tour', name: 'tour' }] };

function elicited(params: { mode?: string | undefined; requestedSchema?: unknown }): {
  action: 'accept';
  content?: Record<string, string>;
} {
  if (params.mode === 'url') return { action: 'accept' };
  const asked = Object.keys((params.requestedSchema as { properties: object }).properties);
  return {
    action: 'accept',
    content: asked.includes('interpretation') ? { interpretation: 'technical' } : { name: 'Ada', birthdate: '1815-12-10' },
  };
}

export function guest1(): Guest {
  const tasks = { list: {}, cancel: {}, requests: { sampling: { createMessage: {} }, elicitation: { create: {} } } };
  const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true }, tasks };
  const client = new Client1(INFO, { capabilities, taskStore: new InMemoryTaskStore() });
  const heard: string[] = [];
  client.setRequestHandler(CreateMessageRequestSchema, async ({ params }, { taskStore }) => {
    if (params.task === undefined || taskStore === undefined) return SAMPLE;
    const task = await taskStore.createTask(params.task as { ttl?: number });
    await taskStore.storeTaskResult(task.taskId, 'completed', SAMPLE);
    return { task };
  });
  client.setRequestHandler(ElicitRequestSchema, async ({ params }, { taskStore }) => {
    const answer = elicited(params);
    if (params.task === undefined || taskStore === undefined) return answer;
    const task = await taskStore.createTask(params.task as { ttl?: number });
    await taskStore.storeTaskResult(task.taskId, 'completed', answer);
    return { task };
  });
  client.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
  client.fallbackNotificationHandler = ({ method }) => Promise.resolve(void heard.push(method));
  return {
    heard,
    connect: (transport) => client.connect(transport),
    request: (method, params, options) => client.request({ method, params } as never, anything as never, options),
    notify: (method) => client.notification({ method }),
    close: () => client.close(),
    async task(name, args) {
      const kinds = new Set<string>();
      let result: unknown;
      const stream = client.experimental.tasks.callToolStream({ name, arguments: { ...args } }, CallToolResultSchema, {
        task: { ttl: 60_000 },
      });
      for await (const message of stream) {
        kinds.add(message.type);
        if (message.type === 'result') ({ result } = message);
        if (message.type === 'error') result = message.error.message;
      }
      return { kinds: [...kinds], result };
    },
  };
}

export function guest2(): Guest {
  const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };
  const client = new Client2(INFO, { capabilities });
  const heard: string[] = [];
  client.setRequestHandler('sampling/createMessage', () => SAMPLE);
  client.setRequestHandler('elicitation/create', ({ params }) => elicited(params));
  client.setRequestHandler('roots/list', () => ROOTS);
  client.fallbackNotificationHandler = ({ method }) => Promise.resolve(void heard.push(method));
  return {
    heard,
    connect: (transport) => client.connect(transport),
    request: (method, params, options) => client.request({ method, params } as never, options),
    notify: (method) => client.notification({ method }),
    close: () => client.close(),
  };
}

/** Takes any result as it is. */
const anything = { parse: (value: unknown) => value, safeParse: (data: unknown) => ({ success: true, data }), _zod: undefined };

const LATER: readonly [string, object][] = [
  ['resources/read', { uri: 'demo://resource/dynamic/text/1' }],
  ['resources/read', { uri: 'demo://resource/dynamic/blob/2' }],
  ['resources/read', { uri: 'demo://resource/static/document/architecture.md' }],
  ['resources/read', { uri: 'demo://no/such/resource' }],
  ['prompts/get', { name: 'simple-prompt' }],
  ['prompts/get', { name: 'args-prompt', arguments: { city: 'Zürich', state: 'ZH' } }],
  ['prompts/get', { name: 'completable-prompt', arguments: { department: 'Sales', name: 'Eve' } }],
  ['prompts/get', { name: 'resource-prompt', arguments: { resourceType: 'Text', resourceId: '3' } }],
  [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'completable-prompt' }, argument: { name: 'department', value: 'S' } },
  ],
  [
    'completion/complete',
    {
      ref: { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' },
      argument: { name: 'resourceId', value: '4' },
    },
  ],
  ['logging/setLevel', { level: 'debug' }],
  ['resources/subscribe', { uri: 'demo://resource/dynamic/text/1' }],
];

const TOOLS: readonly [string, object][] = [
  ['echo', { message: 'é😀\u2028 "quoted" \\ \n' }],
  ['get-annotated-message', { messageType: 'error', includeImage: true }],
  ['get-env', {}],
  ['get-resource-links', { count: 3 }],
  ['get-resource-reference', { resourceType: 'Blob', resourceId: 5 }],
  ['get-structured-content', { location: 'Chicago' }],
  ['get-sum', { a: 2, b: 40 }],
  ['get-sum', { a: 'no number' }],
  ['get-tiny-image', {}],
  ['gzip-file-as-resource', { name: 'a.gz', data: 'data:text/plain,hello', outputType: 'resource' }],
  ['no-such-tool', {}],
  ['simulate-research-query', { topic: 'without a task' }],
  ['trigger-sampling-request', { prompt: 'p', maxTokens: 5 }],
  ['trigger-elicitation-request', {}],
  ['trigger-url-elicitation', { url: 'https://example.com/', elicitationId: 'e1' }],
  ['trigger-url-elicitation', { url: 'https://example.com/', elicitationId: 'e2', errorPath: true }],
];

/** Connects, sees everything, closes. The record holds nothing that differs between two runs of the same. */
export async function tour(guest: Guest, transport: Transport): Promise<Record<string, unknown>> {
  const record: Record<string, unknown> = {};
  const used = new Set<string>();
  const see = async (key: string, doing: Promise<unknown>): Promise<void> => {
    record[key] = timeless(
      await doing.catch((error: unknown) => ({ failed: (error as Error).message, code: (error as { code?: unknown }).code })),
    );
  };
  const call = (name: string, args: object, options?: object): Promise<object> =>
    (used.add(name), guest.request('tools/call', { name, arguments: args }, options));
  await guest.connect(transport);
  // The server asks for the roots after its start, and offers what depends on the client by then.
  await until(() => guest.heard.includes('notifications/message'));
  for (const method of ['ping', 'tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'])
    await see(method, guest.request(method));
  const { resources } = (await guest.request('resources/list')) as { resources: { uri: string }[] };
  await Promise.all([
    ...resources.map(({ uri }) => see(`read ${uri}`, guest.request('resources/read', { uri }))),
    ...LATER.map(([method, params], i) => see(`${i} ${method}`, guest.request(method, params))),
    ...TOOLS.map(([name, args], i) => see(`tool ${i} ${name}`, call(name, args))),
  ]);
  await see('roots', call('get-roots-list', {}));
  await see('progress', progress(call));
  await see('cancel', cancel(call));
  await see('notifications', notifications(guest, call));
  if (guest.task !== undefined) {
    await Promise.all([
      see('task', guest.task('simulate-research-query', { topic: 'python', ambiguous: true })),
      see('sampling task', call('trigger-sampling-request-async', { prompt: 'p' })),
      see('elicitation task', call('trigger-elicitation-request-async', {})),
    ]);
  }
  const { tools } = (await guest.request('tools/list')) as { tools: { name: string }[] };
  const { prompts } = (await guest.request('prompts/list')) as { prompts: { name: string }[] };
  const got = LATER.filter(([method]) => method === 'prompts/get').map(([, params]) => (params as { name: string }).name);
  record['not used'] = [...tools.filter(({ name }) => !used.has(name)), ...prompts.filter(({ name }) => !got.includes(name))];
  await guest.close();
  return record;
}

type Call = (name: string, args: object, options?: object) => Promise<object>;

async function progress(call: Call): Promise<object> {
  const seen: unknown[] = [];
  const result = await call(
    'trigger-long-running-operation',
    { duration: 0.1, steps: 5 },
    { onprogress: (update: unknown) => seen.push(update) },
  );
  return { seen, result };
}

async function cancel(call: Call): Promise<object> {
  const abort = new AbortController();
  const calling = call('trigger-long-running-operation', { duration: 600, steps: 1 }, { signal: abort.signal });
  abort.abort('enough');
  const failed = await calling.catch((error: unknown) => String(error));
  return { failed, after: await call('echo', { message: 'alive' }) };
}

/** Turns what the server sends by itself on and off, and gives the kinds that came. */
async function notifications(guest: Guest, call: Call): Promise<object> {
  guest.heard.length = 0;
  for (const tool of ['toggle-simulated-logging', 'toggle-subscriber-updates']) await call(tool, {});
  await until(() => guest.heard.includes('notifications/message') && guest.heard.includes('notifications/resources/updated'));
  for (const tool of ['toggle-simulated-logging', 'toggle-subscriber-updates']) await call(tool, {});
  await guest.request('resources/unsubscribe', { uri: 'demo://resource/dynamic/text/1' });
  guest.heard.length = 0;
  await guest.notify('notifications/roots/list_changed');
  await until(() => guest.heard.length > 0);
  return { afterRootsChanged: guest.heard };
}

/** Without times and random ids. Lines of texts are sorted: SDK 1.x puts members of what it receives in its own order. */
function timeless(value: unknown): unknown {
  const sorted = (text: string): string =>
    text
      .split('\n')
      .map((line) => line.replace(/,$/, ''))
      .sort()
      .join('\n');
  const text = JSON.stringify(value ?? null)
    .replace(/\d{1,2}:\d\d:\d\d( [AP]M)?/g, 'TIME')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replace(/"blob":"[^"]*"/g, '"blob":"BLOB"')
    .replace(/[0-9a-f]{32}|[0-9a-f-]{36}/g, 'ID');
  return JSON.parse(text, (key, member: unknown) => (key === 'text' && typeof member === 'string' ? sorted(member) : member));
}
