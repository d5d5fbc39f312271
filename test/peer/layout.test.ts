import * as v8 from 'node:v8';
import { expect, test } from 'vitest';
import { Job, JobContext } from '../../src/concurrency/job.js';
import { PendingRequest } from '../../src/correlation/pending.js';
import { JsonRpcMessage } from '../../src/message/message.js';
import { MessageSource } from '../../src/message/source.js';
import { RequestContext } from '../../src/peer/context.js';
import { Reply } from '../../src/peer/replies.js';
import { Settlement } from '../../src/transport/settlement.js';

type Query = (constructor: { readonly prototype: object }, options: { format: 'count' }) => number;
/** Node.js 20.13 and later; not in the types of the language level that is compiled for. */
const { queryObjects } = v8 as unknown as { queryObjects?: Query };

test.skipIf(queryObjects === undefined).each([
  Job, JobContext, JsonRpcMessage, MessageSource, PendingRequest, Reply, RequestContext, Settlement,
])('one %o lives where no connection does, so that V8 keeps what it compiled', (constructor) => {
  // A collection goes before the count.
  expect(queryObjects?.(constructor, { format: 'count' })).toBeGreaterThan(0);
});
