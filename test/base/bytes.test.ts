import { describe, expect, it } from 'vitest';
import { type DirectBuffer, writeText } from '../../src/base/bytes.js';

const MARGIN = 0xee;
const AT = 3;

/** What is written at 3 into memory with `room` bytes behind that, and with a margin. */
function written(text: string, room: number): { length: number; bytes: Buffer; margin: Buffer } {
  const memory = Buffer.alloc(AT + room + 8, MARGIN) as DirectBuffer;
  const length = writeText(memory, text, AT, room);
  return { length, bytes: memory.subarray(AT, AT + length), margin: Buffer.concat([memory.subarray(0, AT), memory.subarray(AT + length)]) };
}

describe('writing text into memory', () => {
  it('gives the UTF-8 of every length, with a character of any width at any place, and nothing beside it', () => {
    for (let length = 0; length <= 40; length++) {
      for (const wide of ['', 'x', '\u007f', '\u0080', 'é', '漢', '😀', '\ud800', '\udc00']) {
        for (let place = 0; place <= length; place++) {
          const text = 'a'.repeat(place) + wide + 'b'.repeat(length - place);
          const expected = Buffer.from(text);
          const { length: count, bytes, margin } = written(text, expected.length);
          expect(count).toBe(expected.length);
          expect(bytes.equals(expected), JSON.stringify(text)).toBe(true);
          expect(margin.every((byte) => byte === MARGIN)).toBe(true);
        }
      }
    }
  });

  it('takes whole characters only where there is less room, and stays inside it', () => {
    for (const [text, room, whole] of [['abc', 2, 'ab'], ['aé', 2, 'a'], ['a漢b', 3, 'a'], ['😀', 3, ''], ['x'.repeat(40), 39, 'x'.repeat(39)]] as const) {
      const { length, bytes, margin } = written(text, room);
      expect([length, bytes.toString()]).toEqual([whole.length, whole]);
      expect(margin.every((byte) => byte === MARGIN)).toBe(true);
    }
  });
});
