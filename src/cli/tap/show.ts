/** Rows and summaries as lines of text, for people, and of JSON, for programs. */

import type { Paint } from '../paint.js';
import { bytesText, millisecondsText, printable, tableLines } from '../text.js';
import type { LedgerSummary, OpenRequest } from './ledger.js';
import type { Gap, Row, Side } from './row.js';

/** How the session ended. */
export interface Outcome {
  readonly command: string;
  /** ms */
  readonly duration: number;
  /** The server's exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/** How lines are written. */
export interface Show {
  row(row: Row): string;
  gap(gap: Gap): string;
  summary(summary: LedgerSummary, outcome: Outcome): string[];
}

const ARROW: Readonly<Record<Side, string>> = { client: '→', server: '←' };
const LONGEST_LIST = 20;
const COLUMN = { method: 36, id: 14, bytes: 10 } as const;

/** @param epoch what `at` counts from (ms since 1970) */
export function jsonShow(epoch: number): Show {
  const time = (at: number): string => new Date(epoch + at).toISOString();
  return {
    row: ({ at, from, kind, ...rest }) => JSON.stringify({ type: 'message', time: time(at), at: rounded(at), from, kind, ...rest, duration: rounded(rest.duration) }),
    gap: ({ at, from, unseen }) => JSON.stringify({ type: 'gap', time: time(at), at: rounded(at), from, unseen }),
    summary: (summary, outcome) => [JSON.stringify({ type: 'summary', ...outcome, duration: rounded(outcome.duration), ...summary })],
  };
}

/** To microseconds: a line need not carry more. */
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}

/** @param epoch what `at` counts from (ms since 1970) */
export function textShow(epoch: number, paint: Paint): Show {
  const time = (at: number): string => paint('dim', new Date(epoch + at).toISOString().slice(11, 23));
  return {
    row: (row) => `${time(row.at)} ${rowText(row, paint)}`,
    gap: ({ at, from, unseen }) => `${time(at)} ${ARROW[from]} ${paint('yellow', `${bytesText(unseen)} passed without being looked at`)}`,
    summary: (summary, outcome) => summaryLines(summary, outcome, paint),
  };
}

function rowText(row: Row, paint: Paint): string {
  const { from, kind, id, bytes, duration, code, text } = row;
  const name = nameOf(row).padEnd(COLUMN.method);
  const cells = [
    `${ARROW[from]} ${kind === 'request' ? paint('bold', name) : kind === 'notification' ? paint('cyan', name) : name}`,
    (id === undefined ? '' : `id ${printable(id, 40)}`).padEnd(COLUMN.id),
    bytesText(bytes).padStart(COLUMN.bytes),
    duration === undefined ? '' : millisecondsText(duration).padStart(COLUMN.bytes),
    text === undefined && code === undefined ? '' : paint('red', printable([code, text].filter((part) => part !== undefined).join(' '), 200)),
  ];
  return cells.join(' ').trimEnd();
}

function nameOf({ method, kind, duration }: Row): string {
  if (method !== undefined) return printable(method, 100);
  if (kind === 'invalid') return '(not a message)';
  return duration === undefined ? '(answers nothing seen)' : '';
}

function summaryLines(summary: LedgerSummary, outcome: Outcome, paint: Paint): string[] {
  const { client, server, methods, forgotten } = summary;
  const unanswered = summary.unanswered.filter(({ cancelled }) => !cancelled);
  const end = outcome.signal === null ? `exit code ${outcome.code}` : `ended by ${outcome.signal}`;
  const rows = methods.map(({ caller, method, calls, answers, errors, p50, p99, max }) => [
    `${ARROW[caller]} ${printable(method, 60)}`, ...[calls, answers, errors].map(String),
    ...(answers === 0 ? ['', '', ''] : [p50, p99, max].map(millisecondsText)),
  ]);
  const table = tableLines([['requests', 'sent', 'answered', 'errors', 'p50', 'p99', 'max'], ...rows]);
  return [
    paint('bold', `${printable(outcome.command, 200)}: ${millisecondsText(outcome.duration)}, ${end}`),
    sideText('client', client),
    sideText('server', server),
    ...(rows.length === 0 ? [] : table.map((line) => `  ${line}`)),
    ...(unanswered.length === 0 ? [] : [paint('yellow', `  unanswered: ${unanswered.length}`), ...listOf(unanswered)]),
    ...(forgotten === 0 ? [] : [`  ${forgotten} requests were not followed: too many were open, or their id is too long`]),
  ];
}

function sideText(from: Side, { messages, notifications, invalid, bytes, unseen }: LedgerSummary['client']): string {
  const parts = [
    `${messages} messages`, ...(notifications > 0 ? [`${notifications} of them notifications`] : []), bytesText(bytes),
    ...(invalid > 0 ? [`${invalid} lines that are none, or too long`] : []), ...(unseen > 0 ? [`${bytesText(unseen)} not looked at`] : []),
  ];
  return `  ${ARROW[from]} ${from === 'client' ? 'to the server' : 'to the client'}: ${parts.join(', ')}`;
}

function listOf(open: readonly OpenRequest[]): string[] {
  const lines = open.slice(0, LONGEST_LIST).map(({ caller, method, id }) => `    ${ARROW[caller]} ${printable(method, 60)} id ${printable(id, 40)}`);
  return open.length > LONGEST_LIST ? [...lines, `    and ${open.length - LONGEST_LIST} more`] : lines;
}
