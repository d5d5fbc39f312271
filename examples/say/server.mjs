import { serveStdio } from 'airs-mcp';

await serveStdio({
  'tools/call': async (request) => {
    await request.progress({ progress: 1, total: 2 });
    return { content: [{ type: 'text', text: String(request.at('/params/arguments/text')) }] };
  },
});
