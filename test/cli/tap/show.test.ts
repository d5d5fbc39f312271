import { describe, expect, it } from 'vitest';
import { plain } from '../../../src/cli/paint.js';
import type { LedgerSummary } from '../../../src/cli/tap/ledger.js';
import type { Row } from '../../../src/cli/tap/row.js';
import { jsonShow, textShow } from '../../../src/cli/tap/show.js';

const EPOCH = Date.UTC(2026, 0, 2, 3, 4, 5);
const ROW: Row = {
  at: 6.7891, from: 'server', kind: 'response', method: 'tools/call', id: '7', bytes: 5_300, duration: 11.23456, code: undefined, text: undefined,
};
const SIDE = { messages: 2, notifications: 1, invalid: 0, bytes: 300, unseen: 0 };
const SUMMARY: LedgerSummary = {
  client: SIDE,
  server: { ...SIDE, invalid: 3, unseen: 2048 },
  methods: [{ caller: 'client', method: 'tools/call', calls: 2, answers: 1, errors: 1, p50: 1.5, p99: 2.5, max: 3.5 }],
  unanswered: [{ caller: 'client', method: 'tools/call', id: '"x"', cancelled: false }, { caller: 'client', method: 'a', id: '2', cancelled: true }],
  forgotten: 1,
};
const OUTCOME = { command: 'node server.js', duration: 1234, code: 0, signal: null };

describe('lines for people', () => {
  const show = textShow(EPOCH, plain);

  it('give time, direction, method, id, size and duration', () => {
    expect(show.row(ROW).replace(/ +/g, ' ')).toBe('03:04:05.006 ← tools/call id 7 5.2 KiB 11.2 ms');
  });

  it('keep what a server wrote from steering the terminal', () => {
    const line = show.row({ ...ROW, method: 'a\u001b[2J', id: '"\u0007"', code: -1, text: 'bad\nnews\u009b' });
    expect(line).toContain('a\\u001b[2J');
    // eslint-disable-next-line no-control-regex
    expect(line).not.toMatch(/[\u0000-\u001f\u0080-\u009f]/);
  });

  it('say what was not looked at', () => {
    expect(show.gap({ at: 0, from: 'client', unseen: 2048 })).toBe('03:04:05.000 → 2.0 KiB passed without being looked at');
  });

  it('sum up: figures by method, both directions, what is unanswered', () => {
    const lines = show.summary(SUMMARY, OUTCOME).map((line) => line.replace(/ +/g, ' ').trim());
    expect(lines).toEqual([
      'node server.js: 1.23 s, exit code 0',
      '→ to the server: 2 messages, 1 of them notifications, 300 B',
      '← to the client: 2 messages, 1 of them notifications, 300 B, 3 lines that are none, or too long, 2.0 KiB not looked at',
      'requests sent answered errors p50 p99 max',
      '→ tools/call 2 1 1 1.50 ms 2.50 ms 3.50 ms',
      'unanswered: 1',
      '→ tools/call id "x"',
      '1 requests were not followed: too many were open, or their id is too long',
    ]);
    expect(show.summary(SUMMARY, { ...OUTCOME, code: null, signal: 'SIGTERM' })[0]).toContain('ended by SIGTERM');
  });
});

describe('JSON lines', () => {
  const show = jsonShow(EPOCH);

  it('carry a message\'s figures, times to the microsecond', () => {
    expect(JSON.parse(show.row(ROW))).toEqual({
      type: 'message', time: '2026-01-02T03:04:05.006Z', at: 6.789, from: 'server', kind: 'response', method: 'tools/call', id: '7', bytes: 5_300, duration: 11.235,
    });
  });

  it('carry gaps and the summary', () => {
    expect(JSON.parse(show.gap({ at: 1, from: 'client', unseen: 5 }))).toMatchObject({ type: 'gap', from: 'client', unseen: 5 });
    expect(JSON.parse(show.summary(SUMMARY, OUTCOME)[0] ?? '')).toEqual({ type: 'summary', ...OUTCOME, ...SUMMARY });
  });
});
