/**
 * `npm run bench:report -- FILE.json [PAGE.html] [--docs | --newest]`: makes a page of a run's results, beside the file unless named
 * otherwise. With `--docs` it also renews the plots in docs/plots and the tables in docs/performance.md; with `--newest` those tables there
 * that are about the newest Node, on which the run was.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeDocs, writeNewest } from './report/docs.mjs';
import { page } from './report/page.mjs';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { docs: { type: 'boolean', default: false }, newest: { type: 'boolean', default: false } } });
const [file, output = file?.replace(/\.json$/, '.html')] = positionals;

if (file === undefined || output === file) {
  process.stderr.write('which results? npm run bench:report -- FILE.json [PAGE.html] [--docs | --newest]\n');
  process.exitCode = 1;
} else {
  const results = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(output, page(results));
  console.log(output);
  if (values.docs) {
    writeDocs(results);
    console.log('docs/plots and docs/performance.md are renewed');
  } else if (values.newest) {
    writeNewest(results);
    console.log('docs/performance.md is renewed');
  }
}
