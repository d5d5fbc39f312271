import { describe, expect, it } from 'vitest';
import { idOf, idTextOf, keyOf, keyOfId } from '../../src/correlation/key.js';
import { arriving } from './support.js';

const keyOfText = (idText: string) => keyOf(arriving(`{"jsonrpc":"2.0","id":${idText},"result":1}`));

describe('the key of an id', () => {
  it('differs wherever ids do', () => {
    const texts = [
      '0', '1', '-1', '1.5', '1.50', '2147483648', '9007199254740991', '9007199254740992', '9007199254740993', '1e400', '1e401',
      '""', '"0"', '"1"', '"1.5"', '"\\u0000"', '"\\u0000n1.5"', '"\\u0000s"', '"\\u0000\\u0000s"',
      '"__proto__"', '"9007199254740993"',
    ];
    const keys = texts.map(keyOfText);
    expect(keys).not.toContain(undefined);
    expect(new Set(keys).size).toBe(texts.length);
  });

  it('is the same for a safe integer, however it is written', () => {
    for (const text of ['7', '7.0', '70e-1', '7E0']) expect(keyOfText(text)).toBe(keyOfId(7));
    expect(keyOfText('"\\u0061"')).toBe(keyOfId('a'));
  });

  it.each([0, -5, 1.5, 2 ** 31, 2 ** 53, 1e300, '', '1', 'abc', '\0', '\0s', '\0n1', 'é'])('gives the id %j back', (id) => {
    const key = keyOfId(id);
    expect(key).toBeDefined();
    expect(key).toBe(keyOf({ id }));
    expect(idOf(key ?? -1)).toBe(id);
    expect(idTextOf(key ?? -1)).toBe(JSON.stringify(id));
  });

  it('keeps the digits that a number loses', () => {
    expect(idTextOf(keyOfText('9007199254740993') ?? -1)).toBe('9007199254740993');
  });

  it('is undefined for what names no request', () => {
    for (const id of [null, undefined, NaN, Infinity, true, {}]) expect(keyOf({ id: id as null })).toBeUndefined();
    expect(keyOf(arriving('{"jsonrpc":"2.0","method":"ping"}'))).toBeUndefined();
  });
});
