/**
 * `airs-mcp/client/stdio`: what the MCP SDKs export as `client/stdio`.
 *
 * @module airs-mcp/client/stdio
 */

import { PassThrough, type Stream } from 'node:stream';
import { AirsMcpError } from '../base/errors.js';
import { refused } from '../base/rejection.js';
import { DEFAULT_INHERITED_ENV_VARS as INHERITED } from '../transport/environment.js';
import { Link, type LinkHost, type ServerCommand } from './link.js';
import { type DropInOptions, type Settings, resolveSettings } from './options.js';
import { type RestartInfo, type RestartOptions, RestartPolicy, Supervisor } from './restart.js';
import type { FrameCounts } from './session.js';
import type { JSONRPCMessage, OnMessage } from './wire.js';

export { getDefaultEnvironment } from '../transport/environment.js';
export type { ServerCommand } from './link.js';
export type { DropInOptions } from './options.js';
export type { RestartInfo, RestartOptions } from './restart.js';
export type { FrameCounts } from './session.js';
export type { JSONRPCErrorResponse, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResultResponse, RequestId } from './wire.js';

/** The variables that a server inherits by default; `getDefaultEnvironment` reads this very array. */
export const DEFAULT_INHERITED_ENV_VARS: string[] = INHERITED as string[];

export interface StdioServerParameters extends ServerCommand, DropInOptions {
  /** Whether calls that are open when the server dies fail with its exit code and last words (default), or as the SDK has it. */
  explainExit?: boolean | undefined;
  /** Whether, and how, a server that dies is started again. Default false. */
  restart?: boolean | RestartOptions | undefined;
}

/** How much of standard error waits for somebody to read it (bytes). */
const STDERR_BUFFER = 64 * 1024;

/**
 * A client's side of MCP over stdio, for `connect` of the official SDKs: it runs a server process and owns it with all
 * its descendants. The same parameters, methods and events as the SDKs' class of this name; docs/drop-in.md lists what
 * it does otherwise. Like theirs, it can be started again once it is closed.
 */
export class StdioClientTransport {
  /** Called once for each start, when the server is gone for good. */
  onclose: (() => void) | undefined;
  /** Called for failures, and for output that is no message; before `onclose`. */
  onerror: ((error: Error) => void) | undefined;
  /** Called for each message, synchronously and in order. */
  onmessage: OnMessage | undefined;
  /** Called when a server that died was started again and the session opened anew; state that the server kept is lost. */
  onrestart: ((info: RestartInfo) => void) | undefined;
  /** What was not delivered, and why. */
  readonly counts: Readonly<FrameCounts>;

  /** The SDK's client makes a second transport of these, to find out which version of MCP the server speaks. */
  private readonly _serverParams: Omit<StdioServerParameters, 'restart'>;
  private readonly settings: Settings;
  private readonly host: LinkHost;
  private readonly supervisor: Supervisor | null;
  private link: Link | null = null;
  private closing = false;

  /** @throws `AIRS_MCP_INVALID_ARGUMENT`, `AIRS_MCP_INVALID_CONFIG` */
  constructor(server: StdioServerParameters) {
    const { restart = false, ...parameters } = server;
    this._serverParams = parameters;
    const policy = restart === true ? {} : restart;
    this.settings = resolveSettings(server, (reader) => {
      if (policy !== false) reader.include('restart', () => new RestartPolicy(policy));
    });
    this.counts = { noise: 0, oversize: 0, refused: 0, repaired: 0 };
    const piped = server.stderr === 'pipe' || server.stderr === 'overlapped';
    this.host = {
      deliver: (message) => this.deliver(message),
      report: (error) => this.onerror?.(error),
      closed: (link) => this.ended(link),
      stderr: piped ? new PassThrough({ highWaterMark: STDERR_BUFFER }) : null,
    };
    this.supervisor = policy === false ? null : new Supervisor(policy, {
      launch: () => this.launch(),
      report: (error) => this.onerror?.(error),
      restarted: (info) => this.onrestart?.(info),
      gaveUp: () => this.finish(),
    });
  }

  /** The server's standard error, for `stderr: 'pipe'`; there from construction on. */
  get stderr(): Stream | null {
    return this.host.stderr;
  }

  /** The server's process id; null before the start and from the close on. */
  get pid(): number | null {
    return this.closing ? null : (this.link?.pid ?? null);
  }

  /**
   * Starts the server. The SDK's `connect` does it.
   *
   * @throws `AIRS_MCP_ALREADY_STARTED`; where the program can't be run, the error of `spawn`, such as `ENOENT`
   */
  async start(): Promise<void> {
    if (this.link !== null || this.supervisor?.isRestarting === true) {
      const hint = 'StdioClientTransport already started: the SDK calls start() in connect()';
      throw new AirsMcpError('AIRS_MCP_ALREADY_STARTED', hint);
    }
    this.closing = false;
    this.supervisor?.reset();
    try {
      await this.launch();
    } catch (error) {
      this.onerror?.(error as Error);
      setImmediate(() => this.finish());
      throw error;
    }
  }

  /**
   * Sends a message; those of one tick leave in few writes. Settles when the server has room for more, or is gone.
   * While a server that died is being restarted, messages wait for it.
   *
   * @param _options taken and ignored, as stdio has no use for it
   * @throws as `ChildProcessTransport.send`
   */
  send(message: JSONRPCMessage, _options?: unknown): Promise<void> {
    const { link, supervisor } = this;
    if (this.closing) return refused(new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED', 'Not connected: the transport is closed'));
    if (supervisor !== null) {
      supervisor.handshake.noteOutgoing(message);
      if (supervisor.isRestarting) return supervisor.hold(message);
      // The process that asked has died: its successor knows nothing of the request.
      if (supervisor.hasRestarted && link?.isStale(message) === true) return Promise.resolve();
    }
    return link === null ? refused(new AirsMcpError('AIRS_MCP_NOT_STARTED', 'Not connected')) : link.send(message);
  }

  /** Ends the server's input, waits, signals SIGTERM to it and all it started, waits, signals SIGKILL. Never rejects. */
  async close(): Promise<void> {
    await this.end((link) => link.close());
  }

  /** @internal The SDK's client ends its second transport by it: without waiting for the server to end by itself. */
  async _dispose(): Promise<void> {
    await this.end((link) => link.dispose());
  }

  private async end(how: (link: Link) => Promise<void>): Promise<void> {
    const { link, supervisor } = this;
    if (link === null && supervisor?.isRestarting !== true) return;
    this.closing = true;
    supervisor?.stop();
    if (link === null) this.finish();
    else await how(link);
  }

  private async launch(): Promise<Link> {
    const link = new Link(this._serverParams, this.settings, this.counts, this.host);
    this.link = link;
    try {
      await link.start();
    } catch (error) {
      this.link = null;
      throw error;
    }
    return link;
  }

  private deliver(message: JSONRPCMessage): void {
    if (this.supervisor?.handshake.noteIncoming(message) !== true) this.onmessage?.(message);
  }

  private ended(link: Link): void {
    if (link !== this.link) return;
    this.link = null;
    if (!this.closing && this._serverParams.explainExit !== false) link.failCalls();
    if (this.closing || this.supervisor?.revive(link) !== true) this.finish();
  }

  private finish(): void {
    this.supervisor?.stop();
    this.host.stderr?.end();
    this.onclose?.();
  }
}
