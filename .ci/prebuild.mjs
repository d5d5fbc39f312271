/**
 * Builds the addon for the published package: prebuilds/<platform>-<arch>/airs-mcp[.libc].node, stripped, and checked.
 * Usage: npm run prebuild [-- TARGET]    for this machine; linux-arm64 by a cross compiler
 *
 * The build runs in a copy, so that the addon of this clone stays as it is.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { argv, env, execPath, platform, version } from 'node:process';
import { fileURLToPath } from 'node:url';
import { checkBinary } from './binary.mjs';
import { notePrebuilt, prebuiltPath } from './prebuilt.mjs';
import { HOST } from './runtimes.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const INPUTS = ['package.json', 'binding.gyp', 'native', 'node_modules/@nozbe/simdjson'];

/** The tools that build for another processor, as Debian names them. */
const CROSS = {
  'linux-arm64': { CC: 'aarch64-linux-gnu-gcc', CXX: 'aarch64-linux-gnu-g++', AR: 'aarch64-linux-gnu-ar', STRIP: 'aarch64-linux-gnu-strip' },
};

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options });
  if (status !== 0) throw error ?? new Error(`${command} ended with ${status}`);
}

/** node-gyp reads npm's settings from the environment, where npm alone puts them. */
function nodedir() {
  if (env.npm_config_nodedir) return env.npm_config_nodedir;
  const { stdout } = spawnSync('npm', ['config', 'get', 'nodedir'], { encoding: 'utf8', shell: platform === 'win32' });
  return /^(undefined|null)?$/.test(stdout?.trim() ?? '') ? undefined : stdout.trim();
}

function environment(target) {
  const [system] = target.split('-');
  const settings = { ...env, ...(target === HOST ? {} : CROSS[target]) };
  const headers = nodedir();
  if (headers) settings.npm_config_nodedir = headers;
  if (system === 'linux') settings.PREBUILD_LIBC = target.endsWith('-musl') ? 'musl' : 'glibc';
  settings.PREBUILD_STRIP_BIN = settings.STRIP ?? 'strip';
  settings.PREBUILD_NODE_GYP = join(ROOT, 'node_modules', '.bin', platform === 'win32' ? 'node-gyp.cmd' : 'node-gyp');
  return settings;
}

function build(target) {
  const [system, arch] = target.split('-');
  const work = mkdtempSync(join(tmpdir(), 'airs-mcp-prebuild-'));
  try {
    for (const path of INPUTS) cpSync(join(ROOT, path), join(work, path), { recursive: true });
    const prebuildify = join(ROOT, 'node_modules', 'prebuildify', 'bin.js');
    const flags = ['--napi', '--strip', `--target=node@${version}`, `--platform=${system}`, `--arch=${arch}`, `--out=${ROOT}`];
    if (system === 'linux') flags.push('--tag-libc');
    run(execPath, [prebuildify, ...flags], { cwd: work, env: environment(target) });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return prebuiltPath(ROOT, target);
}

const target = argv[2] ?? HOST;
if (target !== HOST && !Object.hasOwn(CROSS, target)) throw new Error(`${target} is neither this machine (${HOST}) nor ${Object.keys(CROSS).join(', ')}`);
const addon = build(target);
notePrebuilt(ROOT, target);
console.log(checkBinary(addon));
