/**
 * Every failure that this package reports is an {@link AirsMcpError} with a stable `code`.
 * Match the code, never the class or the text.
 */

interface ErrorEntry {
  readonly meaning: string;
  /** Whether the same call may succeed later without a change on the caller's side. */
  readonly retryable: boolean;
  /** The JSON-RPC 2.0 error number (section 5.1) that answers a peer whose input caused it. */
  readonly rpc?: number;
}

/** One row per code: what it means, whether a retry can help, and its JSON-RPC number. */
export const ERROR_TABLE = {
  AIRS_MCP_PARSE_ERROR: { meaning: 'the frame is not valid JSON', retryable: false, rpc: -32700 },
  AIRS_MCP_INVALID_UTF8: { meaning: 'the frame is not valid UTF-8', retryable: false, rpc: -32700 },
  AIRS_MCP_INVALID_REQUEST: { meaning: 'the frame is JSON but not a JSON-RPC 2.0 message', retryable: false, rpc: -32600 },
  AIRS_MCP_BATCH_TOO_LARGE: { meaning: 'a batch has more members than the limit', retryable: false, rpc: -32600 },
  AIRS_MCP_MESSAGE_TOO_LARGE: { meaning: 'a frame is longer than maxMessageSize', retryable: false, rpc: -32600 },
  AIRS_MCP_MESSAGE_TRUNCATED: { meaning: 'the input ended in the middle of a frame', retryable: true, rpc: -32700 },
  AIRS_MCP_BAD_HEADER: { meaning: 'a Content-Length header is missing, malformed, or wrong', retryable: false, rpc: -32700 },

  AIRS_MCP_INVALID_ARGUMENT: { meaning: 'an argument has the wrong type or shape', retryable: false },
  AIRS_MCP_OUT_OF_RANGE: { meaning: 'a numeric argument lies outside its range', retryable: false },
  AIRS_MCP_OUT_OF_MEMORY: { meaning: 'the system has no memory left for a buffer or a scan', retryable: true },
  AIRS_MCP_INVALID_CONFIG: { meaning: 'one or more options are invalid; all are listed', retryable: false },
  AIRS_MCP_NOT_SERIALISABLE: { meaning: 'a value cannot be written as JSON', retryable: false },

  AIRS_MCP_BACKEND_UNAVAILABLE: { meaning: 'the native backend was demanded and cannot load', retryable: false },

  AIRS_MCP_POOL_TIMEOUT: { meaning: 'no pooled buffer came free within poolTimeout', retryable: true },
  AIRS_MCP_POOL_CLOSED: { meaning: 'the buffer manager is closed', retryable: false },
  AIRS_MCP_BUFFER_RELEASED: { meaning: 'a pooled buffer was used after its release', retryable: false },
  AIRS_MCP_BUFFER_FULL: { meaning: 'more bytes than a pooled buffer has room for', retryable: false },
  AIRS_MCP_MESSAGE_RELEASED: { meaning: 'a message was read after its release', retryable: false },

  AIRS_MCP_REQUEST_TIMEOUT: { meaning: 'no response came in time', retryable: true },
  AIRS_MCP_CANCELLED: { meaning: 'the request was cancelled', retryable: false },
  AIRS_MCP_DUPLICATE_ID: { meaning: 'a request with the same id is in flight', retryable: false },
  AIRS_MCP_TOO_MANY_PENDING: { meaning: 'as many requests as maxPendingRequests are in flight', retryable: true },
  AIRS_MCP_REMOTE: { meaning: 'the peer answered with an error', retryable: false },
  AIRS_MCP_SHUTDOWN: { meaning: 'the component was shut down', retryable: false },

  AIRS_MCP_NOT_STARTED: { meaning: 'the transport was used before start()', retryable: false },
  AIRS_MCP_ALREADY_STARTED: { meaning: 'start() was called twice', retryable: false },
  AIRS_MCP_TRANSPORT_CLOSED: { meaning: 'the transport is closed', retryable: false },
  AIRS_MCP_TRANSPORT_FAILED: { meaning: 'the stream below the transport failed', retryable: true },
  AIRS_MCP_CONNECT_FAILED: { meaning: 'a connection could not be made', retryable: true },
  AIRS_MCP_SPAWN_FAILED: { meaning: 'a child process could not be started', retryable: false },
  AIRS_MCP_CHILD_EXITED: { meaning: 'the child process ended by itself', retryable: true },
  AIRS_MCP_SEND_QUEUE_FULL: { meaning: 'the peer does not read and the outgoing queue is at its limit', retryable: true },

  AIRS_MCP_QUEUE_FULL: { meaning: 'as many requests wait as the queue may hold', retryable: true, rpc: -32005 },
  AIRS_MCP_WORKER_CRASHED: { meaning: 'the thread that ran the handler ended', retryable: true, rpc: -32603 },

  AIRS_MCP_PROFILE_FAILED: { meaning: 'a profile cannot be taken or written', retryable: false },
} as const satisfies Record<string, ErrorEntry>;

/** A stable identifier of one kind of failure; see {@link ERROR_TABLE} for its meaning. */
export type AirsMcpErrorCode = keyof typeof ERROR_TABLE;

/** What an {@link AirsMcpError} may carry besides its code. */
export interface AirsMcpErrorOptions {
  /** What led to this failure, where something did. */
  cause?: unknown;
}

/** The base of all errors of this package. */
export class AirsMcpError extends Error {
  /** What went wrong; stable across releases. */
  readonly code: AirsMcpErrorCode;

  constructor(code: AirsMcpErrorCode, message: string = ERROR_TABLE[code].meaning, options?: AirsMcpErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether the same call may succeed later without a change on the caller's side. */
  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable;
  }

  /** The JSON-RPC 2.0 error number to answer with, or undefined for a failure that is ours alone. */
  get rpcCode(): number | undefined {
    const entry: ErrorEntry = ERROR_TABLE[this.code];
    return entry.rpc;
  }

  static {
    // On the prototype, so that a subclass overrides it once and no instance carries it.
    Object.defineProperty(this.prototype, 'name', { value: 'AirsMcpError', configurable: true, writable: true });
  }
}
