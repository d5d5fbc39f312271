import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectBackend } from '../../src/backend/select.js';
import { scan } from '../support/scan.js';

const backend = selectBackend();
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What is wrong with the frame, if anything is wrong with it as JSON. */
function verdict(text: string | Uint8Array, strict = true): string {
  const { records } = scan(backend, text, { whole: true, strict });
  const status = records[0]?.status ?? 'BLANK';
  return status === 'SYNTAX' || status === 'UTF8' ? status : 'JSON';
}

/** The same, by the judge. */
function judged(text: string | Uint8Array): string {
  try {
    JSON.parse(typeof text === 'string' ? text : utf8.decode(text));
    return 'JSON';
  } catch (error) {
    return error instanceof SyntaxError ? 'SYNTAX' : 'UTF8';
  }
}

/** Places where a value may stand; each is as strict as the others. */
const PLACES: [string, (value: string) => string][] = [
  ['alone', (value) => value],
  ['as an unknown member', (value) => `{"a":${value}}`],
  ['as a result', (value) => `{"jsonrpc":"2.0","id":1,"result":${value}}`],
  ['as an id', (value) => `{"id":${value},"x":1}`],
  ['nested', (value) => `{"params":[[{"b":[0,${value} ,1]}]]}`],
  ['in a batch', (value) => `[1,${value}]`],
  ['in a member of a batch', (value) => `[{"c": ${value}}]`],
];

const VALUES = [
  ...['0', '-0', '1', '-1', '10', '0.0', '-0.5', '1e5', '1E+5', '1e-5', '0e0', '1.25e10', '1e400', '9223372036854775808'],
  ...['', '-', '+1', '01', '-01', '00', '1.', '.5', '1.e5', '1e', '1e+', '1e1.5', '0x10', '1_000', 'Infinity', 'NaN', '--1'],
  ...['true', 'false', 'null', 'True', 'tru', 'truee', 'nul', 'nullx', 'fals', 'falsee', 'undefined', 't', 'f', 'n'],
  ...['1-', '""', '"a"', '"', '"a', "'a'", '"\\"', '"\\\\"', '"\\/\\b\\f\\n\\r\\t\\""', '"\\a"'],
  ...['"\\u"', '"\\u12"', '"\\u123g"', '"\\uABCD"'],
  ...['"\\ud800"', '"\\udc00\\ud800"', '"\\U0041"', '"\\x41"', '"\\0"', '"\u0000"', '"\u001f"', '"\t"', '"\u007f"', '"\u2028"'],
  ...['[]', '[ ]', '[1]', '[1,2]', '[,]', '[1,]', '[,1]', '[1 2]', '[', ']', '[[]', '[]]', '[1}', '[1', '[:]', '["a":1]'],
  ...['{}', '{ }', '{"a":1}', '{"a":1,"b":2}', '{,}', '{"a":1,}', '{"a"}', '{"a":}', '{:1}', '{a:1}', '{1:1}', '{"a" 1}'],
  ...['{', '}', '{"a":1', '{"a":1]', '{"a":1 "b":2}', '{"a":1,,"b":2}', '{"a"::1}', '{"a":1:2}', '{"\\q":1}', '{"a\nb":1}'],
  ...['/**/1', '1//', '1;', '\u00a01', '\ufeff1', '\u000b1', '\u000c1', '\u00001', '1\u0000'],
  ...['1 1', '""1', '1""', 'nullnull', '{}{}'],
];

describe.each(PLACES)('strict acceptance, %s', (_name, place) => {
  it('is JSON.parse\'s', () => {
    for (const value of VALUES) {
      const text = place(value);
      if (text.trim() !== '') expect([text, verdict(text)]).toEqual([text, judged(text)]);
    }
  });

  it('refuses every control character in a string, and every byte but white space between tokens', () => {
    for (let code = 0; code < 256; code++) {
      const char = String.fromCharCode(code);
      for (const text of [place(`"x${char}y"`), place(`[1${char}]`), place(`[${char}1]`), place(`"\\${char}0000"`)]) {
        expect([text, verdict(text)]).toEqual([text, judged(text)]);
      }
    }
  });
});

describe('UTF-8', () => {
  const BAD = ['80', 'bf', 'c0 80', 'c1 bf', 'c3', 'c3 22', 'c3 c3', 'e0 80 80', 'e0 9f bf', 'e2 82', 'e2 82 22', 'ed a0 80'];
  const WORSE = ['ed bf bf', 'f0 80 80 80', 'f0 8f bf bf', 'f0 9f 98', 'f4 90 80 80', 'f5 80 80 80', 'fe', 'ff', 'ef bf'];
  const GOOD = ['c2 80', 'df bf', 'e0 a0 80', 'ed 9f bf', 'ee 80 80', 'ef bf bf', 'f0 90 80 80', 'f4 8f bf bf', 'ef bb bf'];
  const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const wrapped = (prefix: string, middle: Buffer, suffix: string): Buffer =>
    Buffer.concat([Buffer.from(prefix), middle, Buffer.from(suffix)]);

  it.each([...BAD, ...WORSE])('refuses %s in strings, keys, escapes and between tokens, strict or not', (hex) => {
    for (const [prefix, suffix] of [
      ['{"a":"', '"}'],
      ['{"a":"x', 'y"}'],
      ['{"', '":1}'],
      ['{"id":"', '"}'],
      ['{"method":"\\n', '"}'],
      ['{"params":{"x":["', '"]}}'],
      [`{"a":"${'x'.repeat(100)}`, `${'y'.repeat(100)}"}`],
      ['[1,', ']'],
      ['', '{}'],
      ['{}', ''],
      ['{"a":"\\', '"}'],
      ['[1', ']'],
      ['nonsense ', ' {{{'],
    ] as const) {
      const text = wrapped(prefix, bytesOf(hex), suffix);
      expect([text.toString('latin1'), verdict(text), verdict(text, false)]).toEqual([text.toString('latin1'), 'UTF8', 'UTF8']);
    }
  });

  it.each(GOOD)('accepts %s in strings and keys, and calls it a syntax error elsewhere', (hex) => {
    const middle = bytesOf(hex);
    for (const [prefix, suffix] of [['{"a":"', '"}'], ['{"', '":1}'], ['{"id":"', '"}'], ['[["x', 'y"]]']] as const) {
      expect(verdict(wrapped(prefix, middle, suffix))).toBe('JSON');
      expect(verdict(wrapped(prefix, middle, suffix), false)).toBe('JSON');
    }
    for (const [prefix, suffix] of [['', '{}'], ['{}', ''], ['[1,', ']'], ['{"a":"\\', '"}']] as const) {
      expect(verdict(wrapped(prefix, middle, suffix))).toBe('SYNTAX');
    }
  });

  it('refuses a byte order mark before a frame', () => {
    const { records } = scan(backend, '{}\n\ufeff{"jsonrpc":"2.0","id":1,"result":1}\n{}\n');
    expect(records.map(({ status }) => status)).toEqual(['BAD_VERSION', 'SYNTAX', 'BAD_VERSION']);
  });

  it('finds a bad byte at any place of a long string', () => {
    for (let at = 0; at < 140; at++) {
      const text = Buffer.from(`{"a":"${'x'.repeat(140)}","b":"é"}`);
      text[6 + at] = 0xfe;
      expect(verdict(text)).toBe('UTF8');
      text[6 + at] = 0x1f;
      expect(verdict(text)).toBe('SYNTAX');
    }
  });

  it.each([['only ASCII', ''], ['more at its start', 'é'], ['more in the half of it', 'é'.repeat(40_000)]])(
    'finds what matters at any place of a very long string, %s', (_name, start) => {
      const length = 80_000;
      const places = [0, 4096, 4096 + 65_536, length - 10].flatMap((place) => Array.from({ length: 10 }, (_, n) => place + n));
      for (const [n, place] of places.entries()) {
        for (const bytes of ['\x00', '\x1f', '\x7f', '\xc3', '\xfe', '"', '\\', '\\n', '",tru,"', '","y","']) {
          const head = `${' '.repeat(n % 4)}["${start}`;
          const text = Buffer.from(`${head}${'x'.repeat(length)}",1]`);
          text.write(bytes, Buffer.byteLength(head) + place, 'latin1');
          const [ours, theirs] = [verdict(text), judged(text)];
          if (ours !== theirs) expect([place, bytes, ours]).toEqual([place, bytes, theirs]);
        }
      }
    });
});

describe('depth', () => {
  it.each([31, 32, 33, 64, 65, 10_000, 1_000_000])('%i levels are as good as one', (depth) => {
    for (const strict of [true, false]) {
      expect(verdict('['.repeat(depth) + ']'.repeat(depth), strict)).toBe('JSON');
      expect(verdict(`{"params":${'['.repeat(depth)}${']'.repeat(depth)}}`, strict)).toBe('JSON');
      expect(verdict(`{"a":${'{"b":'.repeat(depth)}0${'}'.repeat(depth)}}`, strict)).toBe('JSON');
      expect(verdict(`{"a":${'['.repeat(depth)}${']'.repeat(depth - 1)}}`, strict)).toBe('SYNTAX');
    }
  });

  it('knows each level\'s kind', () => {
    const kinds = Array.from({ length: 200 }, (_, n) => n % 3 === 0 || n % 7 === 0);
    const open = kinds.map((isObject) => (isObject ? '{"k":' : '[')).join('');
    const close = kinds.map((isObject) => (isObject ? '}' : ']')).reverse();
    expect(verdict(`{"a":${open}1${close.join('')}}`)).toBe('JSON');
    for (let level = 0; level < close.length; level++) {
      const wrong = close.with(level, close[level] === '}' ? ']' : '}');
      expect(verdict(`{"a":${open}1${wrong.join('')}}`)).toBe('SYNTAX');
    }
  });
});

describe('without strict validation', () => {
  it.each([
    ['a bad literal in params', '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":nul}}'],
    ['a bad number in a result', '{"jsonrpc":"2.0","id":1,"result":[01,1.]}'],
    ['a stray comma in an unknown member', '{"x":[,],"jsonrpc":"2.0","id":1,"result":1}'],
    ['a bad escape in a result', '{"jsonrpc":"2.0","id":1,"result":["\\q"]}'],
    ['a space after a backslash', '{"jsonrpc":"2.0","id":1,"result":["\\ "]}'],
  ])('passes over %s', (_name, line) => {
    expect(scan(backend, line, { whole: true }).records).toMatchObject([{ status: 'SYNTAX' }]);
    expect(scan(backend, line, { whole: true, strict: false }).records).toMatchObject([{ status: 'OK' }]);
  });

  it.each([
    '{"id":01}',
    '{"id":"\\q"}',
    '{"id":tru}',
    '{"method":"\\u12"}',
    '{"method":nul}',
    '{"jsonrpc":"\\x"}',
    '{"a" 1}',
    '{"a":1,}',
    '{"a":1 "b":2}',
    '{"\\q":1}',
    '{"a":}',
    '{a:1}',
    '{}}',
    '{"a":[1}',
    '{"a":"b}',
    'nonsense',
    '1 2',
    '[{},]',
  ])('still refuses %s', (line) => {
    expect(verdict(line, false)).toBe('SYNTAX');
  });
});

it('accepts what JSON.stringify writes, and finds in it what was put there', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false, maxDepth: 5 }), fc.integer(), (result, id) => {
      for (const strict of [true, false]) {
        const text = `{"jsonrpc":"2.0","id":${id},"result":${result}}`;
        expect(scan(backend, text, { whole: true, strict }).records).toMatchObject([{ kind: 'RESPONSE', payload: result }]);
      }
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});
