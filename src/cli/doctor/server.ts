/** The server that the doctor's round trip goes to. */

import { backendInfo } from '../../backend/select.js';
import { serveStdio } from '../../peer/serve.js';

/** What it answers to. */
export interface Echo {
  echo: { params: { text: string }; result: { text: string; backend: string } };
}

await serveStdio<Echo>({ echo: ({ params }) => ({ text: params.text, backend: backendInfo().name }) });
