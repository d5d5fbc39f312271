/**
 * Makes the working tree that of a release: the changelog's Unreleased section gets the version and today's date, and
 * package.json and the lock file the version. Commits and tags nothing.
 *
 *     npm run release:prepare -- 1.2.3
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { moveUnreleased } from './changelog.mjs';
import { ROOT, run } from './run.mjs';

const [version] = process.argv.slice(2);
if (version === undefined) throw new Error('usage: npm run release:prepare -- VERSION');
if (run('git', ['status', '--porcelain']) !== '') throw new Error('the working tree is not clean: commit or remove what is in it');

const path = join(ROOT, 'CHANGELOG.md');
writeFileSync(path, moveUnreleased(readFileSync(path, 'utf8'), version, new Date().toISOString().slice(0, 10)));
run('npm', ['version', version, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts']);
console.log(`CHANGELOG.md, package.json and package-lock.json are those of ${version}`);
