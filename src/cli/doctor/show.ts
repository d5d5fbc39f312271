/** The report as text, for people. */

import { type Check, checkText, LONGEST } from '../check.js';
import type { Paint } from '../paint.js';
import { bytesText, millisecondsText, printable, tableLines } from '../text.js';
import type { PipeFacts, PlatformFacts, RuntimeFacts } from '../facts.js';
import type { Limit } from './limits.js';
import type { Report } from './report.js';

const LABEL = 16;

type Configuration = NonNullable<Report['configuration']>;

export function reportLines(report: Report, paint: Paint): string[] {
  const { version, backend, runtime, platform, pipe, limits, configuration, checks } = report;
  return [
    paint('bold', `airs-mcp ${version}`),
    ...backendLines(backend, paint),
    row('runtime', runtimeText(runtime)),
    row('platform', platformText(platform)),
    row('pipes', pipeText(pipe, backend?.name === 'native' && platform.platform === 'linux')),
    ...section('limits, unless options say otherwise', limitLines(limits), paint),
    ...(configuration === null ? [] : configurationLines(configuration, paint)),
    ...section('checks', checks.map((check) => checkText(check, paint)), paint),
    '',
    verdict(checks, paint),
  ];
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(LABEL)}  ${text}`;
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return ['', paint('bold', title), ...lines.map((line) => `  ${line}`)];
}

function backendLines(backend: Report['backend'], paint: Paint): string[] {
  if (backend === null) return [row('backend', paint('red', 'none'))];
  const { name, kernel, reason, externalBuffers } = backend;
  const native = name === 'native';
  return [
    row('backend', paint(native ? 'green' : 'yellow', name)),
    row('why', printable(reason, LONGEST)),
    ...(native ? [] : [row('', 'the results are the same; native code is faster')]),
    row('kernel', kernel),
    row('external buffers', externalBuffers ? 'yes' : 'no'),
  ];
}

function runtimeText({ name, version, node, nodeApi, nodeApiNeeded }: RuntimeFacts): string {
  const claimed = name === 'Node.js' ? '' : `, as Node.js ${node}`;
  return `${name} ${version}${claimed}, Node-API ${nodeApi ?? 'none'} (the addon needs ${nodeApiNeeded})`;
}

function platformText({ platform, arch, libc }: PlatformFacts): string {
  return `${platform} ${arch}${libc === null ? '' : `, ${libc}`}`;
}

function pipeText({ asked, most }: PipeFacts, asks: boolean): string {
  if (!asks) return 'their capacity is left as it is';
  return `${bytesText(asked)} is asked for those of standard input and output${most === null ? '' : `; this system gives up to ${bytesText(most)}`}`;
}

function limitLines(limits: readonly Limit[]): string[] {
  const rows = limits.map(({ option, value, max, unit }) => [option, amount(value, unit), max === null ? 'none' : amount(max, unit)]);
  return tableLines([['option', 'default', 'most'], ...rows]);
}

/** A quantity in its unit. */
function amount(value: number, unit: string): string {
  return unit === 'bytes' ? bytesText(value) : `${value.toLocaleString('en')} ${unit}`;
}

function configurationLines({ preset, machine, memory, buffer, processor, correlation, notes }: Configuration, paint: Paint): string[] {
  const title = `getProductionConfig() for this machine, preset ${preset}`;
  return section(title, [
    `cores: ${machine.cores}; ${bytesText(machine.memoryLimit)} of memory, ${bytesText(machine.freeMemory)} of it free`,
    `buffers: ${buffer.bufferPoolSize} of each kind; ${bytesText(buffer.readBufferCapacity)} to read, ${bytesText(buffer.writeBufferCapacity)} to write`,
    `messages: up to ${bytesText(buffer.maxMessageSize)}; reading pauses at ${bytesText(buffer.backpressureThreshold)} held`,
    `requests of theirs: ${processor.workerCount} at a time, ${processor.queueCapacity.toLocaleString('en')} may wait`,
    `requests of ours: ${correlation.maxPendingRequests.toLocaleString('en')} at a time, ${millisecondsText(correlation.defaultTimeout)} each`,
    `memory: ${bytesText(memory.total)} at most for a connection, of ${bytesText(memory.budget)} allowed`,
    ...notes.map((note) => paint('yellow', `note: ${printable(note, LONGEST)}`)),
  ], paint);
}

function verdict(checks: readonly Check[], paint: Paint): string {
  const failed = checks.filter(({ ok }) => !ok).length;
  return failed === 0 ? paint('green', `all ${checks.length} checks hold`) : paint('red', `${failed} of ${checks.length} checks failed`);
}
