import { describe, expect, it } from 'vitest';
import { RECORD_FLAG } from '../../src/backend/contract.js';
import { selectBackend } from '../../src/backend/select.js';
import { type NamedRecord, scan, type ScanOptions } from '../support/scan.js';

const backend = selectBackend();

/** The only record of one line. */
function record(line: string | Uint8Array, options: ScanOptions = {}): NamedRecord {
  const bytes = Buffer.concat([Buffer.from(line as string), Buffer.from('\n')]);
  const { count, records, more, consumed } = scan(backend, bytes, options);
  expect([count, more, consumed]).toEqual([1, 0, bytes.length]);
  return records[0]!;
}

/** The hash as the contract states it, on big integers. */
function hashOf(text: string): number {
  const bytes = Buffer.from(text);
  const words = Array.from(bytes, BigInt);
  if (bytes.length >= 4) {
    words.length = 0;
    for (let i = 0; bytes.length - i > 4; i += 4) words.push(BigInt(bytes.readUInt32LE(i)));
    words.push(BigInt(bytes.readUInt32LE(bytes.length - 4)));
  }
  const hash = words.reduce((sum, word) => ((sum ^ word) * 0x9e3779b1n) & 0xffffffffn, BigInt(bytes.length));
  return Number(BigInt.asIntN(32, hash ^ (hash >> 15n)));
}

describe.each([{ strict: true }, { strict: false }])('scan, $strict', (mode) => {
  describe('kinds', () => {
    it('tells a request, with the ranges of its id, method and params', () => {
      const line = '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":[1,2]}}';
      expect(record(line, mode)).toEqual({
        kind: 'REQUEST',
        status: 'OK',
        idType: 'INT32',
        idValue: 7,
        id: '7',
        method: 'tools/call',
        payload: '{"a":[1,2]}',
        text: line,
        start: 0,
        end: line.length,
        hash: hashOf('tools/call'),
        flags: 0,
        batch: 0,
      });
    });

    it.each([
      ['NOTIFICATION', '{"jsonrpc":"2.0","method":"m","params":[]}', '[]'],
      ['RESPONSE', '{"jsonrpc":"2.0","id":1,"result":12.5}', '12.5'],
      ['RESPONSE', '{"jsonrpc":"2.0","id":1,"result":"text"}', '"text"'],
      ['RESPONSE', '{"jsonrpc":"2.0","id":null,"result":null}', 'null'],
      ['ERROR', '{"jsonrpc":"2.0","id":1,"error":{"code":1}}', '{"code":1}'],
      ['ERROR', '{"jsonrpc":"2.0","error":{}}', '{}'],
    ])('tells a %s: %s', (kind, line, payload) => {
      expect(record(line, mode)).toMatchObject({ kind, status: 'OK', payload, text: line });
    });

    it('gives 0 for what is absent, whatever came before', () => {
      const full = '{"jsonrpc":"2.0","id":7,"method":"\\n","params":[]}\n{"jsonrpc":"2.0","id":"\\n","error":{}}\n';
      const bare = '{"jsonrpc":"2.0"}';
      const { records } = scan(backend, `${full}${bare}\n`, mode);
      expect(records.map(({ kind }) => kind)).toEqual(['REQUEST', 'ERROR', 'INVALID']);
      expect(records[2]).toEqual({
        kind: 'INVALID',
        status: 'NO_METHOD',
        idType: 'NONE',
        idValue: 0,
        id: undefined,
        method: undefined,
        payload: undefined,
        text: bare,
        start: full.length,
        end: full.length + bare.length,
        hash: 0,
        flags: 0,
        batch: 0,
      });
    });

    it('accepts params: null and passes them on', () => {
      const line = '{"jsonrpc":"2.0","id":1,"method":"m","params":null}';
      expect(record(line, mode)).toMatchObject({ kind: 'REQUEST', payload: 'null' });
    });

    it('takes members in any order, with white space anywhere and unknown ones between', () => {
      const line = '\t{ "x" : [ {"id":9} ] , "params" : [ ] ,"method":"m" ,\r"id" : "a" , "y":"}", "jsonrpc" : "2.0" } \r';
      const got = record(line, mode);
      expect(got).toMatchObject({ kind: 'REQUEST', id: '"a"', method: 'm', payload: '[ ]', start: 1 });
      expect(got.text).toBe(line.trim());
    });
  });

  describe('ids', () => {
    it.each([
      ['INT32', '0', 0],
      ['INT32', '-12', -12],
      ['INT32', '2147483647', 2147483647],
      ['INT32', '-2147483648', -2147483648],
      ['NUMBER', '2147483648', 0],
      ['NUMBER', '-2147483649', 0],
      ['NUMBER', '99999999999', 0],
      ['NUMBER', '9223372036854775808', 0],
      ['NUMBER', '1e400', 0],
      ['NUMBER', '-0', 0],
      ['NUMBER', '1.0', 0],
      ['NUMBER', '1e2', 0],
      ['NUMBER', '1.5', 0],
      ['NUMBER', '-1.5E-7', 0],
      ['NULL', 'null', 0],
      ['STRING', '""', 0],
      ['STRING', '"1"', 0],
      ['STRING', '"日本"', 0],
    ])('reads %s %s', (idType, id, idValue) => {
      const got = record(`{"jsonrpc":"2.0","id":${id},"result":1}`, mode);
      expect(got).toMatchObject({ kind: 'RESPONSE', idType, id, idValue, flags: 0 });
    });

    it.each(['"a\\nb"', '"\\ud800"', '"\\u0031"', '"\\""'])('flags the escapes of %s', (id) => {
      const got = record(`{"jsonrpc":"2.0","id":${id},"result":"\\n"}`, mode);
      expect(got).toMatchObject({ kind: 'RESPONSE', idType: 'STRING', id, flags: RECORD_FLAG.ID_ESCAPED });
    });

    it('does not flag an id for escapes elsewhere', () => {
      const line = '{"\\u006asonrpc":"\\u0032.0","a":"\\n","id":"plain","result":"\\n"}';
      expect(record(line, mode)).toMatchObject({ kind: 'RESPONSE', id: '"plain"', flags: 0 });
    });
  });

  describe('keys and duplicates', () => {
    it.each(['"\\u0069d"', '"i\\u0064"', '"\\u0069\\u0064"', '"\\u0069\\u0064"'])('knows %s as id', (key) => {
      expect(record(`{"jsonrpc":"2.0",${key}:5,"result":1}`, mode)).toMatchObject({ kind: 'RESPONSE', idValue: 5 });
    });

    it('knows every member by its escaped name', () => {
      const escape = (text: string): string => Array.from(text, (c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('');
      const [version, id, method, params] = ['jsonrpc', 'id', 'method', 'params'].map(escape);
      const line = `{"${version}":"${escape('2.0')}","${id}":1,"${method}":"${escape('ab')}","${params}":[]}`;
      const got = record(line, mode);
      expect(got).toMatchObject({ kind: 'REQUEST', method: '\\u0061\\u0062', payload: '[]', flags: RECORD_FLAG.METHOD_ESCAPED });
      expect(got.hash).toBe(hashOf('\\u0061\\u0062'));
      expect(record(`{"jsonrpc":"2.0","id":1,"${escape('result')}":0}`, mode).kind).toBe('RESPONSE');
      expect(record(`{"jsonrpc":"2.0","id":1,"${escape('error')}":{}}`, mode).kind).toBe('ERROR');
    });

    const STRANGERS = ['ID', 'idd', 'i', '', 'id\\u0000', 'Method', 'jsonrpc2', '\\u0069\\u0064\\u0020'];

    it.each(STRANGERS)('takes %j for an unknown key', (key) => {
      const got = record(`{"jsonrpc":"2.0","${key}":5,"result":1}`, mode);
      expect(got).toMatchObject({ kind: 'INVALID', status: 'MISSING_ID', payload: '1' });
    });

    it('lets the last of duplicates win', () => {
      const line =
        '{"jsonrpc":"1.0","id":{},"id":"\\n","id":3,"method":"\\n","method":"b","params":1,"params":[1],"jsonrpc":"2.0"}';
      expect(record(line, mode)).toMatchObject({ kind: 'REQUEST', id: '3', idValue: 3, method: 'b', payload: '[1]', flags: 0 });
    });

    it('forgets what an earlier duplicate had where the last one is bad', () => {
      const id = record('{"jsonrpc":"2.0","id":3,"id":[],"result":1}', mode);
      expect(id).toMatchObject({ status: 'BAD_ID', idType: 'NONE', idValue: 0, id: undefined });
      const method = record('{"jsonrpc":"2.0","id":3,"method":"\\n","method":1}', mode);
      expect(method).toMatchObject({ status: 'BAD_METHOD', method: undefined, hash: 0, flags: 0 });
    });

    it('takes keys of 1 MB', () => {
      const key = 'k'.repeat(1 << 20);
      const line = `{"${key}":1,"jsonrpc":"2.0","\\n${key}":2,"id":1,"method":"${key}"}`;
      const got = record(line, mode);
      expect(got).toMatchObject({ kind: 'REQUEST', idValue: 1 });
      expect(got.method?.length).toBe(key.length);
    });
  });

  describe('statuses', () => {
    it.each([
      ['NOT_OBJECT', '42'],
      ['NOT_OBJECT', '"text"'],
      ['NOT_OBJECT', 'null'],
      ['EMPTY_BATCH', '[ ]'],
      ['BAD_VERSION', '{}'],
      ['BAD_VERSION', '{"id":1,"method":"m"}'],
      ['BAD_VERSION', '{"jsonrpc":"2.00","id":1,"method":"m"}'],
      ['BAD_VERSION', '{"jsonrpc":2.0,"id":1,"method":"m"}'],
      ['BAD_VERSION', '{"jsonrpc":["2.0"],"id":1,"method":"m"}'],
      ['BAD_VERSION', '{"jsonrpc":"\\u0032.1","id":1,"method":"m"}'],
      ['BAD_ID', '{"jsonrpc":"2.0","id":{},"method":"m"}'],
      ['BAD_ID', '{"jsonrpc":"2.0","id":[],"method":"m"}'],
      ['BAD_ID', '{"jsonrpc":"2.0","id":true,"method":"m"}'],
      ['BAD_ID', '{"jsonrpc":"2.0","id":false,"method":7}'],
      ['BAD_METHOD', '{"jsonrpc":"2.0","id":1,"method":7}'],
      ['BAD_METHOD', '{"jsonrpc":"2.0","id":1,"method":null,"result":1}'],
      ['CALL_AND_ANSWER', '{"jsonrpc":"2.0","id":1,"method":"m","result":1}'],
      ['CALL_AND_ANSWER', '{"jsonrpc":"2.0","method":"m","params":3,"error":{}}'],
      ['BAD_PARAMS', '{"jsonrpc":"2.0","id":1,"method":"m","params":3}'],
      ['BAD_PARAMS', '{"jsonrpc":"2.0","method":"m","params":"p"}'],
      ['BAD_PARAMS', '{"jsonrpc":"2.0","method":"m","params":true}'],
      ['RESULT_AND_ERROR', '{"jsonrpc":"2.0","id":1,"result":1,"error":{}}'],
      ['RESULT_AND_ERROR', '{"jsonrpc":"2.0","result":1,"error":1}'],
      ['MISSING_ID', '{"jsonrpc":"2.0","result":1}'],
      ['BAD_ERROR', '{"jsonrpc":"2.0","id":1,"error":"text"}'],
      ['BAD_ERROR', '{"jsonrpc":"2.0","error":null}'],
      ['NO_METHOD', '{"jsonrpc":"2.0"}'],
      ['NO_METHOD', '{"jsonrpc":"2.0","id":1,"params":{}}'],
      ['SYNTAX', '{"jsonrpc":"2.0"'],
      ['SYNTAX', 'hello world'],
    ])('%s: %s', (status, line) => {
      expect(record(line, mode)).toMatchObject({ kind: 'INVALID', status, text: line, batch: 0 });
    });

    it('keeps what was visited of an object that breaks a rule', () => {
      const line = '{"id":"\\n","method":"m","params":{"a":1},"result":2}';
      expect(record(line, mode)).toMatchObject({
        status: 'BAD_VERSION',
        idType: 'STRING',
        id: '"\\n"',
        method: 'm',
        hash: hashOf('m'),
        payload: '{"a":1}',
        flags: RECORD_FLAG.ID_ESCAPED,
      });
    });

    it('takes the payload from params beside a method of any type, else from result, else from error', () => {
      expect(record('{"jsonrpc":"2.0","method":1,"result":2}', mode).payload).toBeUndefined();
      expect(record('{"jsonrpc":"2.0","params":1,"error":3,"result":2}', mode).payload).toBe('2');
      expect(record('{"jsonrpc":"2.0","params":1,"error":3}', mode).payload).toBe('3');
      expect(record('{"jsonrpc":"2.0","params":1}', mode).payload).toBeUndefined();
    });

    it.each(['SYNTAX', 'TOO_LARGE'])('leaves no trace of the members in a record that is %s', (status) => {
      const line = ' {"jsonrpc":"2.0","id":7,"method":"m","params":{}} } ';
      const got = record(line, { ...mode, maxMessage: status === 'TOO_LARGE' ? 10 : 1000 });
      expect(got).toEqual({
        kind: 'INVALID',
        status,
        idType: 'NONE',
        idValue: 0,
        id: undefined,
        method: undefined,
        payload: undefined,
        text: line.trim(),
        start: 1,
        end: line.length - 1,
        hash: 0,
        flags: 0,
        batch: 0,
      });
    });
  });

  it('hashes the bytes of the method', () => {
    for (const method of ['', 'a', 'abc', 'ping', 'pings', 'fourfour', 'initialize', 'notifications/日本', 'x'.repeat(5000)]) {
      const got = record(JSON.stringify({ jsonrpc: '2.0', method }), mode);
      expect([got.method, got.hash]).toEqual([method, hashOf(method)]);
    }
  });
});
