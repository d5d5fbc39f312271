import type { JsonRpcMessage } from '../../message/message.js';
import { StreamingParser } from '../../message/parser.js';
import type { Step } from '../check.js';

const SHORT_LIMIT = 128;
const GOOD = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"text":"größer → \\u00e9"}}';
const NEXT = '{"jsonrpc":"2.0","id":2,"result":{}}';
const LONG = `{"jsonrpc":"2.0","id":3,"method":"ping","params":["${'x'.repeat(SHORT_LIMIT)}"]}`;

/** Each parses lines with the running backend; what comes after a bad one must still arrive. */
export const PARSING: readonly Step[] = [
  step('reads a message in two pieces', [GOOD, NEXT], ['request 1 {"text":"größer → é"}', 'response 2 {}']),
  step('refuses what is not JSON, and reads on', ['{"jsonrpc":"2.0",', NEXT], ['AIRS_MCP_PARSE_ERROR', 'response 2 {}']),
  step('refuses what is no message, and reads on', ['{"jsonrpc":"1.0","id":1,"method":"ping"}', NEXT], ['AIRS_MCP_INVALID_REQUEST', 'response 2 {}']),
  step('refuses a message over the limit, and reads on', [LONG, NEXT], ['AIRS_MCP_MESSAGE_TOO_LARGE', 'response 2 {}']),
];

function step(name: string, lines: readonly string[], expected: readonly string[]): Step {
  return {
    name,
    run() {
      const read = readLines(lines);
      if (read.join('\n') !== expected.join('\n')) throw new Error(`expected ${expected.join(', ')}; got ${read.join(', ') || 'nothing'}`);
      return `${lines.length} lines`;
    },
  };
}

function readLines(lines: readonly string[]): string[] {
  const parser = new StreamingParser({ maxMessageSize: SHORT_LIMIT });
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  // The cut lies within the first message.
  const messages = [bytes.subarray(0, 10), bytes.subarray(10)].flatMap((piece) => parser.parseMultipleFromBytes(piece));
  return [...messages, ...parser.end()].map(said);
}

function said(message: JsonRpcMessage): string {
  const { kind, id, failure } = message;
  const text = failure === undefined ? `${kind} ${id} ${JSON.stringify(message.params ?? message.result)}` : failure.code;
  message.release();
  return text;
}
