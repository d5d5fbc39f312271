/** What the echo servers answer: the same on every side. */

/** The arguments of a call: a text to say again, or the size of the text that is wanted (bytes). */
export interface EchoArguments {
  readonly message?: string;
  readonly size?: number;
}

export interface EchoParams {
  readonly name: string;
  readonly arguments: EchoArguments;
}

export interface EchoResult {
  readonly content: readonly [{ readonly type: 'text'; readonly text: string }];
}

const texts = new Map<number, string>();

export function echoResult({ message }: EchoArguments): EchoResult {
  return { content: [{ type: 'text', text: `Echo: ${message}` }] };
}

export function sizedResult(size: number): EchoResult {
  const text = texts.get(size) ?? 'QUJD'.repeat(size / 4);
  texts.set(size, text);
  return { content: [{ type: 'text', text }] };
}
