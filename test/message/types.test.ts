import type { Transform } from 'node:stream';
import type { TransformStream } from 'node:stream/web';
import { describe, expectTypeOf, it } from 'vitest';
import type { AirsMcpError, AirsMcpErrorCode } from '../../src/base/errors.js';
import type { MessageKind, RequestId, WireErrorObject, WireMessage } from '../../src/base/wire.js';
import type { PooledBuffer } from '../../src/buffer/pooled.js';
import { type RawJson, rawJson } from '../../src/message/json.js';
import { type BatchInfo, JsonRpcMessage } from '../../src/message/message.js';
import type { ParserBufferStats, StreamingConfig, StreamingParser } from '../../src/message/parser.js';

/** Checked by the compiler; at run time these do nothing. */
describe('the types of messages', () => {
  it('of what builds one', () => {
    expectTypeOf(JsonRpcMessage.request).parameters.toEqualTypeOf<[id: RequestId, method: string, params?: unknown]>();
    expectTypeOf(JsonRpcMessage.notification).parameters.toEqualTypeOf<[method: string, params?: unknown]>();
    expectTypeOf(JsonRpcMessage.response).parameters.toEqualTypeOf<[id: RequestId | JsonRpcMessage, result: unknown]>();
    expectTypeOf(JsonRpcMessage.error).parameters.toEqualTypeOf<[id: RequestId | JsonRpcMessage, error: WireErrorObject]>();
    expectTypeOf(JsonRpcMessage.fromObject).parameters.toEqualTypeOf<[message: WireMessage]>();
    expectTypeOf(JsonRpcMessage.fromBytes).parameters.toEqualTypeOf<[bytes: Uint8Array]>();
    expectTypeOf(JsonRpcMessage.fromBytes).returns.toEqualTypeOf<JsonRpcMessage>();
    expectTypeOf(rawJson).toEqualTypeOf<(bytes: Uint8Array) => RawJson>();
    // @ts-expect-error a message is made by its factories only
    expectTypeOf((): unknown => new JsonRpcMessage('request', undefined, null)).toBeFunction();
    // @ts-expect-error no id of JSON-RPC is a boolean
    expectTypeOf((): unknown => JsonRpcMessage.request(true, 'm')).toBeFunction();
    // @ts-expect-error an error has a code
    expectTypeOf((): unknown => JsonRpcMessage.error(1, { message: 'x' })).toBeFunction();
  });

  it('of what is read from one', () => {
    expectTypeOf<JsonRpcMessage['kind']>().toEqualTypeOf<MessageKind>();
    expectTypeOf<MessageKind>().toEqualTypeOf<'request' | 'notification' | 'response' | 'error' | 'invalid'>();
    expectTypeOf<JsonRpcMessage['id']>().toEqualTypeOf<string | number | null | undefined>();
    expectTypeOf<JsonRpcMessage['idText']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<JsonRpcMessage['method']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<JsonRpcMessage['params']>().toEqualTypeOf<unknown>();
    expectTypeOf<JsonRpcMessage['result']>().toEqualTypeOf<unknown>();
    expectTypeOf<JsonRpcMessage['error']>().toEqualTypeOf<WireErrorObject | undefined>();
    expectTypeOf<JsonRpcMessage['failure']>().toEqualTypeOf<AirsMcpError | undefined>();
    expectTypeOf<AirsMcpError['code']>().toEqualTypeOf<AirsMcpErrorCode>();
    expectTypeOf<JsonRpcMessage['intent']>().toEqualTypeOf<'call' | 'answer' | undefined>();
    expectTypeOf<JsonRpcMessage['batch']>().toEqualTypeOf<BatchInfo | undefined>();
    expectTypeOf<JsonRpcMessage['byteLength']>().toBeNumber();
    expectTypeOf<JsonRpcMessage['rawParams']>().toEqualTypeOf<Uint8Array | undefined>();
    expectTypeOf<JsonRpcMessage['rawResult']>().toEqualTypeOf<Uint8Array | undefined>();
    expectTypeOf<JsonRpcMessage['at']>().toEqualTypeOf<(pointer: string) => unknown>();
    expectTypeOf<JsonRpcMessage['withId']>().toEqualTypeOf<(id: RequestId) => Uint8Array[]>();
    expectTypeOf<JsonRpcMessage['toBytes']>().toEqualTypeOf<() => Uint8Array>();
    expectTypeOf<JsonRpcMessage['toJSON']>().toEqualTypeOf<() => object>();
    expectTypeOf<JsonRpcMessage['serializeToBuffer']>().toEqualTypeOf<(buffer: PooledBuffer) => number>();
    expectTypeOf<JsonRpcMessage>().toExtend<Disposable>();
    expectTypeOf<JsonRpcMessage['retain']>().returns.toExtend<JsonRpcMessage>();
    // @ts-expect-error what was received is not assigned to
    expectTypeOf((message: JsonRpcMessage): void => { message.id = 1; }).toBeFunction();
  });

  it('of the parser', () => {
    expectTypeOf<ConstructorParameters<typeof StreamingParser>>().toEqualTypeOf<[config?: Partial<StreamingConfig> | undefined]>();
    expectTypeOf<StreamingConfig>().toEqualTypeOf<{
      maxMessageSize: number; readBufferSize: number; strictValidation: boolean; framing: 'newline' | 'content-length';
    }>();
    expectTypeOf<StreamingParser['parseFromBytes']>().toEqualTypeOf<(chunk: Uint8Array) => JsonRpcMessage | null>();
    expectTypeOf<StreamingParser['parseMultipleFromBytes']>().toEqualTypeOf<(chunk: Uint8Array) => JsonRpcMessage[]>();
    expectTypeOf<StreamingParser['end']>().toEqualTypeOf<() => JsonRpcMessage[]>();
    expectTypeOf<StreamingParser['parse']>().parameter(0).toEqualTypeOf<AsyncIterable<Uint8Array>>();
    expectTypeOf<StreamingParser['parse']>().returns.toExtend<AsyncIterable<JsonRpcMessage>>();
    expectTypeOf<StreamingParser['toTransform']>().returns.toEqualTypeOf<Transform>();
    expectTypeOf<StreamingParser['toTransformStream']>().returns.toEqualTypeOf<TransformStream<Uint8Array, JsonRpcMessage>>();
    expectTypeOf<StreamingParser['bufferStats']>().returns.toEqualTypeOf<ParserBufferStats>();
    expectTypeOf<ParserBufferStats>().toEqualTypeOf<{ capacity: number; used: number; maxSize: number; utilization: number }>();
  });
});
