import { describe, expect, it } from 'vitest';
import { BufferManager } from '../../src/buffer/manager.js';
import { createFramer } from '../../src/message/framing.js';

/** The frame as an object; undefined where it was refused before. */
function received(text: string | Buffer): object | undefined {
  const manager = new BufferManager();
  const framer = createFramer(manager, { strictValidation: false });
  const bytes = Buffer.concat([Buffer.from(text), Buffer.from('\n')]);
  for (let from = 0; from < bytes.length;) from += framer.push(bytes, from);
  const message = framer.next();
  try {
    return message === null || message.kind === 'invalid' ? undefined : message.toJSON();
  } finally {
    message?.release();
    framer.close();
    manager.close();
  }
}

const LONG = 'x'.repeat(300_000);
const wrap = (content: string): string => `{"jsonrpc":"2.0","id":1,"result":{"content":${content}}}`;

describe('a large message is what JSON.parse makes of it', () => {
  it.each([
    ['one long string', wrap(JSON.stringify([{ type: 'text', text: LONG }]))],
    ['several long strings', wrap(JSON.stringify([{ data: LONG }, { data: `${LONG}y` }, { data: '' }, { text: 'short' }]))],
    ['a long string with escapes', wrap(JSON.stringify(`${LONG}"\\\n${LONG}`))],
    ['escapes of each kind', wrap(`"${LONG}\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20AC\\ud83d\\uDE00${LONG}"`)],
    ['half a surrogate pair', wrap(`["${LONG}\\ud83d","${LONG}\\ude00\\ud83d"]`)],
    ['escapes throughout', wrap(JSON.stringify(JSON.stringify(JSON.stringify(Array.from({ length: 9_000 }, (_, i) => ({ i, name: `row "${i}"` }))))))],
    ['an escaped quote near its end', wrap(`"${LONG}\\\\"`)],
    ['text past ASCII', wrap(JSON.stringify(`${LONG}é😀\u2028`))],
    ['a long key', wrap(`{"${LONG}":1,"b" : "${LONG}"}`)],
    ['a long key with white space behind it', wrap(`{"${LONG}" \t :1}`)],
    ['many small strings', wrap(JSON.stringify(Array.from({ length: 30_000 }, (_, i) => `row ${i}`)))],
    ['many small strings around a long one', wrap(JSON.stringify([...Array.from({ length: 500 }, () => 'a'), LONG]))],
    ['duplicate and odd keys', wrap(`{"a":"${LONG}","a":"${LONG}z","__proto__":{"x":"${LONG}"}}`)],
    ['values that are no strings', wrap(`["${LONG}",1e400,-0,null,true,{}]`)],
    ['white space', `  {"jsonrpc" : "2.0" , "id":1,\t"result":{"a": "${LONG}" } }  `],
  ])('%s', (_name, text) => {
    const object = received(text);
    const expected = JSON.parse(text) as object;
    expect(JSON.stringify(object) === JSON.stringify(expected)).toBe(true);
  });

  it('nested deeper than a reviver can go', () => {
    const depth = 15_000;
    let value = (received(wrap(`${'['.repeat(depth)}"${LONG}"${']'.repeat(depth)}`)) as { result: { content: unknown } }).result
      .content;
    for (let level = 0; level < depth; level++) [value] = value as [unknown];
    expect(value).toBe(LONG);
  });

  it.each(['\\x', '\\u12g4', '\\ud83d\\u', '\\'])('when a long string holds the escape %j, which is none', (escape) => {
    expect(() => received(wrap(`"${LONG}${escape}"`)) ?? raise()).toThrow();
  });

  it('when the message is malformed behind a long string', () => {
    expect(() => received(wrap(`["${LONG}",tru]`)) ?? raise()).toThrow();
    expect(() => received(wrap(`["${LONG}",]`)) ?? raise()).toThrow();
  });

  it.each(['\x00', '\n', '\t', '\x1f'])('when a long string holds the control character %j', (character) => {
    expect(() => received(wrap(`"${LONG}${character}${LONG}"`)) ?? raise()).toThrow();
  });

  it('when a long string holds invalid UTF-8', () => {
    const [head, tail] = wrap('"~"').split('~') as [string, string];
    const text = Buffer.concat([Buffer.from(head + LONG), Buffer.of(0xc3, 0x28), Buffer.from(LONG + tail)]);
    expect(received(text)).toBeUndefined();
  });
});

function raise(): never {
  throw new Error('refused by the scan');
}
