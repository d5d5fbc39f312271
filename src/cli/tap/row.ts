import type { MessageKind } from '../../base/wire.js';

/** Who sent: the host's client, or the server that the tap started. */
export type Side = 'client' | 'server';

/** What is shown of one message, or of one line that is none. */
export interface Row {
  /** When its last byte arrived (ms since the tap's start). */
  readonly at: number;
  readonly from: Side;
  readonly kind: MessageKind;
  /** Of an answer: the method of the request that it answers, where that was seen. */
  readonly method: string | undefined;
  /** As it was written, quotes included. */
  readonly id: string | undefined;
  /** Without the line end. */
  readonly bytes: number;
  /** Of an answer: since its request (ms). */
  readonly duration: number | undefined;
  /** Of an error answer: its JSON-RPC number. Of an invalid line: our code. */
  readonly code: number | string | undefined;
  /** The error's message, or what an invalid line begins with. */
  readonly text: string | undefined;
}

/** Bytes that were forwarded without being looked at, because looking lagged behind. */
export interface Gap {
  readonly at: number;
  readonly from: Side;
  readonly unseen: number;
}
