import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { JsonRpcMessage } from '../../../src/message/message.js';
import { type ChildProcessOptions, ChildProcessTransport } from '../../../src/transport/child.js';

const script = fileURLToPath(new URL('../../fixtures/transport/plain-echo.mjs', import.meta.url));

function child(mode = 'plain', options: Partial<ChildProcessOptions> = {}): ChildProcessTransport {
  return new ChildProcessTransport({ command: process.execPath, args: [script, mode], stderr: 'ignore', ...options });
}

const ask = (transport: ChildProcessTransport, id: number, params: unknown[]): Promise<JsonRpcMessage> => {
  const answer = new Promise<JsonRpcMessage>((resolve) => {
    transport.onmessage = (message) => (message.id === id ? resolve(message) : message.release());
  });
  void transport.send(JsonRpcMessage.request(id, 'echo', params));
  return answer;
};

const ended = (transport: ChildProcessTransport): Promise<Error[]> =>
  new Promise((resolve) => {
    const errors: Error[] = [];
    transport.onerror = (error) => errors.push(error);
    transport.onclose = () => resolve(errors);
  });

describe('a child process', () => {
  it('answers, also with messages of a megabyte, and is gone after the close', async () => {
    const transport = child();
    await transport.start();
    expect((await ask(transport, 1, ['hello'])).result).toEqual(['hello']);
    const large = await ask(transport, 2, ['x'.repeat(1_000_000)]);
    expect((large.result as string[])[0]).toHaveLength(1_000_000);
    const { pid } = transport;
    await transport.close();
    expect(() => process.kill(pid as number, 0)).toThrow();
  });

  it('may write what is no message between its answers', async () => {
    const transport = child('chatty');
    await transport.start();
    expect((await ask(transport, 1, ['hello'])).result).toEqual(['hello']);
    await transport.close();
  });

  it('may fill standard error without anybody reading it; its end is kept', async () => {
    const transport = child('noisy');
    await transport.start();
    expect((await ask(transport, 1, ['hello'])).result).toEqual(['hello']);
    await transport.close();
    expect(transport.stderrTail).toBe('x'.repeat(64 * 1024));
  });

  it('that dies is reported with its last words, and closes the transport', async () => {
    const transport = child('die');
    const end = ended(transport);
    transport.onmessage = (message) => message.release();
    await transport.start();
    const [error] = await end;
    expect(error).toMatchObject({ code: 'AIRS_MCP_CHILD_EXITED' });
    expect(error?.message).toContain('no licence found');
  });

  it('that is killed in the middle of a request is reported, and what is unsent is refused', async () => {
    const transport = child();
    const end = ended(transport);
    transport.onmessage = (message) => message.release();
    await transport.start();
    await transport.send(JsonRpcMessage.request(1, 'echo', ['crash']));
    expect(await end).toMatchObject([{ code: 'AIRS_MCP_CHILD_EXITED' }]);
    await expect(transport.send(JsonRpcMessage.notification('n'))).rejects.toMatchObject({ code: 'AIRS_MCP_CHILD_EXITED' });
  });

  it('that never reads leaves every send settled at the close', async () => {
    const transport = child('deaf', { closeTimeout: 100 });
    await transport.start();
    const sends = Array.from({ length: 15 }, (_, id) => transport.send(JsonRpcMessage.request(id, 'm', ['y'.repeat(1_000_000)])));
    await transport.close();
    expect(await Promise.allSettled(sends)).toHaveLength(15);
  });

  it('that ignores the end of its input and SIGTERM is killed', async () => {
    const transport = child('stubborn', { closeTimeout: 100 });
    await transport.start();
    await ask(transport, 1, []);
    const { pid } = transport;
    await transport.close();
    expect(() => process.kill(pid as number, 0)).toThrow();
  });

  it('that does not exist fails the start', async () => {
    const transport = new ChildProcessTransport({ command: 'no-such-program-anywhere' });
    await expect(transport.start()).rejects.toMatchObject({ code: 'AIRS_MCP_SPAWN_FAILED' });
  });
});
