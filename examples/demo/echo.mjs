/** The tool of the demo's echo servers: the same on every side. */

export const TOOL = {
  name: 'echo',
  description: 'Answers with what it is given',
  inputSchema: { type: 'object', properties: { message: { type: 'string' }, size: { type: 'integer' }, times: { type: 'integer' } } },
};

const text = (value) => ({ content: [{ type: 'text', text: value }] });

export function echoed(message) {
  return text(`Echo: ${message}`);
}

export function sized(size) {
  return text('A'.repeat(size));
}
