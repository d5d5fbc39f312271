import { checkTogether } from '../base/options.js';
import type { ChildProcessOptions } from '../transport/child.js';
import { ChildProcessTransport } from '../transport/child.js';
import { StdioTransport, type StdioOptions } from '../transport/stdio.js';
import type { AnyMethods, Handlers } from './methods.js';
import { checkPeerOptions } from './options.js';
import { JsonRpcPeer, type PeerOptions } from './peer.js';

/** Options of {@link serveStdio}. */
export interface ServeOptions<Local = AnyMethods> extends Omit<PeerOptions<Local>, 'handlers'> {
  /** How the transport moves bytes. */
  transport?: StdioOptions | undefined;
}

/**
 * Serves `handlers` over this process's standard input and output, until the input ends: then what is in flight is
 * finished and written out. Throws as {@link JsonRpcPeer.start}.
 */
export async function serveStdio<Local = AnyMethods, Remote = AnyMethods>(
  handlers: Handlers<NoInfer<Local>>, options: ServeOptions<NoInfer<Local>> = {},
): Promise<JsonRpcPeer<Remote, Local>> {
  const { transport, ...given } = options;
  const peerOptions = { ...given, handlers };
  const made = checked(() => new StdioTransport(transport), peerOptions);
  const peer = new JsonRpcPeer<Remote, Local>(made, peerOptions);
  await peer.start();
  return peer;
}

/** Options of {@link connectStdio}. */
export interface ConnectOptions<Local = AnyMethods> extends PeerOptions<Local> {
  /** How the process is started, and how the transport moves bytes. */
  transport?: Omit<ChildProcessOptions, 'command' | 'args'> | undefined;
}

/** Starts a server process and connects to it. `close()` ends it. Throws as {@link JsonRpcPeer.start}. */
export async function connectStdio<Remote = AnyMethods, Local = AnyMethods>(
  command: string, args: readonly string[] = [], options: ConnectOptions<NoInfer<Local>> = {},
): Promise<JsonRpcPeer<Remote, Local>> {
  const { transport, ...peerOptions } = options;
  const made = checked(() => new ChildProcessTransport({ ...transport, command, args }), peerOptions);
  const peer = new JsonRpcPeer<Remote, Local>(made, peerOptions);
  await peer.start();
  return peer;
}

/** Makes the transport, and tells at once what is wrong with its options and with the peer's. */
function checked<Made>(make: () => Made, peerOptions: Parameters<typeof checkPeerOptions>[0]): Made {
  let made: Made | undefined;
  checkTogether({ transport: () => (made = make()), '': () => checkPeerOptions(peerOptions) });
  return made as Made; // else it has thrown
}
