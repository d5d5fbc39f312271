import { describe, expect, it } from 'vitest';
import { selectBackend } from '../../src/backend/select.js';
import { findText } from '../support/scan.js';

const backend = selectBackend();
const find = (text: string | Buffer, pointer: string): string | undefined => findText(backend, text, pointer);

describe('find', () => {
  it('follows RFC 6901\'s own examples', () => {
    const text = `{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}`;
    const cases = { '': text, '/foo': '["bar","baz"]', '/foo/0': '"bar"', '/': '0', '/a~1b': '1', '/c%d': '2' };
    const more = { '/e^f': '3', '/g|h': '4', '/i\\j': '5', '/k"l': '6', '/ ': '7', '/m~0n': '8' };
    for (const [pointer, value] of Object.entries({ ...cases, ...more })) {
      expect([pointer, find(text, pointer)]).toEqual([pointer, value]);
    }
  });

  it('gives the value without the white space around it', () => {
    const text = ' \n{ "a" : [ 1 ,\t{ "b" : -1.5e3 } ] }\r\n ';
    expect(find(text, '')).toBe(text.trim());
    expect(find(text, '/a/1')).toBe('{ "b" : -1.5e3 }');
    expect(find(text, '/a/1/b')).toBe('-1.5e3');
    expect(find(text, '/a/0')).toBe('1');
  });

  it.each(['5', '"text"', 'null', '[]', '{}'])('takes %s for the whole text', (text) => {
    expect(find(` ${text} `, '')).toBe(text);
    expect(find(text, '/0')).toBeUndefined();
    expect(find(text, '/')).toBeUndefined();
  });

  it('finds nothing where nothing is', () => {
    const text = '{"a":{"b":[10,20]},"n":null,"s":"ab"}';
    for (const pointer of ['/b', '/a/c', '/a/b/2', '/a/b/-', '/a/b/x', '/a/b/0/0', '/n/x', '/s/0', '/a/', '//', '/A']) {
      expect([pointer, find(text, pointer)]).toEqual([pointer, undefined]);
    }
  });

  it('takes an array index only as RFC 6901 writes it', () => {
    const text = '[10,20,30]';
    expect(find(text, '/1')).toBe('20');
    for (const pointer of ['/01', '/+1', '/-1', '/1.0', '/1e0', '/ 1', '/4294967297', '/18446744073709551617', '/']) {
      expect([pointer, find(text, pointer)]).toEqual([pointer, undefined]);
    }
    expect(find('{"01":1,"1e0":2}', '/01')).toBe('1');
  });

  it('lets the last of duplicate keys win, at every level', () => {
    expect(find('{"a":1,"b":2,"a":3}', '/a')).toBe('3');
    expect(find('{"a":{"b":1},"a":{"b":2,"b":3}}', '/a/b')).toBe('3');
    expect(find('{"a":{"b":1},"a":{"c":2}}', '/a/b')).toBeUndefined();
    expect(find('{"a":{"b":1},"a":5}', '/a/b')).toBeUndefined();
    expect(find('{"a":{"b":1},"\\u0061":{"b":2}}', '/a/b')).toBe('2');
    expect(find('[{"a":1},{"a":2,"a":3},{"a":4}]', '/1/a')).toBe('3');
  });

  it('compares keys as strings, however they are written', () => {
    for (const [key, pointer] of [
      ['\\u0061b', '/ab'],
      ['\\/', '/~1'],
      ['é', '/é'],
      ['\\u00e9', '/é'],
      ['😀', '/😀'],
      ['\\ud83d\\ude00', '/😀'],
      ['\\ud83d', '/\ud83d'],
      ['\\n', '/\n'],
      ['__proto__', '/__proto__'],
      ['~1', '/~01'],
    ] as const) {
      expect([key, find(`{"x":0,"${key}":1,"y":2}`, pointer)]).toEqual([key, '1']);
    }
  });

  it('tells a lone surrogate from what UTF-8 makes of it', () => {
    expect(find('{"\\ud800":1}', '/\ud800')).toBe('1');
    expect(find('{"\ufffd":1}', '/\ud800')).toBeUndefined();
    expect(find('{"\\ud800":1}', '/\ufffd')).toBeUndefined();
    expect(find('{"\\ud800":1}', '/\ud801')).toBeUndefined();
    expect(find('{"\\ud83d":{"\\ude00":1}}', '/\ud83d\ude00')).toBeUndefined();
  });

  it('passes over strings that look like structure', () => {
    const text = '{"x":"}]\\"],{","y":["{\\\\"],"\\"a\\":":0,"a":"\\\\\\""}';
    expect(find(text, '/a')).toBe('"\\\\\\""');
  });

  it.each([100, 127, 128, 129, 5000])('passes over strings of %i bytes, with escapes at any place', (length) => {
    for (let at = 0; at < 150 && at < length; at++) {
      for (const escape of ['\\"', '\\\\', '\\\\\\"', '\\u0022']) {
        const long = `${'x'.repeat(at)}${escape}${'y'.repeat(length - at)}`;
        expect(find(`{"l":["${long}"],"a":7}`, '/a')).toBe('7');
        expect(find(`{"l":"${long}","a":7}`, '/l')).toBe(`"${long}"`);
        expect(find(`{"${long}":7}`, `/${JSON.parse(`"${long}"`)}`)).toBe('7');
      }
    }
  });

  it('finds keys of 1 MB', () => {
    const key = 'k'.repeat(1 << 20);
    expect(find(`{"${key}x":1,"${key}":2}`, `/${key}`)).toBe('2');
    expect(find(`{"\\u006b${key.slice(1)}":2}`, `/${key}`)).toBe('2');
  });

  it('follows a pointer of 100,000 tokens in one pass', () => {
    const depth = 100_000;
    expect(find(`${'['.repeat(depth)}7${']'.repeat(depth)}`, '/0'.repeat(depth))).toBe('7');
    expect(find(`${'{"a":'.repeat(depth)}7${'}'.repeat(depth)}`, '/a'.repeat(depth))).toBe('7');
    expect(find(`${'{"a":'.repeat(depth)}7${'}'.repeat(depth)}`, '/a'.repeat(depth + 1))).toBeUndefined();
  });

  it('reads only the range it is given', () => {
    const bytes = Buffer.from('[1] {"a":12} [2]');
    const range = new Int32Array(2);
    expect(backend.find(bytes, 4, 12, '/a', range)).toBe(true);
    expect([...range]).toEqual([9, 11]);
    expect(backend.find(bytes, 4, 11, '/a', range)).toBe(false);
    expect(backend.find(bytes, 9, 10, '', range)).toBe(true);
    expect([...range]).toEqual([9, 10]);
    expect(backend.find(bytes, 3, 3, '', range)).toBe(false);
    for (const text of ['[12]', '[1e5]', '[true]', '["\\u0041"]', '[{"a":[1]}]', `["${'x'.repeat(200)}"]`]) {
      const full = Buffer.from(`{"k":${text}}`);
      for (let end = 0; end <= full.length; end++) {
        const expected = findText(backend, full.subarray(0, end), '/k/0');
        const found = backend.find(full, 0, end, '/k/0', range) ? full.toString('utf8', range[0], range[1]) : undefined;
        expect([end, found]).toEqual([end, expected]);
        expect(found !== undefined).toBe(end === full.length);
      }
    }
  });

  it('passes long containers of any contents, before what is looked for and behind it', () => {
    const item = { text: 'a "quoted" \\ [line] of {text}\n', list: [[1, [2]], {}, []], '}': ']', path: 'C:\\', empty: '' };
    for (const length of [0, 1, 63, 64, 16_000, 16_384, 16_400, 40_000]) {
      for (let shift = 0; shift < 64; shift += 7) {
        const long = [' '.repeat(shift), ...Array.from({ length: Math.ceil(length / 150) }, () => item), 'x'.repeat(length % 150), '"'.repeat(length)];
        const value = { first: [long, { deep: long }, 5], name: 'first', long, other: { long: [long] }, last: { name: { of: 'last' } } };
        const text = JSON.stringify(value);
        expect(find(text, '/name')).toBe('"first"');
        expect(find(text, '/last/name/of')).toBe('"last"');
        expect(find(text, '/first/2')).toBe('5');
        expect(find(text, '/first/3')).toBeUndefined();
        expect(find(text, '/first/1/deep/1')).toBe(JSON.stringify(long[1]));
        expect(find(text, '/other')).toBe(JSON.stringify(value.other));
        expect(find(`[${text},1]`, '/0/first/0')).toBe(JSON.stringify(long));
        expect(find(`${text.slice(0, -1)},"name":2}`, '/name')).toBe('2');
        expect(find(text.slice(0, -1), '/name')).toBeUndefined();
      }
    }
  });

  it('goes on behind an array once it is past the element, and to a later one of the same name', () => {
    const rows = JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, tags: ['a]', 'b['] })));
    expect(find(`{"a":${rows},"b":1}`, '/a/3/id')).toBe('3');
    expect(find(`{"a":${rows},"a":[0,1,2,{"id":-3}]}`, '/a/3/id')).toBe('-3');
    expect(find(`{"a":${rows},"a":[0,1,2]}`, '/a/3/id')).toBeUndefined();
    expect(find(`{"a":${rows},"b":1}`, '/a/x')).toBeUndefined();
    expect(find(`{"a":${rows},"b":1}`, '/b')).toBe('1');
    expect(find(`[${rows},${rows}]`, '/0/499/tags/1')).toBe('"b["');
  });

  it('finds nothing, and throws nothing, where the text is malformed on the way', () => {
    const whole = '{"a":{"b":[1,"x\\u0041",{"c":2}]},"d":3}';
    for (let cut = 0; cut < whole.length; cut++) {
      expect(find(whole.slice(0, cut), '/a/b/2/c')).toBeUndefined();
      expect(find(whole.slice(0, cut), '')).toBeUndefined();
    }
    for (const text of ['{"\\q":1}', '{"a" 1}', '{a:1}', '{"a":1', '{"a":}', '{"\\u00":1}', '{,"a":1}', ']', '"', '{"a":"']) {
      expect([text, find(text, '/a')]).toEqual([text, undefined]);
    }
  });
});
