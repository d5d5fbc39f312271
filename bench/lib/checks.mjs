/** Counts, in a thread whose channels are its own, how often one call asks a channel whether somebody listens. */

import { channel } from 'node:diagnostics_channel';
import { parentPort, workerData } from 'node:worker_threads';
import { pair } from '../groups/monitor.mjs';

const CALLS = 100;
let checks = 0;
for (const name of workerData) Object.defineProperty(channel(name), 'hasSubscribers', { get: () => (checks++, false) });
const { call, close } = await pair();
checks = 0;
for (let i = 0; i < CALLS; i++) await call();
parentPort.postMessage(Math.round(checks / CALLS));
await close();
