/** What the echo servers answer: the same on every side. */

export function echoResult({ message }) {
  return { content: [{ type: 'text', text: `Echo: ${message}` }] };
}

const texts = new Map();

export function sizedResult(size) {
  if (!texts.has(size)) texts.set(size, 'QUJD'.repeat(size / 4));
  return { content: [{ type: 'text', text: texts.get(size) }] };
}
