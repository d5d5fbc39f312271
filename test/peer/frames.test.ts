import { describe, expect, it } from 'vitest';
import { facing, request, rest, result, until } from './support.js';

const LIMIT = 1000;
const options = [{ handlers: { m: () => 'ok' } }, { buffer: { maxMessageSize: LIMIT } }] as const;

/** Pads a frame to exactly `length` bytes by what it says at `#`. */
const padded = (text: string, length: number): string => text.replace('#', 'x'.repeat(length - text.length + 1));

describe('a frame that is too long', () => {
  it.each(['7', '"seven"', '9223372036854775808'])('and a request is answered with an error under its id: %s', async (id) => {
    const { peer, say, text, errors } = await facing(...options);
    for (const form of [`{"jsonrpc":"2.0","id":${id},"method":"m","params":["#"]}`, `{"method":"m","params":["#"],"jsonrpc":"2.0","id":${id}}`]) {
      say(padded(form, LIMIT - 1), padded(form, LIMIT));
      expect(await text()).toBe(`{"jsonrpc":"2.0","id":${id},"result":"ok"}`);
      expect(await text()).toBe(`{"jsonrpc":"2.0","id":${id},"result":"ok"}`);
      say(padded(form, LIMIT + 1), padded(form, 100 * LIMIT));
      for (let i = 0; i < 2; i++) {
        expect(await text()).toMatch(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32600,`);
      }
    }
    expect(errors.every((error) => (error as { code?: string }).code === 'AIRS_MCP_MESSAGE_TOO_LARGE')).toBe(true);
    await peer.close();
  });

  it('and an answer fails its own call, and no other', async () => {
    const { peer, say, heard, unheard } = await facing(...options);
    const calls = [peer.request('a'), peer.request('b'), peer.request('c')];
    for (const _ of calls) await heard();
    say(padded('{"jsonrpc":"2.0","id":1,"result":"#"}', LIMIT + 1));
    await expect(calls[0]).rejects.toMatchObject({ code: 'AIRS_MCP_MESSAGE_TOO_LARGE' });
    say(padded('{"error":{"code":1,"message":"#"},"jsonrpc":"2.0","id":2}', 50 * LIMIT));
    await expect(calls[1]).rejects.toMatchObject({ code: 'AIRS_MCP_MESSAGE_TOO_LARGE' });
    say(result(3, 'fine'));
    expect(await calls[2]).toBe('fine');
    expect(unheard()).toEqual([]);
    await peer.close();
  });
});

describe('a frame that is no message', () => {
  const NOISE = ['Server listening on port 3000', '{"level":"info","msg":"ready"}', '"text"', '42', '{', '\u001b[32mok\u001b[0m', '{"jsonrpc":"2.0"}'];

  it.each(NOISE)('is reported and not answered in MCP: %s', async (noise) => {
    const { peer, say, heard, errors, unheard } = await facing({ handlers: { m: () => 'ok' } });
    say(noise, request(1, 'm'));
    expect(await heard()).toEqual(result(1, 'ok'));
    expect(unheard()).toEqual([]);
    expect(errors).toHaveLength(1);
    await peer.close();
  });

  it.each(NOISE)('is answered with id null in LSP: %s', async (noise) => {
    const { peer, say, heard } = await facing({ handlers: { m: () => 'ok' }, protocol: 'lsp' });
    say(noise, request(1, 'm'));
    expect(await heard()).toMatchObject({ id: null, error: { code: expect.any(Number) as number } });
    expect(await heard()).toEqual(result(1, 'ok'));
    await peer.close();
  });

  it.each([
    ['{"jsonrpc":"2.0","id":5,"method":7}', 5, -32600],
    ['{"jsonrpc":"2.0","id":"x","method":"m","params":"text"}', 'x', -32600],
    ['{"id":5,"method":"m"}', 5, -32600],
    ['{"jsonrpc":"2.0","id":5,"method":"m","params":{"a":}}', 5, -32700],
  ])('but shows the id of a call is answered under it: %s', async (line, id, code) => {
    const { peer, say, heard } = await facing({ handlers: { m: () => 'ok' } });
    say(line);
    expect(await heard()).toMatchObject({ id, error: { code } });
    await peer.close();
  });

  it.each([
    '{"jsonrpc":"2.0","id":1,"result":{"a":}}',
    '{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"m"}}',
    '{"jsonrpc":"2.0","id":1,"error":"text"}',
    '{"id":1,"result":1}',
  ])('but shows the id of an answer fails that call, and is not answered: %s', async (line) => {
    for (const protocol of ['mcp', 'lsp'] as const) {
      const { peer, say, heard, unheard } = await facing({ protocol });
      const call = peer.request('m');
      await heard();
      say(line);
      await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/PARSE_ERROR|INVALID_REQUEST/) as string });
      await rest();
      expect(unheard()).toEqual([]);
      await peer.close();
    }
  });

  it.each(['mcp', 'lsp'] as const)('but has the id of a call and nothing else is the answer to it, in a batch too: %s', async (protocol) => {
    const { peer, say, heard, unheard } = await facing({ protocol, handlers: { m: () => 'ok' } });
    const calls = [peer.request('a'), peer.request('b'), peer.request('c')];
    for (const _ of calls) await heard();
    say({ jsonrpc: '2.0', id: 1, result: undefined }, [{ jsonrpc: '2.0', id: 2 }, request(9, 'm')], { jsonrpc: '2.0', id: 1 });
    await expect(calls[0]).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_REQUEST' });
    await expect(calls[1]).rejects.toMatchObject({ code: 'AIRS_MCP_INVALID_REQUEST' });
    expect(await heard()).toEqual([result(9, 'ok')]);
    say(result(3, 'fine'));
    expect(await calls[2]).toBe('fine');
    // The id of nobody: as JSON-RPC 2.0 has it, a request that is none.
    say({ jsonrpc: '2.0', id: 4 });
    expect(await heard()).toMatchObject({ id: 4, error: { code: -32600 } });
    expect(unheard()).toEqual([]);
    expect(peer.correlation.statistics()).toMatchObject({ completed: 1, failed: 2, late: 1, unknown: 0 });
    await peer.close();
  });

  it('is not answered again and again by two peers', async () => {
    const { peer, say, heard, unheard } = await facing({ protocol: 'lsp' });
    say('noise');
    const answer = await heard();
    say(answer as object);
    await rest();
    expect(unheard()).toEqual([]);
    expect(peer.correlation.statistics().unknown).toBe(1);
    await peer.close();
  });

  it('does no harm to a peer whose onerror throws', async () => {
    const { peer, say, heard } = await facing({ protocol: 'lsp', handlers: { m: () => 'ok' } });
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', note);
    peer.onerror = () => {
      throw new Error('onerror');
    };
    say('noise', request(1, 'm'));
    expect(await heard()).toMatchObject({ id: null });
    expect(await heard()).toEqual(result(1, 'ok'));
    await until(() => uncaught.length > 0);
    process.off('uncaughtException', note);
    for (const listener of others) process.on('uncaughtException', listener);
    expect(uncaught).toMatchObject([{ message: 'onerror' }]);
    await peer.close();
  });
});
