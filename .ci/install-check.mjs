/**
 * Installs the packed tarball in every way that users do, each in an empty folder, and looks which backend runs.
 * Usage: node .ci/install-check.mjs [CASE ...]    (all when none is named); needs `npm run prebuild` before
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { emptyPackage, install, nodedir, pack, probe, run, WORK } from './package.mjs';
import { HOST, program } from './runtimes.mjs';

const lazy = (make) => {
  let made;
  return () => (made ??= make());
};
const withPrebuilds = lazy(() => {
  const { tarball, paths } = pack();
  const [system, arch] = HOST.split('-');
  assert.ok(paths.some((path) => path.startsWith(`prebuilds/${system}-${arch}/`)), 'no addon for this machine: `npm run prebuild` first');
  return tarball;
});
const withoutPrebuilds = lazy(() => pack({ prebuilds: false }).tarball);

/** A PATH with Node, npm and a shell on it, and no compiler. */
const barePath = lazy(() => {
  const folder = mkdtempSync(join(WORK, 'bin-'));
  const wanted = ['sh', 'env', 'node', 'npm', 'uname', 'dirname', 'basename', 'sed', 'cat', 'tar'];
  for (const name of wanted) {
    const found = name === 'node' ? process.execPath : process.env.PATH.split(delimiter).map((at) => join(at, name)).find((path) => existsSync(path));
    if (found) symlinkSync(found, join(folder, name));
  }
  return folder;
});
/** The environment of a machine that has Node and nothing else. */
const bare = (extra) => ({ PATH: barePath(), HOME: process.env.HOME, ...extra });

const built = (folder) => existsSync(join(folder, 'node_modules', 'airs-mcp', 'build', 'Release'));

function isNative(info) {
  assert.equal(info.name, 'native', info.reason);
  return `native, kernel ${info.kernel}`;
}

/** The fallback, with a reason that is one line and contains `cause`. */
function isFallback(info, cause) {
  assert.equal(info.name, 'javascript');
  assert.match(info.reason, cause);
  assert.doesNotMatch(info.reason, /\n/);
  return info.reason;
}

/** A file of a bundler's input and output, whose code runs beside the installed package. */
async function bundle(tool, args, options) {
  const folder = install('bundle', withPrebuilds());
  const code = "import { backendInfo, StreamingParser } from 'airs-mcp';\n"
    + 'if (new StreamingParser().parseMultipleFromBytes(Buffer.from(\'{"jsonrpc":"2.0","id":1,"method":"x"}\\n\')).length !== 1) throw 1;\n'
    + 'console.log(JSON.stringify(backendInfo()));\n';
  writeFileSync(join(folder, 'in.js'), code);
  run(process.execPath, [await program(tool), 'in.js', ...args], { cwd: folder, ...options });
  return folder;
}

/** Another package manager installs the tarball, and the package runs. */
async function manage(name, spec, args, files = {}) {
  const folder = emptyPackage(name);
  const manifest = { private: true, type: 'module', dependencies: { 'airs-mcp': `file:${withPrebuilds()}` } };
  for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) writeFileSync(join(folder, path), text);
  const path = await program(spec);
  const node = dirname(process.execPath);
  const env = { PATH: `${node}${delimiter}${process.env.PATH}`, CI: 'true', YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' };
  if (/\.c?js$/.test(path)) run(process.execPath, [path, ...args], { cwd: folder, env });
  else run(path, args, { cwd: folder, env });
  return folder;
}

/** Does something to the prebuilt addons of this platform. */
function spoil(folder, make) {
  const prebuilds = join(folder, 'node_modules', 'airs-mcp', 'prebuilds', HOST.split('-').slice(0, 2).join('-'));
  for (const name of readdirSync(prebuilds)) make(join(prebuilds, name));
}

const WORKER = `
  import { Worker } from 'node:worker_threads';
  const code = "import('airs-mcp').then(({ backendInfo }) => require('worker_threads').parentPort.postMessage(backendInfo()))";
  new Worker(code, { eval: true }).once('message', (info) => console.log(JSON.stringify(info)));
`;

const CASES = {
  'prebuilt, no compiler'() {
    const folder = install('prebuilt', withPrebuilds(), [], { only: bare() });
    assert.ok(!built(folder), 'it was compiled');
    return isNative(probe(folder));
  },
  'no prebuilt, no compiler'() {
    const folder = install('neither', withoutPrebuilds(), [], { only: bare() });
    return isFallback(probe(folder), /No native build was found for platform=/);
  },
  'no prebuilt, a compiler'() {
    const folder = install('source', withoutPrebuilds(), [], { env: nodedir() ? { npm_config_nodedir: nodedir() } : {} });
    assert.ok(built(folder), 'it was not compiled');
    return isNative(probe(folder));
  },
  'npm --ignore-scripts': () => isNative(probe(install('scripts', withPrebuilds(), ['--ignore-scripts']))),
  'npm --omit=optional': () => isNative(probe(install('omit', withPrebuilds(), ['--omit=optional']))),
  async 'pnpm 12'() {
    return isNative(probe(await manage('pnpm12', 'pnpm@12', ['install', '--no-frozen-lockfile', '--ignore-scripts'])));
  },
  async 'pnpm 10'() {
    return isNative(probe(await manage('pnpm10', 'pnpm@10', ['install', '--no-frozen-lockfile'])));
  },
  'yarn 1': async () => isNative(probe(await manage('yarn1', 'yarn@1', ['install', '--no-lockfile', '--silent']))),
  async 'yarn 4'() {
    const files = { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: node-modules\nenableTelemetry: false\nenableGlobalCache: false\n' };
    return isNative(probe(await manage('yarn4', 'yarn@4', ['install'], files)));
  },
  async 'yarn 4, plug and play'() {
    const files = { 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\nenableGlobalCache: false\n' };
    const folder = await manage('pnp', 'yarn@4', ['install'], files);
    return isNative(probe(folder, { env: { NODE_OPTIONS: '--require ./.pnp.cjs --experimental-loader ./.pnp.loader.mjs', NODE_NO_WARNINGS: '1' } }));
  },
  'read-only node_modules'() {
    const folder = install('readonly', withPrebuilds());
    run('chmod', ['-R', 'a-w', folder]);
    const flags = process.getuid() === 0 ? ['--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    try {
      const [command, first] = flags.length > 0 ? ['setpriv', [...flags, process.execPath]] : [process.execPath, []];
      const code = "import('airs-mcp').then((m) => console.log(JSON.stringify(m.backendInfo())))";
      return isNative(JSON.parse(run(command, [...first, '-e', code], { cwd: folder })));
    } finally {
      run('chmod', ['-R', 'u+w', folder]);
    }
  },
  async 'esbuild, package external'() {
    const folder = await bundle('esbuild', ['--bundle', '--platform=node', '--format=esm', '--external:airs-mcp', '--outfile=out.mjs']);
    return isNative(JSON.parse(run(process.execPath, ['out.mjs'], { cwd: folder })));
  },
  async 'esbuild, all in one'() {
    const folder = await bundle('esbuild', ['--bundle', '--platform=node', '--format=esm', '--outfile=out.mjs', '--banner:js=import { createRequire as $r } from "module"; const require = $r(import.meta.url);']);
    const beside = isNative(JSON.parse(run(process.execPath, ['out.mjs'], { cwd: folder })));
    const alone = emptyPackage('alone');
    copyFileSync(join(folder, 'out.mjs'), join(alone, 'out.mjs'));
    return `${beside}; elsewhere: ${isFallback(JSON.parse(run(process.execPath, ['out.mjs'], { cwd: alone })), /Cannot find module 'airs-mcp/)}`;
  },
  async 'rolldown, package external'() {
    const node = await program('node@24');
    const folder = install('rolldown', withPrebuilds());
    writeFileSync(join(folder, 'in.js'), "import { backendInfo } from 'airs-mcp';\nconsole.log(JSON.stringify(backendInfo()));\n");
    run(node, [await program('rolldown'), 'in.js', '--platform', 'node', '--external', 'airs-mcp', '--file', 'out.mjs'], { cwd: folder });
    return isNative(JSON.parse(run(process.execPath, ['out.mjs'], { cwd: folder })));
  },
  async 'require() of the ES module'() {
    const code = "console.log(JSON.stringify(require('airs-mcp').backendInfo()))";
    return isNative(JSON.parse(run(await program('node@22'), ['--no-warnings', '-e', code], { cwd: install('require', withPrebuilds()) })));
  },
  'a worker thread'() {
    const folder = install('worker', withPrebuilds());
    writeFileSync(join(folder, 'main.js'), WORKER);
    return isNative(JSON.parse(run(process.execPath, ['main.js'], { cwd: folder })));
  },
  'a runtime without the Node-API version'() {
    const older = "data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, napi: '7' } })";
    const folder = install('version', withPrebuilds());
    return isFallback(probe(folder, { env: { NODE_OPTIONS: `--import ${JSON.stringify(older)}` } }), /needs Node-API 8, this runtime has 7/);
  },
  'a damaged addon'() {
    const folder = install('damaged', withPrebuilds());
    spoil(folder, (path) => writeFileSync(path, 'no addon'));
    return isFallback(probe(folder), /did not load: .*(too short|truncated|invalid|not a valid|ELF)/i);
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : Object.keys(CASES)) {
  try {
    console.log(`ok ${name}: ${await CASES[name]()}`);
  } catch (error) {
    console.log(`NOT OK ${name}: ${error.message}`);
    process.exitCode = 1;
  }
}
