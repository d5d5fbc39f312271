/** The thread that looks at what the tap forwards, so that forwarding waits for neither parsing nor showing. */

import { parentPort, workerData } from 'node:worker_threads';
import { paintFor } from '../paint.js';
import { Outlet } from './outlet.js';
import { jsonShow, textShow } from './show.js';
import { type Told, type WorkerSetting, costOf } from './told.js';
import { Trace } from './trace.js';

const { descriptor, json, colours, epoch, backlog } = workerData as WorkerSetting;
const port = parentPort as NonNullable<typeof parentPort>; // this is a worker
const show = json ? jsonShow(epoch) : textShow(epoch, paintFor(colours));
const outlet = new Outlet(descriptor);
let lines: string[] = [];
const trace = new Trace({
  row: (row) => void lines.push(show.row(row)),
  gap: (gap) => void lines.push(show.gap(gap)),
});

port.on('message', (told: Told) => {
  if (told.type === 'bytes') trace.bytes(told.from, told.bytes, told.at);
  else if (told.type === 'gap') trace.gap(told.from, told.unseen, told.at);
  else {
    const summary = trace.end(told.outcome.duration);
    lines.push(...show.summary(summary, told.outcome));
    port.close();
  }
  outlet.write(lines);
  lines = [];
  if (told.type === 'bytes') Atomics.sub(backlog, 0, costOf(told.bytes));
});
