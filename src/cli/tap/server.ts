import { type ChildProcess, spawn as spawnPlain } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { launch } from '../../transport/launch.js';
import { adopt, disown, signalTree } from '../../transport/process-tree.js';
import { within } from '../../transport/stream.js';

const onWindows = process.platform === 'win32';

/** How long what the server left behind may take to end after SIGTERM (ms). */
const GRACE = 500;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * The server behind the tap, with this process's environment and standard error. On POSIX it leads a process group, so that
 * all it starts can be ended with it; and a guard, a shell that waits for this process's end, ends the group should this
 * process be killed.
 */
export class TappedServer {
  readonly exited: Promise<Exit>;
  private readonly guard: ChildProcess | undefined;

  private constructor(private readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    adopt(child);
    this.guard = onWindows ? undefined : startGuard(child.pid as number); // it was spawned
  }

  /** Rejects with the error of `spawn`. */
  static start(command: string, args: readonly string[]): Promise<TappedServer> {
    const child = launch(command, args, { stdio: ['pipe', 'pipe', 'inherit'], windowsHide: true });
    return new Promise((resolve, reject) => {
      child.once('spawn', () => resolve(new TappedServer(child)));
      // Stays: a later failure to signal it must not bring this process down.
      child.on('error', reject);
    });
  }

  get input(): Writable {
    return this.child.stdin as Writable; // a pipe
  }

  get output(): Readable {
    return this.child.stdout as Readable; // a pipe
  }

  /** Passes on what this process got: SIGINT to all that the server started, as a terminal does; others to the server. */
  signal(name: NodeJS.Signals): void {
    // The console has told it already.
    if (onWindows) return;
    if (name === 'SIGINT') signalTree(this.child, name);
    else this.child.kill(name);
  }

  /** After its exit: ends what is left of its group. */
  async endTree(): Promise<void> {
    if (groupLives(this.child)) {
      signalTree(this.child, 'SIGTERM');
      await within(groupGone(this.child), GRACE);
      signalTree(this.child, 'SIGKILL');
    }
    disown(this.child);
    this.guard?.kill('SIGKILL');
  }
}

/** A killed process can't end its children: the guard sees its own input end, and does. */
function startGuard(group: number): ChildProcess {
  const script = `trap '' HUP INT QUIT TERM; read -r _; kill -s KILL -- -${group}`;
  const guard = spawnPlain('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.on('error', () => undefined);
  guard.unref();
  return guard;
}

function groupLives({ pid }: ChildProcess): boolean {
  if (onWindows || pid === undefined) return false;
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

function groupGone(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (groupLives(child)) return;
      clearInterval(timer);
      resolve();
    }, 10);
    timer.unref();
  });
}
