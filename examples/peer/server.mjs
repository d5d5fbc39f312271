// @ts-check
/**
 * A small server in the manner of MCP, over standard input and output: `client.mjs` starts it and calls it.
 * Standard output is the connection, so what it has to tell goes to standard error.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { rawJson, serveStdio } from '../../dist/index.js';

/**
 * What the server answers. A method without `params` takes none; one without `result` is a notification.
 * @typedef {{
 *   initialize: { params: { clientInfo: { name: string } }, result: { serverInfo: { name: string } } },
 *   'tools/list': { result: { tools: { name: string }[] } },
 *   'tools/call': { params: { name: string, arguments?: object }, result: { content: { type: 'text', text: string }[] } },
 *   import: { params: { files: string[] }, result: { imported: number } },
 *   greet: { result: { greeting: string } },
 *   'notifications/initialized': {},
 * }} ServerMethods
 */

/**
 * What it calls the client for.
 * @typedef {{ 'user/name': { result: string } }} ClientMethods
 */

const TOOLS = Buffer.from('{"tools":[{"name":"count"}]}');

/** @param {string} text */
const say = (text) => ({ content: [{ type: /** @type {const} */ ('text'), text }] });

/** @type {import('../../dist/index.js').Handlers<ServerMethods>} */
const handlers = {
  initialize: ({ params }) => ({ serverInfo: { name: `server of ${params.clientInfo.name}` } }),

  // JSON text that is ready is sent as it is.
  'tools/list': () => rawJson(TOOLS),

  // `at` reads one value, and leaves the rest of the params unparsed.
  'tools/call': (request) => {
    const name = request.at('/params/name');
    if (name === 'count') return say(`${request.rawParams?.length} bytes of params`);
    throw Object.assign(new Error(`no such tool: ${name}`), { code: -32602, data: { known: ['count'] } });
  },

  async import(request) {
    const { files } = request.params;
    for (const [done, file] of files.entries()) {
      await delay(5, undefined, { signal: request.signal });
      await request.progress({ progress: done + 1, total: files.length, message: file });
    }
    return { imported: files.length };
  },

  // A handler may call the other side.
  greet: async () => ({ greeting: `Hello, ${await peer.request('user/name')}!` }),

  'notifications/initialized': () => {
    console.error('a client is here');
  },
};

/** @type {import('../../dist/index.js').JsonRpcPeer<ClientMethods, ServerMethods>} */
const peer = await serveStdio(handlers, { processor: { workerCount: 16, requestTimeout: 60_000 } });
peer.onerror = (error) => console.error(error.message);
