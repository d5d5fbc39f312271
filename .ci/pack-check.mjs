/**
 * Checks the package as users get it: packs a tarball and looks at it, installs it, imports it.
 * Usage: node .ci/pack-check.mjs [CHECK ...]    (all checks when none is named)
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const WORK = mkdtempSync(join(tmpdir(), 'airs-mcp-pack-'));

/** Runs a command without stdin; returns its output, or throws with it. */
function run(command, args, { cwd = ROOT, env = {} } = {}) {
  const { AIRS_MCP_BACKEND: _forced, ...inherited } = process.env;
  const options = { cwd, env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' };
  const result = spawnSync(command, args, { ...options, shell: process.platform === 'win32' && command === 'npm' });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ${args.join(' ')}\n${result.error ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`);
}

function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith('npm-cli.js') ? run(process.execPath, [cli, ...args], options) : run('npm', args, options);
}

/** Runs the command of a development dependency on Node itself, which works where `.bin` holds shell scripts. */
function tool(name, command, args, options) {
  const folder = join(ROOT, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return run(process.execPath, [join(folder, typeof bin === 'string' ? bin : bin[command]), ...args], options);
}

function pack() {
  const printed = npm(['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', WORK]);
  const [{ filename, files }] = Object.values(JSON.parse(printed));
  return { tarball: join(WORK, filename), paths: files.map(({ path }) => path) };
}

const { tarball, paths } = pack();

/** Installs the tarball as the only dependency of an empty package and returns its folder. */
function install(name, ...flags) {
  const folder = mkdtempSync(join(WORK, `${name}-`));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm(['install', tarball, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...flags], { cwd: folder });
  return folder;
}

const PROBE = "import { backendInfo } from 'airs-mcp'; console.log(JSON.stringify(backendInfo()));";
const probe = (folder, env) => JSON.parse(run(process.execPath, ['--input-type=module', '-e', PROBE], { cwd: folder, env }));

function sources(top, extension) {
  const names = readdirSync(join(ROOT, top), { recursive: true }).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => extension.test(name)).map((name) => `${top}/${name}`);
}

const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|THIRD-PARTY-NOTICES|CHANGELOG\.md|binding\.gyp)$/,
  /^dist\/.+\.(js|d\.ts)$/,
  /^native\/.+\.(cc|cpp|h)$/,
  /^prebuilds\/[^/]+\/[^/]+\.node$/,
];

const CHECKS = {
  contents() {
    const compiled = sources('src', /\.ts$/).flatMap((path) => {
      const stem = path.replace(/^src/, 'dist').replace(/\.ts$/, '');
      return [`${stem}.js`, `${stem}.d.ts`];
    });
    const demanded = ['README.md', 'LICENSE', 'THIRD-PARTY-NOTICES', 'CHANGELOG.md', 'binding.gyp', ...compiled, ...sources('native', /\.(cc|cpp|h)$/)];
    const missing = demanded.filter((path) => !paths.includes(path));
    const unwanted = paths.filter((path) => !ALLOWED.some((pattern) => pattern.test(path)));
    const stale = paths.filter((path) => path.startsWith('dist/') && !compiled.includes(path));
    assert.deepEqual({ missing, unwanted, stale }, { missing: [], unwanted: [], stale: [] });
    return `${paths.length} files`;
  },

  fallback() {
    const folder = install('fallback', '--ignore-scripts');
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

try {
  const wanted = process.argv.slice(2);
  for (const name of wanted.length > 0 ? wanted : Object.keys(CHECKS)) {
    try {
      console.log(`ok ${name}: ${CHECKS[name]()}`);
    } catch (error) {
      console.log(`NOT OK ${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(WORK, { recursive: true, force: true });
}
