import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { backendInfo } from '../../src/backend/select.js';
import { noteString } from '../../src/base/pressure.js';
import { sendLong } from '../../src/mcp/long.js';
import { StdioTransport } from '../../src/transport/stdio.js';
import { until } from './support.js';

const LONG = 'base64+/'.repeat(10_000);
/** What is encoded at a time (UTF-16 units). */
const PIECE = 192 * 1024;
/** The fallback leaves it all to JSON.stringify. */
const isNative = backendInfo().name === 'native';

/** What is written of a message, and whether it took the way for long strings. */
async function written(message: object): Promise<{ text: string; taken: boolean }> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const transport = new StdioTransport({ input: new PassThrough(), output });
  await transport.start();
  const sent = sendLong(transport, message);
  await (sent ?? transport.send(message as never));
  await transport.close();
  return { text: Buffer.concat(chunks).toString(), taken: sent !== undefined };
}

const answer = (...content: unknown[]): object => ({ jsonrpc: '2.0', id: 1, result: { content, isError: false } });
const text = (value: string): object => ({ type: 'text', text: value, _meta: { after: 1 } });

describe('a message with long strings is written as JSON.stringify writes it', () => {
  it.each<[string, object]>([
    ['one', answer(text(LONG))],
    ['several, among short ones', answer(text(LONG), text('short "é"'), { type: 'image', data: `${LONG}A`, mimeType: 'image/png' })],
    ['past ASCII', answer(text(`${LONG}é😀\u2028`))],
    ['in an embedded resource', answer({ type: 'resource', resource: { uri: 'a:b', blob: LONG } })],
    ['of a resource that is read', { jsonrpc: '2.0', id: 'a', result: { contents: [{ uri: 'a:b', text: LONG }] } }],
    ['in arguments', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'write', arguments: { path: 'a', content: LONG } } }],
    ['with escapes of each kind', answer(text(`${LONG}"\\/\b\f\n\r\t\0\x1f\x7f${LONG}`), text(LONG))],
    ['with escapes throughout', answer(text(JSON.stringify(JSON.stringify(Array.from({ length: 9_000 }, (_, i) => ({ i, name: `row "${i}"\n` }))))))],
    ['of several pieces', answer(text('é"'.repeat(PIECE)))],
    ['with a surrogate pair across two pieces', answer(text(`${'x'.repeat(PIECE - 1)}😀${'y'.repeat(PIECE - 1)}😀`))],
    ['with a surrogate pair at the end of a piece', answer(text(`${'x'.repeat(PIECE - 2)}😀`))],
    ['just as long as counts', answer(text('z'.repeat(16 * 1024)))],
    ['with a member that is undefined', answer({ type: 'text', text: LONG, gone: undefined })],
  ])('%s', async (_name, message) => {
    expect(await written(message)).toEqual({ text: `${JSON.stringify(message)}\n`, taken: isNative });
  });

  it.each<[string, object]>([
    ['a lone surrogate', answer(text(`${LONG}\ud800`))],
    ['a way of its own to be written', answer({ text: LONG, toJSON: () => ({ other: 1 }) })],
    ['a class', answer(new (class { text = LONG; })())],
    ['nothing long', answer(text('short'), text('z'.repeat(16 * 1024 - 1)))],
    ['a long string elsewhere', { jsonrpc: '2.0', id: 1, result: { structuredContent: { a: LONG } } }],
    ['more items than are looked at', answer(...Array.from({ length: 65 }, () => text('')), text(LONG))],
    ['no result at all', { jsonrpc: '2.0', id: 1, error: { code: 1, message: LONG } }],
  ])('and left to it where it has %s', async (_name, message) => {
    expect(await written(message)).toEqual({ text: `${JSON.stringify(message)}\n`, taken: false });
  });
});

it.runIf(isNative)('keeps memory for such strings until they are written, then reuses it', async () => {
  const output = new PassThrough();
  output.resume();
  const transport = new StdioTransport({ input: new PassThrough(), output });
  await transport.start();
  for (let round = 0; round < 5; round++) await sendLong(transport, answer(text(LONG)));
  expect(transport.buffers.metrics().oneOffs).toMatchObject({ allocated: 2, recycled: 8, lent: 0 });
  await transport.close();
});

it('refuses what JSON cannot say with its code, long strings or not, and gives their memory back', async () => {
  const transport = new StdioTransport({ input: new PassThrough(), output: new PassThrough() });
  await transport.start();
  const message = { jsonrpc: '2.0', id: 1, result: { content: [text(LONG)], structuredContent: { n: 1n } } };
  expect(sendLong(transport, message)).toBeUndefined();
  await expect(transport.send(message as never)).rejects.toMatchObject({ code: 'AIRS_MCP_NOT_SERIALISABLE' });
  expect(transport.buffers.metrics().oneOffs.lent).toBe(0);
  await transport.close();
});

it('has dead strings of large messages collected before many gather', async () => {
  let done = false;
  const registry = new FinalizationRegistry(() => (done = true));
  registry.register({}, undefined);
  await until(() => {
    noteString(64 * 1024 * 1024);
    return done;
  });
  expect(registry).toBeDefined(); // it lives until here: a registry that is collected calls nobody
});
