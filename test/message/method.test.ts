import { describe, expect, it } from 'vitest';
import { StreamingParser } from '../../src/message/parser.js';
import { bytesOf } from '../support/frames.js';

const NAMES = [
  '', 'm', 'tools/call', 'é', '日本語', '😀', 'a\\u0062c', 'q\\"q', '\\ud800', 'x'.repeat(64), 'x'.repeat(65), 'ü'.repeat(40), 'n'.repeat(100_000), '\\u006d',
];

function method(written: string): string | undefined {
  return new StreamingParser().parseFromBytes(bytesOf(`{"jsonrpc":"2.0","method":"${written}"}\n`))?.method;
}

describe('a method', () => {
  it.each(NAMES)('%.40s is what JSON.parse makes of it, each time it is read', (written) => {
    const name = JSON.parse(`"${written}"`) as string;
    expect([method(written), method(written)]).toEqual([name, name]);
  });

  it('is never mistaken for another, however many there are', () => {
    const parser = new StreamingParser();
    const names = Array.from({ length: 5_000 }, (_, i) => `method/${i}`);
    const input = bytesOf(names.map((name) => `{"jsonrpc":"2.0","method":"${name}"}\n`).join(''));
    for (let round = 0; round < 2; round++) {
      expect(parser.parseMultipleFromBytes(input).map((message) => message.method)).toEqual(names);
    }
  });
});
