/**
 * Rehearses a release from the last commit, in a copy that is thrown away: nothing here changes, nothing is published.
 *
 *     npm run release:dry [-- VERSION]        VERSION: that of package.json unless said otherwise
 *
 * docs/release.md tells which step of the real release each step stands for.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryOf } from './changelog.mjs';
import { ROOT, attempt, run } from './run.mjs';

/** Bytes that the packed files of ours may have. */
const MOST_PACKED = 2 * 1024 * 1024;

const work = mkdtempSync(join(tmpdir(), 'airs-mcp-release-'));
const copy = join(work, 'copy');
const packageOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const changelogOf = (folder) => readFileSync(join(folder, 'CHANGELOG.md'), 'utf8');
const version = process.argv[2] ?? packageOf(ROOT).version;
const git = (...args) => run('git', ['-c', 'user.name=dry run', '-c', 'user.email=dry-run@localhost', '-c', 'commit.gpgsign=false', ...args], { cwd: copy });
const node = (...args) => run(process.execPath, args, { cwd: copy });

function cleanTree() {
  const changes = run('git', ['status', '--porcelain']);
  if (changes !== '') throw new Error(`not clean, commit or remove:\n${changes}`);
  return run('git', ['rev-parse', '--short', 'HEAD']).trim();
}

function copyOfCommit() {
  run('git', ['clone', '--quiet', '--no-hardlinks', ROOT, copy]);
  const prebuilds = join(ROOT, 'prebuilds');
  const platforms = readdirSync(prebuilds).filter((name) => statSync(join(prebuilds, name)).isDirectory());
  for (const name of platforms) cpSync(join(prebuilds, name), join(copy, 'prebuilds', name), { recursive: true });
  return platforms.length > 0 ? `with prebuilt binaries for ${platforms.join(', ')}` : 'without prebuilt binaries: there are none here';
}

function prepare() {
  if (entryOf(changelogOf(copy), version) === undefined) {
    node('release/prepare.mjs', version);
    git('commit', '--quiet', '--all', '--message', `Release ${version}`);
  }
  if (packageOf(copy).version !== version) throw new Error(`package.json says ${packageOf(copy).version}, not ${version}`);
  return `notes of ${node('release/notes.mjs', `v${version}`).trim().split('\n').length} lines`;
}

function tag() {
  const name = `v${version}`;
  if (attempt('git', ['rev-parse', '--verify', '--quiet', `refs/tags/${name}`], { cwd: copy }).status === 0) throw new Error(`${name} exists already`);
  git('tag', '--annotate', name, '--message', name);
  return git('describe', '--exact-match').trim();
}

function setUp() {
  node('.ci/setup.mjs');
  return existsSync(join(copy, 'build', 'Release')) ? 'compiled, with an addon' : 'compiled, without an addon';
}

const check = (...names) => () => node('.ci/pack-check.mjs', ...names).trim().replaceAll('\n', '; ');

let tarball;
function pack() {
  const [{ filename, size, unpackedSize, entryCount }] = Object.values(JSON.parse(run('npm', ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', work], { cwd: copy })));
  tarball = join(work, filename);
  if (size > MOST_PACKED) throw new Error(`${size} bytes packed, more than ${MOST_PACKED}`);
  return `${filename}: ${entryCount} files, ${size} bytes packed, ${unpackedSize} unpacked`;
}

function smoke() {
  if (!existsSync(join(copy, 'prebuilds', `${process.platform}-${process.arch}`))) return 'left out, without a prebuilt binary for this machine';
  return node('.ci/smoke.mjs', tarball).trim();
}

const STEPS = {
  'clean tree': cleanTree,
  'copy of the commit': copyOfCommit,
  'changelog and version': prepare,
  tag,
  'set up': setUp,
  contents: check('contents', 'publint', 'attw'),
  tarball: pack,
  'bills of materials': () => node('release/sbom.mjs', join(work, 'sbom')).trim(),
  audit: () => node('release/audit.mjs').trim(),
  'installed elsewhere': smoke,
  publish: () => node('release/publish.mjs', tarball, '--dry-run').trim(),
};

try {
  for (const [name, step] of Object.entries(STEPS)) console.log(`ok ${name}: ${step()}`);
  console.log(`${version} could be released`);
} catch (error) {
  console.log(`NOT OK: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
