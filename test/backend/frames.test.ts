import { describe, expect, it } from 'vitest';
import { selectBackend } from '../../src/backend/select.js';
import { scan, type ScanOptions } from '../support/scan.js';

const backend = selectBackend();
const call = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"m"}`;
const statuses = (input: string | Uint8Array, options?: ScanOptions): string[] =>
  scan(backend, input, options).records.map(({ status }) => status);
const ids = (input: string | Uint8Array, options?: ScanOptions): number[] =>
  scan(backend, input, options).records.map(({ idValue }) => idValue);

describe('lines', () => {
  it('takes LF and CR LF as line ends, and leaves the unfinished line', () => {
    const input = `${call(1)}\n${call(2)}\r\n${call(3)}`;
    const got = scan(backend, input);
    expect(got).toMatchObject({ count: 2, more: 0, consumed: input.lastIndexOf('\n') + 1 });
    expect(got.records.map(({ text }) => text)).toEqual([call(1), call(2)]);
  });

  it('gives no record for blank lines', () => {
    const input = `\n \t\r\n\r\n${call(1)}\n\n   \n`;
    expect(scan(backend, input)).toMatchObject({ count: 1, more: 0, consumed: input.length });
    expect(scan(backend, '\n\n')).toMatchObject({ count: 0, more: 0, consumed: 2 });
  });

  it('consumes nothing without a line end, however the line looks', () => {
    expect(scan(backend, call(1))).toMatchObject({ count: 0, more: 0, consumed: 0 });
    expect(scan(backend, '}}}')).toMatchObject({ count: 0, more: 0, consumed: 0 });
    expect(scan(backend, '')).toMatchObject({ count: 0, more: 0, consumed: 0 });
    expect(scan(backend, new Uint8Array(0))).toMatchObject({ count: 0, more: 0, consumed: 0 });
  });

  it('searches for line ends from SEARCH on only, at every split point', () => {
    const input = Buffer.from(`${call(1)}\n${call(2)}\r\n`);
    for (let split = 0; split <= input.length; split++) {
      const first = scan(backend, input, { end: split });
      const second = scan(backend, input, { start: first.consumed, search: split });
      expect([...first.records, ...second.records].map(({ idValue }) => idValue)).toEqual([1, 2]);
      expect(second).toMatchObject({ more: 0, consumed: input.length });
    }
  });

  it('starts at START and reads nothing past END', () => {
    const input = `xx\n${call(1)}\n${call(2)}\n`;
    const end = 3 + call(1).length + 1;
    expect(scan(backend, input, { start: 3, end })).toMatchObject({ count: 1, consumed: end });
    expect(scan(backend, input, { start: 3, end: end - 1 })).toMatchObject({ count: 0, consumed: 3 });
  });

  it('counts offsets from the start of the view, wherever that is in memory', () => {
    const memory = new Uint8Array(200);
    for (let shift = 0; shift < 9; shift++) {
      const view = memory.subarray(shift, shift + call(5).length + 1);
      view.set(Buffer.from(`${call(5)}\n`));
      expect(scan(backend, view).records).toMatchObject([{ kind: 'REQUEST', idValue: 5, start: 0 }]);
    }
  });

  it('reads shared memory', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(100));
    bytes.set(Buffer.from(`{"jsonrpc":"2.0","id":1,"result":"é"}\n`));
    expect(scan(backend, bytes).records).toMatchObject([{ kind: 'RESPONSE', payload: '"é"' }]);
  });

  it('lets bad lines stand between good ones', () => {
    const input = `${call(1)}\n{"jsonrpc":"2.0",\n"id":1}\n${call(2)}\n"open\n\\\n${call(3)}\n]\n${call(4)}\n`;
    expect(statuses(input)).toEqual(['OK', 'SYNTAX', 'SYNTAX', 'OK', 'SYNTAX', 'SYNTAX', 'OK', 'SYNTAX', 'OK']);
  });

  it('keeps bad UTF-8 to its line', () => {
    const bad = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xc3), Buffer.from('"}\n')]);
    const torn = Buffer.of(0xe2, 0x0a, 0x82, 0xac, 0x0a);
    const input = Buffer.concat([Buffer.from(`${call(1)}\n`), bad, Buffer.from('{"a":"é"}\n'), torn]);
    expect(statuses(input)).toEqual(['OK', 'UTF8', 'BAD_VERSION', 'UTF8', 'UTF8']);
  });

  it('does not let a line end escape, whatever comes before it', () => {
    for (const tail of ['"', '"\\', '"\\u00', '"a', '[', '{"a"', '{"a":', '-', 'tru', '1.', '1e']) {
      for (const strict of [true, false]) {
        expect(statuses(`{"a":${tail}\n${call(1)}\n`, { strict })).toEqual(['SYNTAX', 'OK']);
      }
    }
    for (const strict of [true, false]) {
      for (const line of ['{"a":[1\n}\n', '{"a":[1\n]}\n', '{"a":[\n\n1]}\n', '{"a":1\n}\n', '[{}\n]\n', '{"a":"b\n"}\n']) {
        expect([line, statuses(line, { strict })]).toEqual([line, ['SYNTAX', 'SYNTAX']]);
      }
    }
  });
});

describe('size', () => {
  it.each([
    ['LF', '\n', 0],
    ['CR LF', '\r\n', 0],
    ['CR CR LF', '\r\r\n', 1],
    ['space and LF', ' \n', 1],
  ])('is the line without its end: %s', (_name, lineEnd, extra) => {
    const input = `${call(1)}${lineEnd}${call(2)}\n`;
    const size = call(1).length + extra;
    expect(statuses(input, { maxMessage: size - 1 })[0]).toBe('TOO_LARGE');
    expect(statuses(input, { maxMessage: size })[0]).toBe('OK');
    expect(statuses(input, { maxMessage: size + 1 })[0]).toBe('OK');
  });

  it('comes before every other fault, and is reported with the line trimmed', () => {
    const bad = Buffer.concat([Buffer.from('  {'), Buffer.alloc(50, 0xff), Buffer.from('\t\r\n')]);
    const got = scan(backend, Buffer.concat([bad, Buffer.from('{}\n')]), { maxMessage: 10 });
    expect(got.records).toMatchObject([{ status: 'TOO_LARGE', start: 2, end: 53 }, { status: 'BAD_VERSION' }]);
  });

  it('holds for blank lines as well', () => {
    const { records } = scan(backend, `${' '.repeat(11)}\n{}\n`, { maxMessage: 10 });
    expect(records).toMatchObject([{ status: 'TOO_LARGE', start: 11, end: 11 }, { status: 'BAD_VERSION' }]);
    expect(statuses(`${' '.repeat(10)}\n{}\n`, { maxMessage: 10 })).toEqual(['BAD_VERSION']);
  });

  it('holds for a whole text, to the byte', () => {
    const text = ` ${call(1)}\r\n`;
    expect(statuses(text, { whole: true, maxMessage: text.length })).toEqual(['OK']);
    expect(statuses(text, { whole: true, maxMessage: text.length - 1 })).toEqual(['TOO_LARGE']);
  });
});

describe('the table', () => {
  const input = `${call(1)}\n\n${call(2)}\nbad\n${call(3)}\n`;

  it('stops when full, at the next line, and goes on from there', () => {
    const first = scan(backend, input, { room: 2 });
    expect(first).toMatchObject({ count: 2, more: 1, consumed: input.indexOf('bad') });
    const second = scan(backend, input, { room: 2, start: first.consumed });
    expect(second).toMatchObject({ count: 2, more: 0, consumed: input.length });
  });

  it('is not full as long as nothing is left', () => {
    expect(scan(backend, input, { room: 4 })).toMatchObject({ count: 4, more: 0, consumed: input.length });
    expect(scan(backend, input, { room: 3 })).toMatchObject({ count: 3, more: 1 });
    expect(scan(backend, `${call(1)}\n${call(2)}`, { room: 1 })).toMatchObject({ count: 1, more: 0 });
  });

  it('serves record by record where it has room for one', () => {
    const seen: number[] = [];
    let start = 0;
    for (let more = 1; more === 1; ) {
      const got = scan(backend, input, { room: 1, start });
      seen.push(...got.records.map(({ idValue }) => idValue));
      ({ consumed: start, more } = got);
    }
    expect(seen).toEqual([1, 2, 0, 3]);
    expect(start).toBe(input.length);
  });
});

describe('batches', () => {
  it('has a header and one record per member', () => {
    const input = ` [ ${call(1)} , {"jsonrpc":"2.0","result":1},7,[{}], ${call(2)} ]\t\n`;
    const { records } = scan(backend, input);
    expect(records[0]).toMatchObject({ kind: 'BATCH', status: 'OK', batch: 5, start: 1, end: input.length - 2, idType: 'NONE' });
    expect(records.slice(1).map(({ kind, status, batch, text }) => [kind, status, batch, text])).toEqual([
      ['REQUEST', 'OK', 1, call(1)],
      ['INVALID', 'MISSING_ID', 1, '{"jsonrpc":"2.0","result":1}'],
      ['INVALID', 'NOT_OBJECT', 1, '7'],
      ['INVALID', 'NOT_OBJECT', 1, '[{}]'],
      ['REQUEST', 'OK', 1, call(2)],
    ]);
  });

  it.each(['[{},]', '[,{}]', '[{} {}]', '[{}', '[{}]]', '[{}}', '[{"a":1,}]', '[1,x]', '[{}]{}'])(
    'is one bad line as a whole: %s',
    (line) => {
      const got = scan(backend, `${call(1)}\n${line}\n${call(2)}\n`);
      expect(got.records.map(({ status }) => status)).toEqual(['OK', 'SYNTAX', 'OK']);
      expect(got.records[1]).toMatchObject({ text: line, batch: 0 });
    },
  );

  it('is one bad line where a member is not UTF-8', () => {
    const line = Buffer.concat([Buffer.from('[{},{"a":"'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}]\n')]);
    expect(statuses(line)).toEqual(['UTF8']);
  });

  it('has at most MAX_BATCH members', () => {
    const batch = `[${call(1)},2,{}]\n`;
    expect(statuses(batch, { maxBatch: 4 })).toHaveLength(4);
    expect(statuses(batch, { maxBatch: 3 })).toHaveLength(4);
    const refused = scan(backend, batch, { maxBatch: 2 });
    expect(refused.records).toMatchObject([{ kind: 'INVALID', status: 'BATCH_TOO_LARGE', idType: 'NONE', batch: 0 }]);
    expect(refused).toMatchObject({ more: 0, consumed: batch.length });
    expect(statuses(`[${call(1)},2,{}\n`, { maxBatch: 2 })).toEqual(['SYNTAX']);
    expect(statuses(batch, { maxBatch: 2, room: 1 })).toEqual(['BATCH_TOO_LARGE']);
  });

  it('waits for the next table where other records came first', () => {
    const input = `${call(1)}\n [${call(2)},${call(3)}]\n${call(4)}\n`;
    const at = input.indexOf(' [');
    expect(scan(backend, input, { room: 3 })).toMatchObject({ count: 1, more: 1, consumed: at });
    expect(scan(backend, input, { room: 4 })).toMatchObject({ count: 4, more: 1 });
    expect(scan(backend, input, { room: 5 })).toMatchObject({ count: 5, more: 0 });
    expect(ids(input, { room: 3, start: at })).toEqual([0, 2, 3]);
  });

  it('tells how large a table it needs, and writes nothing', () => {
    const input = `\n[${call(2)},3,${call(4)}]\n${call(5)}\n`;
    expect(scan(backend, input, { room: 3 })).toMatchObject({ count: 0, more: 4, consumed: 1 });
    expect(scan(backend, input, { room: 1 })).toMatchObject({ count: 0, more: 4, consumed: 1 });
    expect(ids(input, { room: 4, start: 1 })).toEqual([0, 2, 0, 4]);
    expect(scan(backend, '[1,2,3]', { room: 2, whole: true })).toMatchObject({ count: 0, more: 4, consumed: 0 });
  });

  it('is checked to its end even where the table is too short', () => {
    expect(statuses(`[${call(1)},${call(2)},\n`, { room: 1 })).toEqual(['SYNTAX']);
    expect(statuses(`[1,2,3,tru]\n`, { room: 2 })).toEqual(['SYNTAX']);
  });

  it('may have many members', () => {
    const members = 20_000;
    const input = `[${Array.from({ length: members }, (_, n) => call(n)).join(',')}]\n`;
    expect(scan(backend, input, { room: members })).toMatchObject({ count: 0, more: members + 1 });
    const got = ids(input, { room: members + 1 });
    expect(got).toHaveLength(members + 1);
    expect(got.at(-1)).toBe(members - 1);
  });
});

describe('a whole text', () => {
  it('is one frame in which line feeds are white space', () => {
    const text = '\n{\n"jsonrpc"\n:\n"2.0",\r\n"id":1,\n"method":"m",\n"params":[\n1\n,\n{\n}\n]\n}\n\n';
    const got = scan(backend, text, { whole: true });
    expect(got).toMatchObject({ count: 1, more: 0, consumed: text.length });
    expect(got.records[0]).toMatchObject({ kind: 'REQUEST', start: 1, end: text.length - 2, payload: '[\n1\n,\n{\n}\n]' });
    expect(scan(backend, text, { whole: true, strict: false })).toEqual(got);
  });

  it('needs no line end, and ends at END', () => {
    expect(ids(call(3), { whole: true })).toEqual([3]);
    expect(statuses('12345', { whole: true, end: 3 })).toEqual(['NOT_OBJECT']);
    expect(statuses('true', { whole: true, end: 3 })).toEqual(['SYNTAX']);
    expect(statuses('{}}', { whole: true, start: 0, end: 2 })).toEqual(['BAD_VERSION']);
    expect(statuses('{"a":"b"}', { whole: true, end: 7 })).toEqual(['SYNTAX']);
  });

  it.each([call(4), '[12]', '12e+5', '-0.5', 'true', '"\\u0041\\n"', '{"a":[1e5,"é",{"b":nul}]} ', '[[[[]]],{}]', '"é"'])(
    'is judged by its own bytes alone, whatever lies past END: %s',
    (text) => {
      const bytes = Buffer.from(text);
      for (let end = 0; end <= bytes.length; end++) {
        for (const strict of [true, false]) {
          const alone = scan(backend, Buffer.from(bytes.subarray(0, end)), { whole: true, strict });
          expect(scan(backend, bytes, { whole: true, strict, end })).toEqual(alone);
        }
      }
    },
  );

  it('gives no record for white space', () => {
    expect(scan(backend, ' \n\t\r\n ', { whole: true })).toMatchObject({ count: 0, more: 0, consumed: 6 });
    expect(scan(backend, '', { whole: true })).toMatchObject({ count: 0, more: 0, consumed: 0 });
  });

  it('is one bad frame when it holds two values, or a raw line feed in a string', () => {
    expect(statuses(`${call(1)}\n${call(2)}`, { whole: true })).toEqual(['SYNTAX']);
    expect(statuses('{"a":"\n"}', { whole: true })).toEqual(['SYNTAX']);
  });
});
