import { AirsMcpError } from '../base/errors.js';
import type { BufferManager } from '../buffer/manager.js';
import type { Framer, FramerOptions, Framing } from './framer.js';
import { HeaderFramer } from './header.js';
import { LineFramer } from './line.js';

/** @throws `AIRS_MCP_INVALID_CONFIG` for a framing that does not exist */
export function createFramer(manager: BufferManager, options: FramerOptions & { framing?: Framing | undefined }): Framer {
  const framing: string = options.framing ?? 'newline';
  if (framing === 'newline') return new LineFramer(manager, options);
  if (framing === 'content-length') return new HeaderFramer(manager, options);
  throw new AirsMcpError('AIRS_MCP_INVALID_CONFIG', `framing is "newline" or "content-length", not ${JSON.stringify(framing)}`);
}
