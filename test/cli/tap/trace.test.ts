import { describe, expect, it } from 'vitest';
import { LOOK_LIMIT } from '../../../src/cli/tap/lines.js';
import type { Gap, Row, Side } from '../../../src/cli/tap/row.js';
import { Trace } from '../../../src/cli/tap/trace.js';

interface Tracing {
  rows: Row[];
  gaps: Gap[];
  trace: Trace;
  send(from: Side, line: string, at?: number): void;
}

function tracing(): Tracing {
  const rows: Row[] = [];
  const gaps: Gap[] = [];
  const trace = new Trace({ row: (row) => void rows.push(row), gap: (gap) => void gaps.push(gap) });
  return { rows, gaps, trace, send: (from, line, at = 0) => trace.bytes(from, Buffer.from(`${line}\n`), at) };
}

const request = (id: unknown, method = 'tools/call'): string => JSON.stringify({ jsonrpc: '2.0', id, method, params: {} });
const response = (id: unknown, result: unknown = {}): string => JSON.stringify({ jsonrpc: '2.0', id, result });

describe('a trace', () => {
  it('tells an answer\'s method and how long it took', () => {
    const { rows, send } = tracing();
    send('client', request(1), 10);
    send('server', response(1), 25);
    expect(rows).toMatchObject([
      { at: 10, from: 'client', kind: 'request', method: 'tools/call', id: '1', bytes: request(1).length, duration: undefined },
      { at: 25, from: 'server', kind: 'response', method: 'tools/call', id: '1', bytes: response(1).length, duration: 15 },
    ]);
  });

  it('keeps the two directions apart, and ids of different types', () => {
    const { rows, send } = tracing();
    send('client', request(1, 'a'), 0);
    send('server', request(1, 'b'), 1);
    send('client', request('1', 'c'), 2);
    send('client', response(1), 3);
    send('server', response('1'), 4);
    send('server', response(1), 5);
    expect(rows.slice(3).map(({ method, duration }) => [method, duration])).toEqual([['b', 2], ['c', 2], ['a', 5]]);
  });

  it('measures messages in any cut of the input', () => {
    const { rows, trace } = tracing();
    const bytes = Buffer.from(`${request(1)}\r\n\n  \n${response('x')}\n`);
    for (let i = 0; i < bytes.length; i++) trace.bytes('client', bytes.subarray(i, i + 1), i);
    expect(rows.map(({ kind, bytes: size }) => [kind, size])).toEqual([['request', request(1).length + 1], ['response', response('x').length]]);
  });

  it('shows error answers with their number and text, and results that say isError', () => {
    const { rows, send, trace } = tracing();
    send('client', request(1));
    send('server', '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}');
    send('client', request(2));
    send('server', response(2, { isError: true, content: [] }));
    expect(rows[1]).toMatchObject({ kind: 'error', method: 'tools/call', code: -32602, text: 'no such tool' });
    expect(rows[3]).toMatchObject({ kind: 'response', text: 'isError' });
    expect(trace.end(0).methods).toMatchObject([{ method: 'tools/call', calls: 2, answers: 2, errors: 2 }]);
  });

  it('shows a line that is no message by what it begins with, and goes on', () => {
    const { rows, send } = tracing();
    send('server', `Listening on ${'x'.repeat(1000)}`);
    send('server', '{"jsonrpc":"1.0"}');
    send('server', response(1));
    expect(rows.map(({ kind, code }) => [kind, code])).toEqual([
      ['invalid', 'AIRS_MCP_PARSE_ERROR'], ['invalid', 'AIRS_MCP_INVALID_REQUEST'], ['response', undefined],
    ]);
    expect(rows[0]).toMatchObject({ bytes: 1013, text: expect.stringMatching(/^Listening on x{100,147}$/) });
  });

  it('does not read a message past the limit, but pairs and measures it', () => {
    const { rows, send, trace } = tracing();
    const long = 'A'.repeat(LOOK_LIMIT);
    const call = `{"jsonrpc":"2.0","id":7,"method":"files/write","params":{"data":"${long}"}}`;
    send('client', call, 5);
    send('server', `{"jsonrpc":"2.0","id":7,"result":{"data":"${long}"}}`, 9);
    expect(rows).toMatchObject([
      { kind: 'invalid', method: 'files/write', id: '7', bytes: call.length, code: 'AIRS_MCP_MESSAGE_TOO_LARGE', text: 'too long to be looked into' },
      { kind: 'invalid', method: 'files/write', id: '7', duration: 4 },
    ]);
    expect(trace.end(10)).toMatchObject({ methods: [{ method: 'files/write', calls: 1, answers: 1, errors: 0 }], unanswered: [] });
  });

  it('shows the members of a batch', () => {
    const { rows, send } = tracing();
    send('client', `[${request(1, 'a')},${request(2, 'b')}]`);
    expect(rows.map(({ method, bytes }) => [method, bytes])).toEqual([['a', request(1, 'a').length], ['b', request(2, 'b').length]]);
  });

  it('lists what was never answered, and what was cancelled apart', () => {
    const { send, trace } = tracing();
    send('client', request(1, 'a'));
    send('client', request('two', 'b'));
    send('client', '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"two"}}');
    send('server', request(1, 'c'));
    expect(trace.end(0).unanswered).toEqual([
      { caller: 'client', method: 'a', id: '1', cancelled: false },
      { caller: 'client', method: 'b', id: '"two"', cancelled: true },
      { caller: 'server', method: 'c', id: '1', cancelled: false },
    ]);
  });

  it('takes a last line without its end', () => {
    const { rows, trace } = tracing();
    trace.bytes('server', Buffer.from(response(1)), 0);
    expect(rows).toEqual([]);
    trace.end(1);
    expect(rows).toMatchObject([{ kind: 'response', bytes: response(1).length }]);
  });

  it('gives up the line in which bytes are missing, and counts them', () => {
    const { rows, gaps, trace, send } = tracing();
    trace.bytes('client', Buffer.from('{"jsonrpc":"2.0",'), 0);
    trace.gap('client', 1_000, 1);
    send('client', '"id":1,"method":"lost"}');
    send('client', request(2, 'found'));
    expect(gaps).toEqual([{ from: 'client', unseen: 1_000, at: 1 }]);
    expect(rows.map(({ method }) => method)).toEqual(['found']);
    expect(trace.end(2).client).toMatchObject({ messages: 1, unseen: 1_000, bytes: 17 + 1_000 + 24 + request(2, 'found').length + 1 });
  });

  it('remembers a bounded number of requests and methods', () => {
    const { send, trace } = tracing();
    for (let i = 0; i < 10_050; i++) send('client', request(i, `method ${i % 150}`));
    send('client', request('x'.repeat(300)));
    const { unanswered, forgotten, methods } = trace.end(0);
    expect({ open: unanswered.length, forgotten, first: unanswered[0]?.id }).toEqual({ open: 10_000, forgotten: 51, first: '50' });
    expect(methods).toHaveLength(101);
    expect(methods[0]?.method).toBe('(others)');
  });
});
