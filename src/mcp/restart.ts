import { AirsMcpError } from '../base/errors.js';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import { OptionReader } from '../base/options.js';
import { Handshake, HeldMessages } from './handshake.js';
import type { Link } from './link.js';
import type { JSONRPCMessage } from './wire.js';

/** How a server that died is started again. Only its death counts: a slow answer never restarts it. */
export interface RestartOptions {
  /** Restarts in a row before the transport gives up and closes (count). Default 5. */
  maxRestarts?: number | undefined;
  /** Wait before the first restart (ms), doubled for each that follows. Default 500. */
  initialDelay?: number | undefined;
  /** Longest wait (ms). Default 30,000. */
  maxDelay?: number | undefined;
  /** A server that lived this long counts as healthy: the next restart is a first one again (ms). Default 60,000. */
  healthyAfter?: number | undefined;
}

/** What `onrestart` is told. */
export interface RestartInfo {
  /** How many restarts in a row this was (count, from 1). */
  readonly attempt: number;
  /** What ended the process before. */
  readonly cause: Error;
}

/** When to start again, and when to give up. */
export class RestartPolicy {
  /** Restarts since the server was last healthy. */
  attempts = 0;
  /** When the process started that is alive; null while none is. */
  private startedAt: number | null = null;
  private readonly maxRestarts: number;
  private readonly initialDelay: number;
  private readonly maxDelay: number;
  private readonly healthyAfter: number;

  /** @throws `AIRS_MCP_INVALID_CONFIG` */
  constructor(options: RestartOptions, private readonly now: () => number = () => performance.now()) {
    const reader = new OptionReader('restart', options);
    const time = { min: 0, max: MAX_TIMER_DELAY, unit: 'ms' };
    this.maxRestarts = reader.number('maxRestarts', { preset: 5, min: 0, max: Number.MAX_SAFE_INTEGER, unit: 'restarts' });
    this.initialDelay = reader.number('initialDelay', { ...time, preset: 500 });
    this.maxDelay = reader.number('maxDelay', { ...time, preset: 30_000 });
    this.healthyAfter = reader.number('healthyAfter', { ...time, preset: 60_000 });
    reader.check();
  }

  started(): void {
    this.startedAt = this.now();
  }

  /** The server died: how long to wait before it is started again (ms), or null to give up. */
  next(): number | null {
    if (this.startedAt !== null && this.now() - this.startedAt >= this.healthyAfter) this.attempts = 0;
    this.startedAt = null;
    if (this.attempts >= this.maxRestarts) return null;
    return Math.min(this.maxDelay, this.initialDelay * 2 ** this.attempts++);
  }
}

/** What a supervisor asks of its transport. */
export interface SupervisorHost {
  /** Starts a process; rejects where that is impossible. */
  launch(): Promise<Link>;
  report(error: Error): void;
  restarted(info: RestartInfo): void;
  gaveUp(): void;
}

/** Starts a server again when its process has ended by itself. */
export class Supervisor {
  handshake = new Handshake();
  hasRestarted = false;
  private readonly policy: RestartPolicy;
  private held: HeldMessages | null = null;
  private timer: NodeJS.Timeout | undefined;

  /** @throws `AIRS_MCP_INVALID_CONFIG` */
  constructor(options: RestartOptions, private readonly host: SupervisorHost) {
    this.policy = new RestartPolicy(options);
  }

  /** Whether the server is away and expected back. */
  get isRestarting(): boolean {
    return this.held !== null;
  }

  /** A first start. */
  reset(): void {
    this.handshake = new Handshake();
    this.hasRestarted = false;
    this.policy.attempts = 0;
    this.policy.started();
  }

  hold(message: JSONRPCMessage): Promise<void> {
    return (this.held ??= new HeldMessages()).hold(message);
  }

  /** The process behind `link` is gone: false where it won't be started again. */
  revive(link: Link): boolean {
    const cause = (link.cause ??= new AirsMcpError('AIRS_MCP_CHILD_EXITED', 'the server ended'));
    this.handshake.abort(cause);
    return this.handshake.complete && this.schedule(cause);
  }

  /** No more restarts. */
  stop(): void {
    clearTimeout(this.timer);
    const error = new AirsMcpError('AIRS_MCP_TRANSPORT_CLOSED', 'Not connected: the transport is closed');
    this.handshake.abort(error);
    this.held?.refuse(error);
    this.held = null;
  }

  private schedule(cause: Error): boolean {
    const delay = this.policy.next();
    if (delay === null) return false;
    this.held ??= new HeldMessages();
    this.timer = setTimeout(() => void this.restart(cause), delay);
    return true;
  }

  private async restart(cause: Error): Promise<void> {
    let link: Link;
    try {
      link = await this.host.launch();
    } catch (error) {
      this.host.report(error as Error);
      if (this.held !== null && !this.schedule(error as Error)) this.host.gaveUp();
      return;
    }
    this.policy.started();
    this.hasRestarted = true;
    try {
      await this.handshake.replay((message) => link.send(message));
    } catch (error) {
      return this.refused(link, error as Error);
    }
    const { held } = this;
    if (held === null) return; // closed meanwhile
    this.held = null;
    held.release((message) => link.send(message));
    this.host.restarted({ attempt: this.policy.attempts, cause });
  }

  /** The session could not be opened again. Where the process died of it, `revive` has been told already. */
  private refused(link: Link, error: Error): void {
    if (link.cause !== undefined || this.held === null) return;
    this.host.report(error);
    this.handshake = new Handshake(); // incomplete: the end of the process is the end
    void link.close();
  }
}
