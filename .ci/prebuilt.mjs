/** Of which sources a prebuilt addon was made: one of older sources would load, and hide that these are not in it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the addon is made of, beside the package's version. simdjson changes with its own version only. */
const SOURCES = ['binding.gyp', 'native', 'node_modules/@nozbe/simdjson/package.json'];

const digest = (content) => createHash('sha256').update(content).digest('hex');

function filesOf(root, path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).sort().flatMap((name) => filesOf(root, `${path}/${name}`));
}

function sourcesOf(root) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = SOURCES.flatMap((path) => filesOf(root, path));
  return { version, sources: digest(files.map((file) => `${file} ${digest(readFileSync(join(root, file)))}\n`).join('')) };
}

/** Where `npm run prebuild` puts the addon for `target`, such as `linux-x64` or `linux-x64-musl`. */
export function prebuiltPath(root, target) {
  const [system, arch, libc = 'glibc'] = target.split('-');
  return join(root, 'prebuilds', `${system}-${arch}`, `airs-mcp${system === 'linux' ? `.${libc}` : ''}.node`);
}

/** Kept where `npm ci` deletes it: another simdjson means another build. */
const notePath = (root, target) => join(root, 'node_modules', '.cache', 'airs-mcp', `prebuilt-${target}.json`);

/** Notes that the addon there was made of these sources. */
export function notePrebuilt(root, target) {
  const path = notePath(root, target);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify({ ...sourcesOf(root), addon: digest(readFileSync(prebuiltPath(root, target))) }));
}

/** Why the addon there is not known to be of these sources; undefined where it is. */
export function whyOutdated(root, target) {
  const [addon, note] = [prebuiltPath(root, target), notePath(root, target)];
  if (!existsSync(addon)) return `${addon} is missing`;
  if (!existsSync(note)) return `of which sources ${addon} was made is not known`;
  const made = JSON.parse(readFileSync(note, 'utf8'));
  if (made.addon !== digest(readFileSync(addon))) return `${addon} is another than was built here`;
  const { version, sources } = sourcesOf(root);
  if (made.version !== version) return `${addon} is of version ${made.version}, the sources are ${version}`;
  return made.sources === sources ? undefined : `${addon} was made of other sources than there are now`;
}
