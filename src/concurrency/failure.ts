/** What a handler threw, as the error object of JSON-RPC 2.0 section 5.1. */

import { AirsMcpError } from '../base/errors.js';
import type { WireErrorObject } from '../base/wire.js';

/** Section 5.1: internal error. */
const INTERNAL_ERROR = -32603;

const UNREADABLE: WireErrorObject = { code: INTERNAL_ERROR, message: 'internal error' };

/**
 * An integer `code` is kept, with `message` and `data`; so is the number of an {@link AirsMcpError} that has
 * one. All else is -32603 with its message. Never the stack: it is not the peer's business.
 */
export function describeFailure(thrown: unknown): WireErrorObject {
  try {
    if (typeof thrown !== 'object' || thrown === null) return { code: INTERNAL_ERROR, message: textOf(thrown) };
    const { code, message, data } = thrown as Partial<Record<'code' | 'message' | 'data', unknown>>;
    const kept = thrown instanceof AirsMcpError ? thrown.rpcCode : code;
    if (!Number.isInteger(kept)) return { code: INTERNAL_ERROR, message: textOf(message) };
    const described: WireErrorObject = { code: kept as number, message: textOf(message) };
    if (data !== undefined) described.data = data;
    return described;
  } catch {
    // A getter or a conversion that throws.
    return UNREADABLE;
  }
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message === '' ? UNREADABLE.message : message;
  return typeof message === 'number' || typeof message === 'boolean' ? String(message) : UNREADABLE.message;
}
