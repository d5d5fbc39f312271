import type { BackendInfo } from '../../backend/select.js';
import { AirsMcpError } from '../../base/errors.js';
import type { TransferCounters } from '../../buffer/counters.js';
import type { CorrelationStatistics } from '../../correlation/statistics.js';
import { JsonRpcPeer } from '../../peer/peer.js';
import { ChildProcessTransport } from '../../transport/child.js';
import type { ClientMethods, ServerMethods } from './methods.js';

/** Longest message that the demo's client takes (bytes). */
const LIMIT = 8 * 1024 * 1024;

/** What a session came to. */
export interface Figures {
  readonly calls: Pick<CorrelationStatistics, 'completed' | 'failed' | 'timedOut' | 'cancelled'>;
  readonly transfers: TransferCounters;
  /** Buffers that were left to the garbage collector. */
  readonly lostToGc: number;
}

/** A client and its server process. */
export class Session {
  readonly transport: ChildProcessTransport;
  readonly peer: JsonRpcPeer<ServerMethods, ClientMethods>;
  readonly limit = LIMIT;
  /** Name of the backend that both run on. */
  readonly backend: BackendInfo['name'];
  /** What was reported of frames that are no messages. */
  readonly refused: AirsMcpError[] = [];

  /** @param server the compiled `server.js` beside this file */
  constructor(server: string, backend: BackendInfo['name']) {
    this.backend = backend;
    this.transport = new ChildProcessTransport({
      command: process.execPath, args: [server], env: { AIRS_MCP_BACKEND: backend }, stderr: 'ignore', buffer: { maxMessageSize: LIMIT },
    });
    this.peer = new JsonRpcPeer<ServerMethods, ClientMethods>(this.transport, {
      handlers: { answer: ({ params }) => ({ answer: `${params.what} is 42` }) },
    });
    this.peer.onerror = (error) => {
      if (error instanceof AirsMcpError && error.code === 'AIRS_MCP_PARSE_ERROR') this.refused.push(error);
    };
  }

  /** A call of a method that the types don't know. */
  callAnything(method: string): Promise<unknown> {
    return (this.peer as unknown as JsonRpcPeer).request(method);
  }

  figures(): Figures {
    const { completed, failed, timedOut, cancelled } = this.peer.correlation.statistics();
    const { transfers, lostToGc } = this.transport.buffers.metrics();
    return { calls: { completed, failed, timedOut, cancelled }, transfers, lostToGc };
  }
}
