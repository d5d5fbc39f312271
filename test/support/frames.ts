import type { BufferManager } from '../../src/buffer/manager.js';
import type { Framer } from '../../src/message/framer.js';
import type { JsonRpcMessage } from '../../src/message/message.js';
import { type StreamingConfig, StreamingParser } from '../../src/message/parser.js';

export const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');
export const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

/** The text of a request whose id is given as JSON text. */
export const requestText = (idText: string, method = 'ping', params?: string): string =>
  `{"jsonrpc":"2.0","id":${idText},"method":"${method}"${params === undefined ? '' : `,"params":${params}`}}`;

export const resultText = (idText: string, result: string): string => `{"jsonrpc":"2.0","id":${idText},"result":${result}}`;

/** A frame behind LSP's header. */
export const withHeader = (body: string | Uint8Array, extra = ''): Buffer => {
  const content = typeof body === 'string' ? bytesOf(body) : body;
  return Buffer.concat([bytesOf(`Content-Length: ${content.length}\r\n${extra}\r\n`), content]);
};

/** What a message says, in a form that is the same wherever its bytes were cut. */
export function gist(message: JsonRpcMessage): string {
  const { kind, idText } = message;
  if (kind === 'invalid') return `invalid ${idText ?? '-'} ${message.failure?.code}`;
  const payload = message.params ?? message.result ?? message.error;
  return `${kind} ${idText ?? '-'} ${message.method ?? '-'} ${JSON.stringify(payload) ?? '-'}`;
}

/** The gists of `messages`, which are released. */
export function gists(messages: Iterable<JsonRpcMessage>): string[] {
  return Array.from(messages, (message) => {
    const said = gist(message);
    message.release();
    return said;
  });
}

/** `input` cut at the given offsets. */
export function cutAt(input: Uint8Array, ...offsets: number[]): Uint8Array[] {
  const bounds = [0, ...offsets, input.length];
  return bounds.slice(1).map((end, i) => input.subarray(bounds[i], end));
}

/** Pieces of `size` bytes. */
export function* pieces(input: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < input.length; at += size) yield input.subarray(at, at + size);
}

/** What a parser makes of the pieces of an input, to its end. */
export function parsed(chunks: Iterable<Uint8Array>, config: Partial<StreamingConfig> = {}): string[] {
  const parser = new StreamingParser(config);
  const said: string[] = [];
  for (const chunk of chunks) said.push(...gists(parser.parseMultipleFromBytes(chunk)));
  said.push(...gists(parser.end()));
  return said;
}

/** Gives a framer a chunk and takes what it completes. */
export function feed(framer: Framer, chunk: Uint8Array): JsonRpcMessage[] {
  const messages: JsonRpcMessage[] = [];
  for (let from = 0; from < chunk.length; ) {
    from += framer.push(chunk, from);
    take(framer, messages);
  }
  return messages;
}

/** All messages that a framer has ready. */
export function take(framer: Framer, into: JsonRpcMessage[] = []): JsonRpcMessage[] {
  for (let message = framer.next(); message !== null; message = framer.next()) into.push(message);
  return into;
}

/** The end of a framer's input. */
export function finish(framer: Framer): JsonRpcMessage[] {
  framer.end();
  const messages = take(framer);
  framer.close();
  return messages;
}

/** Slabs that are out: nothing is, once all messages are released and all framers closed. */
export function lent(manager: BufferManager): number {
  const { read, write, oneOffs } = manager.metrics();
  return read.lent + write.lent + oneOffs.lent;
}
