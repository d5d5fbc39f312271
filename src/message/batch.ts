import { asBuffer, decodeText } from '../base/bytes.js';
import type { Encoded } from './draft.js';
import type { JsonRpcMessage } from './message.js';

/** Several messages as one batch (JSON-RPC 2.0 section 6). */
export function encodeBatch(messages: readonly JsonRpcMessage[]): Encoded {
  const texts = messages.map((message) => {
    const { head, raw, tail } = message.encode();
    return raw === undefined ? head : head + decodeText(asBuffer(raw), 0, raw.length) + tail;
  });
  return { head: `[${texts.join(',')}]`, raw: undefined, tail: '' };
}
