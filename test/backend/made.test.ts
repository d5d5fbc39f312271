/** Payloads that are checked by making their values. */

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Backend, FIELD, type Made, RECORD_INTS } from '../../src/backend/contract.js';
import { fallback } from '../../src/backend/fallback.js';
import { selectBackend } from '../../src/backend/select.js';
import { requestText, resultText } from '../support/frames.js';
import { batchText, frameText, messageText } from '../support/message.js';
import { mutate } from '../support/mutate.js';
import { Random } from '../support/random.js';
import { type ScanOptions, tableFor } from '../support/scan.js';

/** The same JSON with its objects and arrays so long that a value is made of them. */
const widened = (text: string): string => text.replace(/[[{]/g, (bracket, at) => (at === 0 ? bracket : bracket + ' '.repeat(300)));

/** What a scan makes of `bytes`; its table must be the one that it writes without. */
function madeOf(bytes: Buffer, options: ScanOptions = {}, backend: Backend = fallback): { made: Made; table: Int32Array } {
  const tables = [tableFor(bytes, options), tableFor(bytes, options)] as const;
  const made: Made = [];
  const plain = tables[0].slice(0, (backend.scan(bytes, tables[0]) + 1) * RECORD_INTS);
  const table = tables[1].slice(0, (backend.scanMaking(bytes, tables[1], made) + 1) * RECORD_INTS);
  // The input belongs into the message: it is what reproduces the failure.
  if (!isDeepStrictEqual(table, plain)) expect([bytes.toString('latin1'), options, table]).toEqual([bytes.toString('latin1'), options, plain]);
  return { made, table };
}

/** The values, each of which must be that of its record's payload. */
function valuesOf(bytes: Buffer, options: ScanOptions = {}, backend: Backend = fallback): unknown[] {
  const { made, table } = madeOf(bytes, options, backend);
  return made.flatMap((value, n) => {
    if (!value) return [];
    const at = (slot: number): number => table[n * RECORD_INTS + slot] as number;
    expect(value).toEqual(JSON.parse(bytes.toString('utf8', at(FIELD.PAYLOAD_START), at(FIELD.PAYLOAD_END))));
    return [value];
  });
}

const LONG = `[${'1,'.repeat(200)}2]`;
const SHORT = JSON.stringify({ name: 'a name', arguments: [1, 2, 3] });
const one = (text: string): unknown[] => valuesOf(Buffer.from(text), { whole: true });

describe('a value that a scan makes', () => {
  it.each([
    ['params', requestText('1', 'm', LONG)],
    ['short params', requestText('1', 'm', SHORT)],
    ['a result', resultText('1', LONG)],
    ['an error', `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m","data":${LONG}}}`],
    ['a result before all else', `{"result":${LONG},"jsonrpc":"2.0","id":"an id"}`],
    ['spaced and on lines', `{ "jsonrpc" : "2.0",\n"id":1, "result" : ${LONG}\n}\r\n`],
    ['not ASCII', resultText('"ü"', `["ü\ud83d\ude00",${LONG}]`)],
    ['long strings with escapes', resultText('1', JSON.stringify(Array.from({ length: 5 }, () => 'a line\n'.repeat(5_000))))],
    ['a long list of numbers', resultText('1', JSON.stringify(Array.from({ length: 20_000 }, (_, n) => n / 8)))],
    ['long, of many short strings', resultText('1', JSON.stringify(Array.from({ length: 20_000 }, (_, n) => `row ${n}`)))],
    ['the last of two of a name, the first of which is no container', `{"jsonrpc":"2.0","id":1,"result":1,"result":${LONG}}`],
  ])('is there: %s', (_name, text) => {
    expect(one(text)).toHaveLength(1);
  });

  it('is there however deep it is nested', () => {
    const { made } = madeOf(Buffer.from(resultText('1', '['.repeat(50_000) + ']'.repeat(50_000))), { whole: true });
    expect(made[1]).toHaveLength(1);
  });

  it.each([
    ['very short', requestText('1', 'm', '[1]')],
    ['short, in bytes that are not ASCII', requestText('"é"', 'm', SHORT)],
    ['short and malformed', requestText('1', 'm', SHORT.replace('2', '02'))],
    ['followed by another container', `{"jsonrpc":"2.0","id":1,"result":${LONG},"_meta":{}}`],
    ['followed by an id with a bracket', `{"jsonrpc":"2.0","result":${LONG},"id":"[1]"}`],
    ['of a name that comes again', `{"jsonrpc":"2.0","id":1,"result":${LONG},"result":1}`],
    ['of another member than the payload', `{"jsonrpc":"2.0","id":1,"params":${LONG},"result":1}`],
    ['of no member that a message has', `{"jsonrpc":"2.0","id":1,"result":1,"more":${LONG}}`],
    ['malformed', resultText('1', LONG.replace('2]', '02]'))],
    ['closed too early', resultText('1', LONG.replace('1,1', '1],[1'))],
    ['good, in a frame that is not', `${resultText('1', LONG)}x`],
    ['long strings as of base64, which are had faster in another way', resultText('1', JSON.stringify(['x'.repeat(50_000), 'y'.repeat(50_000)]))],
    ['a string', resultText('1', `"${'x'.repeat(500)}"`)],
  ])('is not: %s', (_name, text) => {
    expect(one(text)).toEqual([]);
  });

  it('is not made of bytes that are not UTF-8, however many units they decode to', () => {
    for (const bad of ['\xff', '\xc3', '\xe2\x82', '\xed\xa0\x80']) {
      const bytes = Buffer.from(resultText('1', `["${bad}",${LONG}]`), 'latin1');
      expect(valuesOf(bytes, { whole: true })).toEqual([]);
    }
  });

  it.each(Array.from({ length: 20 }, (_, n) => n + 1))('is its payload, and makes no difference to the table, seed %i', (seed) => {
    const random = new Random(seed + 7000);
    const backend = random.oneIn(2) ? selectBackend() : fallback;
    let values = 0;
    for (let n = 0; n < 200; n++) {
      const frames = Array.from({ length: 1 + random.below(4) }, () => {
        const frame = Buffer.from(widened(random.pick([messageText, messageText, batchText, frameText])(random)));
        return random.oneIn(3) ? mutate(random, frame) : frame;
      });
      const bytes = Buffer.concat(frames.flatMap((frame) => [frame, Buffer.from(random.pick(['\n', '\r\n', '\n\n']))]));
      const options = { strict: random.oneIn(2), whole: random.oneIn(5), room: random.pick([1, 2, 64]) };
      values += valuesOf(bytes, options, backend).length;
    }
    // The addon leaves fewer of them to be made.
    expect(values).toBeGreaterThan(backend === fallback ? 20 : 5);
  });
});
