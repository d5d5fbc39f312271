import { AirsMcpError } from './errors.js';

/** Stands in for an error number that the peer left out (JSON-RPC 2.0 section 5.1: internal error). */
const INTERNAL_ERROR = -32603;

/** The peer answered a request of ours with an error. Its JSON-RPC number, text, and data are kept. */
export class AirsMcpRemoteError extends AirsMcpError {
  /** The peer's error number; -32603 where it sent none. */
  readonly remoteCode: number;
  /** The peer's `data`, if any. Of an error object that breaks section 5.1, the whole object. */
  readonly data: unknown;

  constructor(remoteCode: number, message: string, data?: unknown) {
    super('AIRS_MCP_REMOTE', message);
    this.remoteCode = remoteCode;
    this.data = data;
  }

  /** From the `error` member of a response, which may be anything: a peer need not keep to section 5.1. */
  static from(error: unknown): AirsMcpRemoteError {
    const fields = (typeof error === 'object' && error !== null ? error : {}) as Partial<Record<'code' | 'message' | 'data', unknown>>;
    const { code, message, data } = fields;
    const wellFormed = typeof code === 'number' && typeof message === 'string';
    return new AirsMcpRemoteError(
      typeof code === 'number' ? code : INTERNAL_ERROR,
      typeof message === 'string' ? message : 'the peer answered with an error that has no message',
      wellFormed ? data : error,
    );
  }

  /** The peer's number: whoever passes the failure on answers with the same. */
  override get rpcCode(): number {
    return this.remoteCode;
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'AirsMcpRemoteError', configurable: true, writable: true });
  }
}
