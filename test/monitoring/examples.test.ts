import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/monitoring/settings.js';
import { requireDist } from '../peer/dist.js';

const ROOT = join(import.meta.dirname, '..', '..');
const example = (name: string) => join(ROOT, 'examples', name);

beforeAll(requireDist);

describe('the examples', () => {
  it('of Prometheus serve figures to a scraper', async () => {
    const child = spawn(process.execPath, [example('prometheus/server.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
    await fetch(address);
    const response = await fetch(address);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    expect(text).toContain('# TYPE airs_mcp_calls_total counter');
    expect(text).toContain('airs_mcp_calls_total{name="client",outcome="completed"} 2');
    expect(text).toMatch(/airs_mcp_request_duration_seconds_count\{method="tools\/list",outcome="completed"\} 2/);
    expect(text).toContain('airs_mcp_event_loop_delay_seconds{quantile="0.99"}');
    child.kill();
    expect(await exited).toEqual([0, null]);
  });

  it('of OpenTelemetry have one trace across two processes', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [example('opentelemetry/client.mjs')], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout.trimEnd().split('\n')).toEqual([
      'the whole (internal)',
      '  tools/call search (client)',
      '    tools/call search (server)',
      '      look it up (internal)',
      '        user/name (client)',
      '          user/name (server)',
    ]);
  });
});

describe('the pages', () => {
  const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');
  const examples = ['prometheus/server.mjs', 'opentelemetry/setup.mjs', 'opentelemetry/server.mjs', 'opentelemetry/client.mjs', 'tune.mjs', 'monitor.mjs'];
  const code = examples.map((name) => readFileSync(example(name), 'utf8'));
  const blocks = ['monitor.md', 'tune.md'].flatMap((name) => [...page(name).matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] as string));

  it.each(blocks)('show code of the examples: %s', (block) => {
    expect(code.some((file) => file.includes(block))).toBe(true);
  });

  it.each(['tune.mjs', 'monitor.mjs'])('%s runs', (name) => {
    const { stderr, status } = spawnSync(process.execPath, [example(name)], { encoding: 'utf8', env: { ...process.env, AIRS_MCP_QUEUE_CAPACITY: '500' } });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it('list every variable', () => {
    for (const { variable, section, option } of SETTINGS) expect(page('tune.md')).toContain(`| \`${variable}\` | \`${section}.${option}\` |`);
  });

  it('list every channel', () => {
    const declared = readFileSync(join(ROOT, 'src', 'base', 'channels.ts'), 'utf8').matchAll(/^ {2}'(airs-mcp:[a-z:]+)':/gm);
    for (const [, name] of declared) expect(page('monitor.md')).toContain(`| \`${name}\` |`);
  });
});
