import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AirsMcpError, type AirsMcpErrorCode, ERROR_TABLE } from '../../src/base/errors.js';

const codes = Object.keys(ERROR_TABLE) as AirsMcpErrorCode[];
const root = fileURLToPath(new URL('../../', import.meta.url));

/** The table of docs/errors.md as it follows from the codes. */
function documented(): string[] {
  return codes.map((code) => {
    const { meaning, retryable, rpcCode } = { ...ERROR_TABLE[code], rpcCode: new AirsMcpError(code).rpcCode };
    return `| \`${code}\` | ${meaning} | ${retryable ? 'yes' : 'no'} | ${rpcCode ?? ''} |`;
  });
}

describe('the codes of errors', () => {
  it('are documented with the meaning, retry and JSON-RPC number that the code gives them', () => {
    const page = readFileSync(`${root}docs/errors.md`, 'utf8');
    expect(page.split('\n').filter((line) => line.startsWith('| `'))).toEqual(documented());
  });

  it.each(codes)('%s is expected by a test', (code) => {
    const suites = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
    const others = suites.filter((file) => !file.endsWith('errors.test.ts'));
    expect(others.some((file) => readFileSync(`${root}test/${file}`, 'utf8').includes(code))).toBe(true);
  });
});

describe('an error', () => {
  it('has its code, the meaning of the code as its message, and its cause', () => {
    const cause = new Error('below');
    const error = new AirsMcpError('AIRS_MCP_TRANSPORT_FAILED', undefined, { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'AirsMcpError', code: 'AIRS_MCP_TRANSPORT_FAILED', retryable: true, cause });
    expect(error.message).toBe(ERROR_TABLE.AIRS_MCP_TRANSPORT_FAILED.meaning);
  });

  it('has a JSON-RPC number only where a peer caused it', () => {
    expect(new AirsMcpError('AIRS_MCP_PARSE_ERROR').rpcCode).toBe(-32700);
    expect(new AirsMcpError('AIRS_MCP_INVALID_REQUEST').rpcCode).toBe(-32600);
    expect(new AirsMcpError('AIRS_MCP_POOL_TIMEOUT').rpcCode).toBeUndefined();
  });
});
