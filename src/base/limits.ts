/** Default limits. Sizes are bytes, times are milliseconds, the rest are counts. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Longest frame accepted, without its line end (bytes). Above the MCP SDK's 10 MiB. */
export const DEFAULT_MAX_MESSAGE_SIZE = 50 * MIB;
/** Largest value that maxMessageSize may take (bytes): offsets are 32-bit and buffers grow by doubling. */
export const MAX_MESSAGE_SIZE_CEILING = 512 * MIB;
/** Most members that a batch may have (count). */
export const DEFAULT_MAX_BATCH_SIZE = 10_000;
/** Largest value of that: what the scanner counts with has 31 bits. */
export const MAX_BATCH_SIZE_CEILING = 2 ** 31 - 1;
/** Capacity of one pooled read buffer (bytes): holds four default windows of a socket read. */
export const DEFAULT_READ_BUFFER_CAPACITY = 256 * KIB;
/** Capacity of one pooled write buffer (bytes). */
export const DEFAULT_WRITE_BUFFER_CAPACITY = 64 * KIB;
/** Buffers of each kind that a pool lends at a time (count). */
export const DEFAULT_BUFFER_POOL_SIZE = 100;
/** Largest capacity of a pooled buffer (bytes). */
export const MAX_BUFFER_CAPACITY = 512 * MIB;
/** Largest pool (count). Buffers are made on demand, so an unused permit costs nothing. */
export const MAX_BUFFER_POOL_SIZE = 65_536;
/** How long acquire waits for a buffer (ms). */
export const DEFAULT_POOL_TIMEOUT = 5_000;
/** Memory that waits for the next slab larger than a pooled one, or past the pool's limit (bytes). */
export const LARGE_SLAB_CACHE = 32 * MIB;
/** The least that this is lowered to where messages are short (bytes). */
export const LEAST_SLAB_CACHE = 4 * MIB;
/** Most slabs in that cache (count): it is searched from end to end. */
export const LARGE_SLAB_CACHE_COUNT = 64;
/** From this length on, a buffer's bytes are handed out as a view (bytes): below, a copy costs less than a fresh slab. */
export const EXPOSE_FROM = 16 * KIB;
/** Bytes held by consumers past which sources pause (bytes). */
export const DEFAULT_BACKPRESSURE_THRESHOLD = 8 * MIB;
/**
 * Pending output at which the writer flushes before the tick ends (bytes). Small enough that the peer works on the
 * first messages of a burst while we still make the last: with one flush for all, the two take turns.
 */
export const FLUSH_THRESHOLD = 8 * KIB;
/** From here on, bytes that are ready are given to the stream as they are rather than gathered (bytes). */
export const DIRECT_SEND_FROM = 32 * KIB;
/** Output accepted and not yet taken by the peer, past which send is refused (bytes). */
export const DEFAULT_MAX_SEND_QUEUE = 64 * MIB;
/** Capacity asked for the pipes of ours (bytes): the most that Linux gives an ordinary user. */
export const PIPE_CAPACITY = MIB;
/** Most of a child's stderr that is kept (bytes). */
export const DEFAULT_STDERR_TAIL = 64 * KIB;
/** Largest value of stderrTailSize (bytes). */
export const MAX_STDERR_TAIL = 16 * MIB;
/** Longest delay that a timer takes (ms); Node fires a longer one at once. */
export const MAX_TIMER_DELAY = 2_147_483_647;
/** How long a transport waits for its peer at each step of closing (ms). */
export const DEFAULT_CLOSE_TIMEOUT = 2_000;
/** Messages that wait between a transport and a consumer that asks for them (count). */
export const DEFAULT_RECEIVE_QUEUE = 1_000;
/** How long a request waits for its response (ms). The MCP SDKs' value. */
export const DEFAULT_REQUEST_TIMEOUT = 60_000;
/** Requests of ours that may wait for their response at a time (count). */
export const DEFAULT_MAX_PENDING_REQUESTS = 10_000;
/** Largest value of maxPendingRequests (count): at the measured bytes for each, about 4 GB. */
export const MAX_PENDING_REQUESTS = 10_000_000;
/** How late a timeout may fire (ms): deadlines are rounded up to a multiple of it. */
export const DEFAULT_CLEANUP_INTERVAL = 10;
/** Largest value of cleanupInterval (ms). */
export const MAX_CLEANUP_INTERVAL = 60_000;
/** Settled requests that are remembered, to tell late answers from those to nothing (count). */
export const RECENT_REQUESTS = 1_024;
/** Handlers that a processor runs at a time on the event loop (count). */
export const DEFAULT_WORKER_COUNT = 64;
/** Most handlers, or threads, of a processor (count). */
export const MAX_WORKER_COUNT = 65_536;
/** Requests that wait in a processor for their handler (count). */
export const DEFAULT_QUEUE_CAPACITY = 1_000;
/** Largest queue of a processor (count). */
export const MAX_QUEUE_CAPACITY = 16_777_216;
/** Share of a processor's queue past which sources pause (0..1). */
export const DEFAULT_QUEUE_PRESSURE = 0.8;
/** How long a handler may take (ms). Callers mostly give up sooner: this frees what would never settle. */
export const DEFAULT_HANDLER_TIMEOUT = 300_000;
/** How long a shutdown waits for handlers to finish (ms). */
export const DEFAULT_SHUTDOWN_TIMEOUT = 5_000;
/** How long a thread may go on with a request that was cancelled before it is replaced (ms). */
export const THREAD_CANCEL_GRACE = 1_000;
/** Unsent output past which a peer reads no further requests (bytes). */
export const REPLY_BACKLOG = 4 * MIB;
