import type { Transport as ClientTransport2 } from '@modelcontextprotocol/client';
import type { StdioServerParameters as Parameters2 } from '@modelcontextprotocol/client/stdio';
import type { StdioServerParameters as Parameters1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Transport as Transport1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage as Message1 } from '@modelcontextprotocol/sdk/types.js';
import type { JSONRPCMessage as Message2, Transport as ServerTransport2 } from '@modelcontextprotocol/server';
import { expect, expectTypeOf, it } from 'vitest';
import {
  DEFAULT_INHERITED_ENV_VARS,
  type StdioServerParameters,
  StdioClientTransport,
  getDefaultEnvironment,
} from '../../src/mcp/client-stdio.js';
import { StdioServerTransport } from '../../src/mcp/server-stdio.js';

it('both transports are transports to both generations of the SDK', () => {
  expectTypeOf<StdioServerTransport>().toExtend<Transport1>();
  expectTypeOf<StdioClientTransport>().toExtend<Transport1>();
  expectTypeOf<StdioServerTransport>().toExtend<ServerTransport2>();
  expectTypeOf<StdioClientTransport>().toExtend<ClientTransport2>();
  expect([StdioServerTransport.name, StdioClientTransport.name]).toEqual(['StdioServerTransport', 'StdioClientTransport']);
});

it('what the SDKs take is taken, and their handlers fit', () => {
  expectTypeOf<Parameters1>().toExtend<StdioServerParameters>();
  expectTypeOf<Parameters2>().toExtend<StdioServerParameters>();
  expectTypeOf<Message1>().toExtend<Parameters<StdioServerTransport['send']>[0]>();
  expectTypeOf<Message2>().toExtend<Parameters<StdioServerTransport['send']>[0]>();
  const transport = new StdioServerTransport();
  transport.onmessage = (_message: Message1) => undefined;
  transport.onmessage = (_message: Message2) => undefined;
  transport.onmessage = (message) => 'method' in message && message.method.toUpperCase();
  expectTypeOf(DEFAULT_INHERITED_ENV_VARS).toEqualTypeOf<string[]>();
  expectTypeOf(getDefaultEnvironment).returns.toEqualTypeOf<Record<string, string>>();
  expectTypeOf<StdioClientTransport['pid']>().toEqualTypeOf<number | null>();
});
