import { StreamingParser } from 'airs-mcp';

const parser = new StreamingParser();
for await (const message of parser.parse(process.stdin)) {
  if (message.kind === 'invalid') console.error(message.failure.code, message.id);
  else console.error(message.kind, message.id, message.method, message.at('/params/name'));
  message.release();
}
