/**
 * Prints what the changelog says of a tag's version. Fails unless the tag is that of package.json and the changelog has a
 * dated entry for it, so that a wrong tag stops a release before anything is built.
 *
 *     node release/notes.mjs v1.2.3
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryOf } from './changelog.mjs';
import { ROOT } from './run.mjs';

const [tag] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
if (tag !== `v${version}`) throw new Error(`the tag is ${tag}, package.json says ${version}`);
const notes = entryOf(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'), version);
if (!notes) throw new Error(`the changelog says nothing of ${version}`);
console.log(notes);
