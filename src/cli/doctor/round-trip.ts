import type { BackendInfo } from '../../backend/select.js';
import { connectStdio } from '../../peer/serve.js';
import { bytesText } from '../text.js';
import type { Step } from '../check.js';
import type { Echo } from './server.js';

/** More than a pipe holds by default, so that reading and writing take turns. */
const TEXT = 'é→'.repeat(20_000);

/** How long the process has to start and answer (ms). */
const PATIENCE = 15_000;

/**
 * Starts a server that runs on the same backend, calls it over its standard input and output, and ends it.
 *
 * @param server the compiled `server.js` beside this file
 */
export function roundTrip(server: string, backend: () => BackendInfo): Step {
  return {
    name: 'carries a message to a child process and back',
    async run() {
      const { name } = backend();
      const peer = await connectStdio<Echo>(process.execPath, [server], {
        transport: { env: { AIRS_MCP_BACKEND: name }, stderr: 'ignore' },
        correlation: { defaultTimeout: PATIENCE },
      });
      try {
        const answer = await peer.request('echo', { text: TEXT });
        if (answer.text !== TEXT) throw new Error('the answer is not what was sent');
        if (answer.backend !== name) throw new Error(`the child process runs on ${answer.backend}, this one on ${name}`);
        return `${bytesText(Buffer.byteLength(TEXT))} each way, both on ${name}`;
      } finally {
        await peer.close();
      }
    },
  };
}
