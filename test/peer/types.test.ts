import { describe, expectTypeOf, it } from 'vitest';
import { type RawJson, rawJson } from '../../src/message/json.js';
import type { JsonRpcMessage } from '../../src/message/message.js';
import type { RequestContext } from '../../src/peer/context.js';
import type { BatchCall, Handler, Handlers, ParamsOf, ResultOf } from '../../src/peer/methods.js';
import { JsonRpcPeer, type PeerOptions } from '../../src/peer/peer.js';
import { type ConnectOptions, type ServeOptions, connectStdio, serveStdio } from '../../src/peer/serve.js';
import type { RequestOptions } from '../../src/correlation/options.js';
import type { Transport } from '../../src/transport/contract.js';
import { createMemoryTransportPair } from '../../src/transport/memory.js';

interface Tool {
  name: string;
}

interface ServerMethods {
  'tools/list': { params?: { cursor?: string }; result: { tools: Tool[] } };
  'tools/call': { params: { name: string; arguments?: object }; result: { content: string[] } };
  ping: { result: object };
  maybe: { params: number[] | undefined; result: string | undefined };
  'notifications/initialized': { params?: undefined };
  log: { params: { text: string } };
}

interface ClientMethods {
  'roots/list': { result: string[] };
}

const [left] = createMemoryTransportPair();
const client = new JsonRpcPeer<ServerMethods, ClientMethods>(left);
const plain = new JsonRpcPeer(left);

/** Checked by the compiler; what would run is never called. */
const never = (_code: () => unknown): void => undefined;

describe('the types of calls', () => {
  it('follow the map', () => {
    expectTypeOf<ParamsOf<ServerMethods, 'tools/list'>>().toEqualTypeOf<{ cursor?: string } | undefined>();
    expectTypeOf<ParamsOf<ServerMethods, 'tools/call'>>().toEqualTypeOf<{ name: string; arguments?: object }>();
    expectTypeOf<ParamsOf<ServerMethods, 'ping'>>().toEqualTypeOf<undefined>();
    expectTypeOf<ResultOf<ServerMethods, 'ping'>>().toEqualTypeOf<object>();
    expectTypeOf<ResultOf<ServerMethods, 'log'>>().toEqualTypeOf<undefined>();
    never(() => {
      expectTypeOf(client.request('tools/list')).toEqualTypeOf<Promise<{ tools: Tool[] }>>();
      expectTypeOf(client.request('tools/list', { cursor: 'c' }, { timeout: 5 })).toEqualTypeOf<Promise<{ tools: Tool[] }>>();
      expectTypeOf(client.request('tools/call', { name: 'n' })).toEqualTypeOf<Promise<{ content: string[] }>>();
      expectTypeOf(client.request('tools/call', rawJson(Buffer.from('{}')))).toEqualTypeOf<Promise<{ content: string[] }>>();
      expectTypeOf(client.request('ping')).toEqualTypeOf<Promise<object>>();
      expectTypeOf(client.request('maybe')).toEqualTypeOf<Promise<string | undefined>>();
      expectTypeOf(client.request('tools/call', { name: 'n' }, { raw: true })).toEqualTypeOf<Promise<JsonRpcMessage>>();
      expectTypeOf(client.request('ping', undefined, { raw: true })).toEqualTypeOf<Promise<JsonRpcMessage>>();
      expectTypeOf(client.notify('notifications/initialized')).toEqualTypeOf<Promise<void>>();
      expectTypeOf(client.notify('log', { text: 't' })).toEqualTypeOf<Promise<void>>();
    });
  });

  it('refuse what the map does not have', () => {
    never(() => [
      // @ts-expect-error no such method
      client.request('tools/lst'),
      // @ts-expect-error params are missing
      client.request('tools/call'),
      // @ts-expect-error a name is a string
      client.request('tools/call', { name: 5 }),
      // @ts-expect-error no such member
      client.request('tools/call', { name: 'n', args: {} }),
      // @ts-expect-error params are missing
      client.request('tools/call', undefined, { raw: true }),
      // @ts-expect-error it takes none
      client.request('ping', { a: 1 }),
      // @ts-expect-error no such option
      client.request('ping', undefined, { timeoutMs: 5 }),
      // @ts-expect-error no such method of the server's
      client.request('roots/list'),
      // @ts-expect-error params are missing
      client.notify('log'),
      // @ts-expect-error text is a string
      client.notify('log', { text: 5 }),
      // @ts-expect-error the result is an object
      client.request('ping').then((result: string) => result),
    ]);
  });

  it('without a map are open', () => {
    never(() => {
      expectTypeOf(plain.request('anything', { at: 'all' })).toEqualTypeOf<Promise<unknown>>();
      expectTypeOf(plain.request('anything')).toEqualTypeOf<Promise<unknown>>();
      expectTypeOf(plain.request('anything', [], { raw: true })).toEqualTypeOf<Promise<JsonRpcMessage>>();
      expectTypeOf(plain.notify('anything', [1])).toEqualTypeOf<Promise<void>>();
      expectTypeOf(plain.request).parameter(0).toEqualTypeOf<string>();
      const options: RequestOptions = { raw: false };
      expectTypeOf(plain.request('anything', {}, options)).toEqualTypeOf<Promise<unknown>>();
    });
  });

  it('of a batch follow the map, one by one', () => {
    never(() => {
      const [tools, called, logged] = client.batch([
        { method: 'tools/list' },
        { method: 'tools/call', params: { name: 'n' } },
        { method: 'log', params: { text: 't' }, notification: true },
      ]);
      expectTypeOf(tools).toEqualTypeOf<Promise<{ tools: Tool[] }>>();
      expectTypeOf(called).toEqualTypeOf<Promise<{ content: string[] }>>();
      expectTypeOf(logged).toEqualTypeOf<Promise<void>>();
      const calls: BatchCall<ServerMethods>[] = [{ method: 'ping' }];
      expectTypeOf(client.batch(calls)).items.toExtend<Promise<unknown>>();
      expectTypeOf(plain.batch([{ method: 'a', params: [1] }])).toEqualTypeOf<[Promise<unknown>]>();
      return [
        // @ts-expect-error params are missing
        client.batch([{ method: 'tools/call' }]),
        // @ts-expect-error no such method
        client.batch([{ method: 'tools/lst' }]),
        // @ts-expect-error text is a string
        client.batch([{ method: 'log', params: { text: 5 }, notification: true }]),
      ];
    });
  });
});

describe('the types of handlers', () => {
  it('follow the map: sync or async, values or JSON text', () => {
    const handlers: Handlers<ServerMethods> = {
      'tools/list': ({ params }) => {
        expectTypeOf(params).toEqualTypeOf<{ cursor?: string } | undefined>();
        return { tools: [] };
      },
      'tools/call': async (request) => {
        expectTypeOf(request).toEqualTypeOf<RequestContext<{ name: string; arguments?: object }>>();
        return { content: [request.params.name] };
      },
      ping: () => rawJson(Buffer.from('{}')),
      maybe: () => undefined,
      'notifications/initialized': () => {
        // It gives nothing.
      },
      log: async () => {
        // Nor does this.
      },
    };
    expectTypeOf(handlers).toExtend<Handlers<ServerMethods>>();
    expectTypeOf<Handler>().toEqualTypeOf<(request: RequestContext) => unknown>();
    expectTypeOf<Handler<number[], string>>().toEqualTypeOf<(request: RequestContext<number[]>) => string | RawJson | Promise<string | RawJson>>();
  });

  it('refuse what the map does not have', () => {
    never((): Handlers<ServerMethods>[] => [
      // @ts-expect-error no such method
      { 'tools/lst': () => ({ tools: [] }) },
      // @ts-expect-error tools are missing
      { 'tools/list': () => ({}) },
      // @ts-expect-error content is an array, also in a promise
      { 'tools/call': async () => ({ content: 'text' }) },
      // @ts-expect-error a result is due
      { ping: () => undefined },
      // @ts-expect-error params have no such member
      { 'tools/call': ({ params }) => ({ content: [params.title] }) },
    ]);
  });

  it('are checked where a peer is made', () => {
    never(() => [
      new JsonRpcPeer<ServerMethods, ClientMethods>(left, { handlers: { 'roots/list': () => ['a'] } }),
      // @ts-expect-error roots are strings
      new JsonRpcPeer<ServerMethods, ClientMethods>(left, { handlers: { 'roots/list': () => [1] } }),
      // @ts-expect-error not a method of the client's
      new JsonRpcPeer<ServerMethods, ClientMethods>(left, { handlers: { ping: () => ({}) } }),
      // Without a map, any.
      new JsonRpcPeer(left, { handlers: { any: () => 1, other: async ({ params }) => params, nothing: () => undefined } }),
      serveStdio({ any: () => 1, other: async ({ params }) => params }),
      serveStdio<ServerMethods, ClientMethods>({ ping: () => ({}) }).then((peer) => peer.request('roots/list')),
      // @ts-expect-error no such method
      serveStdio<ServerMethods>({ png: () => ({}) }),
      connectStdio<ServerMethods, ClientMethods>('node', [], { handlers: { 'roots/list': () => ['a'] } }).then((peer) => peer.request('ping')),
      // @ts-expect-error roots are strings
      connectStdio<ServerMethods, ClientMethods>('node', [], { handlers: { 'roots/list': () => [1] } }),
    ]);
    expectTypeOf(serveStdio<ServerMethods, ClientMethods>).returns.toEqualTypeOf<Promise<JsonRpcPeer<ClientMethods, ServerMethods>>>();
    expectTypeOf(connectStdio<ServerMethods, ClientMethods>).returns.toEqualTypeOf<Promise<JsonRpcPeer<ServerMethods, ClientMethods>>>();
  });
});

describe('the types of options', () => {
  it('are these', () => {
    expectTypeOf<keyof PeerOptions>().toEqualTypeOf<
      'handlers' | 'fallback' | 'correlation' | 'processor' | 'protocol' | 'onEndOfInput' | 'instrumentation'
    >();
    expectTypeOf<keyof ServeOptions>().toEqualTypeOf<Exclude<keyof PeerOptions, 'handlers'> | 'transport'>();
    expectTypeOf<keyof ConnectOptions>().toEqualTypeOf<keyof PeerOptions | 'transport'>();
    expectTypeOf<JsonRpcPeer['transport']>().toEqualTypeOf<Transport>();
    expectTypeOf<JsonRpcPeer['close']>().parameter(0).toEqualTypeOf<{ drain?: boolean | undefined } | undefined>();
    expectTypeOf<keyof JsonRpcPeer>().toEqualTypeOf<
      'onerror' | 'onclose' | 'correlation' | 'processor' | 'transport' | 'start' | 'request' | 'notify' | 'batch' | 'close'
    >();
    expectTypeOf<keyof RequestContext>().toEqualTypeOf<'message' | 'id' | 'method' | 'params' | 'rawParams' | 'at' | 'signal' | 'progress'>();
  });
});
