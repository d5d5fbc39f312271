/**
 * Checks the package as users get it: packs a tarball and looks at it, installs it, imports it.
 * Usage: node .ci/pack-check.mjs [CHECK ...]    (all checks but `platforms` when none is named)
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { install as installPackage, pack, probe as probePackage, ROOT, run } from './package.mjs';

/** Runs the command of a development dependency on Node itself, which works where `.bin` holds shell scripts. */
function tool(name, command, args, options) {
  const folder = join(ROOT, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return run(process.execPath, [join(folder, typeof bin === 'string' ? bin : bin[command]), ...args], options);
}

const { tarball, paths, files, size } = pack();
const install = (name, ...flags) => installPackage(name, tarball, flags);
const probe = (folder, env) => probePackage(folder, { env });

function sources(top, extension) {
  const names = readdirSync(join(ROOT, top), { recursive: true }).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => extension.test(name)).map((name) => `${top}/${name}`);
}

const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|THIRD-PARTY-NOTICES|CHANGELOG\.md|binding\.gyp)$/,
  /^dist\/.+\.(js|d\.ts)$/,
  /^native\/.+\.(cc|cpp|h)$/,
];
/** What a release holds; `npm run prebuild` makes one of them on its own kind of machine. */
const ADDONS = [
  ...['x64', 'arm64'].flatMap((arch) => ['glibc', 'musl'].map((libc) => `prebuilds/linux-${arch}/airs-mcp.${libc}.node`)),
  ...['darwin', 'win32'].flatMap((system) => ['x64', 'arm64'].map((arch) => `prebuilds/${system}-${arch}/airs-mcp.node`)),
];
/** Bytes of the tarball, which holds the addons of all platforms, so of one user's download. */
const MOST_PACKED = 2_000_000;
/** Bytes of the files, unpacked, with the addons of one platform. */
const MOST_BYTES = 2_000_000;

const CHECKS = {
  contents() {
    const compiled = sources('src', /\.ts$/).flatMap((path) => {
      const stem = path.replace(/^src/, 'dist').replace(/\.ts$/, '');
      return [`${stem}.js`, `${stem}.d.ts`];
    });
    const demanded = ['README.md', 'LICENSE', 'THIRD-PARTY-NOTICES', 'CHANGELOG.md', 'binding.gyp', ...compiled, ...sources('native', /\.(cc|cpp|h)$/)];
    const missing = demanded.filter((path) => !paths.includes(path));
    const unwanted = paths.filter((path) => !ADDONS.includes(path) && !ALLOWED.some((pattern) => pattern.test(path)));
    const stale = paths.filter((path) => path.startsWith('dist/') && !compiled.includes(path));
    assert.deepEqual({ missing, unwanted, stale }, { missing: [], unwanted: [], stale: [] });
    const addons = {};
    let bytes = 0;
    for (const { path, size: length } of files) {
      const [top, platform] = path.split('/');
      if (top === 'prebuilds') addons[platform] = (addons[platform] ?? 0) + length;
      else bytes += length;
    }
    bytes += Math.max(0, ...Object.values(addons));
    assert.ok(bytes <= MOST_BYTES, `the files have ${bytes} bytes, at most ${MOST_BYTES} are meant to`);
    assert.ok(size <= MOST_PACKED, `the tarball has ${size} bytes, at most ${MOST_PACKED} are meant to`);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    assert.equal(scripts.install, 'node-gyp-build || exit 0');
    assert.deepEqual(Object.keys(scripts).filter((name) => /^(pre|post)install$|^prepare$/.test(name)), []);
    return `${paths.length} files, ${bytes} bytes; the tarball ${size}`;
  },

  /** For a release. With fewer addons the package works everywhere as well, more slowly. */
  platforms() {
    assert.deepEqual(ADDONS.filter((path) => !paths.includes(path)), [], 'addons are missing');
    return `${ADDONS.length} addons`;
  },

  fallback() {
    const folder = installPackage('fallback', pack({ prebuilds: false }).tarball, ['--ignore-scripts']);
    const info = probe(folder);
    assert.equal(info.name, 'javascript');
    assert.equal(info.externalBuffers, false);
    assert.ok(info.reason.length > 0, 'backendInfo() gives no reason for the fallback');
    assert.throws(() => probe(folder, { AIRS_MCP_BACKEND: 'native' }), /AIRS_MCP_BACKEND_UNAVAILABLE/);
    return info.reason;
  },

  native() {
    const info = probe(install('native'));
    assert.equal(info.name, 'native', `the installed package did not build its addon: ${info.reason}`);
    return `kernel ${info.kernel}`;
  },

  command() {
    const folder = install('command');
    const main = join(folder, 'node_modules', 'airs-mcp', 'dist', 'cli', 'main.js');
    const say = (...args) => run(process.execPath, [main, ...args], { cwd: folder });
    assert.equal(JSON.parse(say('doctor', '--json')).ok, true);
    assert.equal(JSON.parse(say('demo', '--json')).ok, true);
    const { groups } = JSON.parse(say('bench', '--quick', '--json'));
    return `doctor, demo, bench with ${groups.length} groups`;
  },

  types() {
    const folder = install('types', '--ignore-scripts');
    const names = "const name: 'native' | 'javascript' = backendInfo().name;";
    writeFileSync(join(folder, 'user.ts'), `import { backendInfo } from 'airs-mcp';\n${names}\nexport default name;\n`);
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
    const types = relative(folder, join(ROOT, 'node_modules', '@types'));
    tool('typescript', 'tsc', [...flags, '--typeRoots', types, 'user.ts'], { cwd: folder });
    return 'resolved under node16 rules';
  },

  publint() {
    tool('publint', 'publint', ['run', '--strict', tarball]);
    return 'no message';
  },

  attw() {
    tool('@arethetypeswrong/cli', 'attw', [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji']);
    return 'no problem';
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(CHECKS).filter((check) => check !== 'platforms')) {
  try {
    console.log(`ok ${name}: ${CHECKS[name]()}`);
  } catch (error) {
    console.log(`NOT OK ${name}: ${error.message}`);
    process.exitCode = 1;
  }
}
