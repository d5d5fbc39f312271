/** Messages told on the channels of {@link ChannelEvents}. Called only where somebody listens. */

import { FRAME_REFUSED, MESSAGE_RECEIVED, MESSAGE_SENT } from '../base/channels.js';
import type { WireMessage } from '../base/wire.js';
import { PooledBuffer } from '../buffer/pooled.js';
import { JsonRpcMessage } from '../message/message.js';
import type { MessageBytes } from './contract.js';

export type Sendable = JsonRpcMessage | WireMessage | readonly JsonRpcMessage[] | MessageBytes;

export function announceReceived(transport: object, message: JsonRpcMessage): void {
  const { failure, id } = message;
  if (failure === undefined) MESSAGE_RECEIVED.publish({ transport, message });
  else FRAME_REFUSED.publish({ transport, failure, id });
}

export function announceSent(transport: object, sent: Sendable): void {
  for (const message of messagesOf(sent)) MESSAGE_SENT.publish({ transport, message });
}

function messagesOf(sent: Sendable): readonly JsonRpcMessage[] {
  if (sent instanceof JsonRpcMessage) return [sent];
  if (sent instanceof Uint8Array || sent instanceof PooledBuffer) return parsed(sent instanceof PooledBuffer ? sent.bytes : sent);
  if (!Array.isArray(sent)) return quietly(() => JsonRpcMessage.fromObject(sent as WireMessage));
  const parts = sent as readonly JsonRpcMessage[] | readonly Uint8Array[];
  return parts[0] instanceof Uint8Array ? parsed(Buffer.concat(parts as readonly Uint8Array[])) : (parts as readonly JsonRpcMessage[]);
}

const parsed = (bytes: Uint8Array): readonly JsonRpcMessage[] => quietly(() => JsonRpcMessage.fromBytes(bytes));

/** What is sent as it is need not be a message. */
function quietly(read: () => JsonRpcMessage): readonly JsonRpcMessage[] {
  try {
    return [read()];
  } catch {
    return [];
  }
}
