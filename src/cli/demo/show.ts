/** The demo as text, for people. */

import type { BackendInfo } from '../../backend/select.js';
import type { Paint } from '../paint.js';
import { bytesText } from '../text.js';
import type { Account } from './account.js';

const count = (value: number): string => value.toLocaleString('en');

export function beginning(version: string, { name, kernel, externalBuffers }: BackendInfo, paint: Paint): string[] {
  return [
    paint('bold', `airs-mcp ${version}: a session between two processes over stdio`),
    `  backend ${name}, kernel ${kernel}, ${externalBuffers ? 'native' : 'V8'} memory`,
    '',
  ];
}

export function end({ ok, acts, figures: { calls, transfers, lostToGc } }: Account, paint: Paint): string[] {
  const failed = acts.filter((act) => !act.ok).length;
  return [
    '',
    paint('bold', 'the client in figures'),
    `  calls     ${count(calls.completed)} answered, ${calls.failed} failed, ${calls.cancelled} cancelled, ${calls.timedOut} timed out`,
    `  received  ${count(transfers.messagesReceived)} messages, ${bytesText(transfers.bytesReceived)}; ` +
      `${count(transfers.zeroCopyReceives)} lay where the system wrote them, ${count(transfers.copiedReceives)} were copied once`,
    `  sent      ${count(transfers.messagesSent)} messages, ${bytesText(transfers.bytesSent)}`,
    `  memory    ${count(lostToGc)} buffers were left to the garbage collector`,
    '',
    ok ? paint('green', `all ${acts.length} acts went as they should`) : paint('red', `${failed} of ${acts.length} acts went wrong`),
  ];
}
