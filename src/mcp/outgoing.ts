import { AirsMcpError } from '../base/errors.js';
import type { WireMessage } from '../base/wire.js';
import type { ZeroCopyTransport } from '../transport/contract.js';
import { sendLong } from './long.js';
import { refusalOf } from './session.js';
import { type JSONRPCMessage, isAnswer, isRequestId } from './wire.js';

/**
 * Sends a plain object. An answer that can't be sent is replaced by an error, so that its call fails rather than
 * hangs; the promise still says what happened.
 */
export function sendOver(transport: ZeroCopyTransport, message: JSONRPCMessage): Promise<void> {
  const sent = sendLong(transport, message) ?? transport.send(message as WireMessage);
  if (isAnswer(message)) {
    sent.catch((error: unknown) => {
      if (!(error instanceof AirsMcpError) || !isRequestId((message as { id?: unknown }).id)) return;
      const { code } = error;
      if (code !== 'AIRS_MCP_NOT_SERIALISABLE' && code !== 'AIRS_MCP_SEND_QUEUE_FULL') return;
      void transport.send(refusalOf((message as { id: string | number }).id, error) as WireMessage);
    });
  }
  return sent;
}
