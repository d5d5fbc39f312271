/** Calls in the words of OpenTelemetry's semantic conventions for MCP. */

import type { Attributes } from '@opentelemetry/api';
import { selectBackend } from '../backend/select.js';
import { asBuffer, decodeText } from '../base/bytes.js';
import type { CallEvent } from '../base/channels.js';
import { RawJson } from '../message/json.js';
import type { IncomingCall, OutgoingCall } from '../peer/instrumentation.js';
import { ChildProcessTransport } from '../transport/child.js';
import { StdioTransport } from '../transport/stdio.js';

/** What a call is about, as far as that belongs into a span's name; and what its params tell. */
export interface Operation {
  readonly target: string | undefined;
  readonly attributes: Attributes;
}

/** Longest text of the other side's that is repeated (UTF-16 units). */
const LONGEST = 256;

const RESOURCES = new Set(['resources/read', 'resources/subscribe', 'resources/unsubscribe', 'notifications/resources/updated']);

export function describeOutgoing({ method, params }: OutgoingCall): Operation {
  return describe(method, (member) => memberOf(params, member));
}

export function describeIncoming({ method, message }: IncomingCall): Operation {
  return describe(method, (member) => message.at(`/params/${member}`));
}

function describe(method: string, read: (member: string) => unknown): Operation {
  const text = (member: string): string | undefined => {
    const value = read(member);
    return typeof value === 'string' ? value.slice(0, LONGEST) : undefined;
  };
  if (method === 'tools/call') {
    const target = text('name');
    return { target, attributes: { 'gen_ai.operation.name': 'execute_tool', ...(target === undefined ? {} : { 'gen_ai.tool.name': target }) } };
  }
  if (method === 'prompts/get') {
    const target = text('name');
    return { target, attributes: target === undefined ? {} : { 'gen_ai.prompt.name': target } };
  }
  const uri = RESOURCES.has(method) ? text('uri') : undefined;
  return { target: undefined, attributes: uri === undefined ? {} : { 'mcp.resource.uri': uri } };
}

export function nameOf(method: string, target: string | undefined): string {
  const name = method.slice(0, LONGEST);
  return target === undefined ? name : `${name} ${target}`;
}

/** What every span of a call says. */
export function attributesOf({ peer, id, method }: CallEvent, version: string | undefined): Attributes {
  const { transport } = peer as { transport?: unknown };
  const piped = transport instanceof StdioTransport || transport instanceof ChildProcessTransport;
  return {
    'mcp.method.name': method.slice(0, LONGEST),
    ...(id === undefined || id === null ? {} : { 'jsonrpc.request.id': String(id).slice(0, LONGEST) }),
    ...(piped ? { 'network.transport': 'pipe' } : {}),
    ...(version === undefined ? {} : { 'mcp.protocol.version': version }),
  };
}

/** The revision of MCP that each peer has agreed on. */
export class ProtocolVersions {
  readonly #versions = new WeakMap<object, string>();

  of(peer: object): string | undefined {
    return this.#versions.get(peer);
  }

  note(peer: object, version: unknown): void {
    if (typeof version === 'string') this.#versions.set(peer, version.slice(0, LONGEST));
  }
}

/** Where `find` leaves its answer; read at once. */
const RANGE = new Int32Array(2);

function memberOf(params: unknown, member: string): unknown {
  if (!(params instanceof RawJson)) return typeof params === 'object' && params !== null ? (params as Record<string, unknown>)[member] : undefined;
  const bytes = asBuffer(params.bytes);
  if (!selectBackend().find(bytes, 0, bytes.length, `/${member}`, RANGE)) return undefined;
  return JSON.parse(decodeText(bytes, RANGE[0] as number, RANGE[1] as number));
}
