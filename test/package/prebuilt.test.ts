/** Tools are not to take an addon of other sources for one of these. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Prebuilt {
  prebuiltPath: (root: string, target: string) => string;
  notePrebuilt: (root: string, target: string) => void;
  whyOutdated: (root: string, target: string) => string | undefined;
}

// By a variable, for it is a plain script without types.
const path = '../../.ci/prebuilt.mjs';
const { prebuiltPath, notePrebuilt, whyOutdated } = (await import(path)) as Prebuilt;
const TARGET = 'linux-arm64';

let root: string;
const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'airs-mcp-prebuilt-'));
  write('package.json', '{ "version": "1.0.0", "scripts": {} }');
  write('binding.gyp', '{}');
  write('native/scan.cc', 'int scan();');
  write('node_modules/@nozbe/simdjson/package.json', '{ "version": "3.0.0" }');
  write('prebuilds/linux-arm64/airs-mcp.glibc.node', 'built');
  notePrebuilt(root, TARGET);
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('a prebuilt addon', () => {
  it.each([
    ['linux-x64', 'linux-x64/airs-mcp.glibc.node'],
    ['linux-x64-musl', 'linux-x64/airs-mcp.musl.node'],
    ['win32-arm64', 'win32-arm64/airs-mcp.node'],
  ])('for %s is at %s', (target, place) => {
    expect(prebuiltPath('/root', target)).toBe(join('/root', 'prebuilds', place));
  });

  it('is of these sources after it was built, whatever changes beside them', () => {
    expect(whyOutdated(root, TARGET)).toBeUndefined();
    write('package.json', '{ "version": "1.0.0", "scripts": { "test": "vitest" } }');
    write('native/scan.cc', 'int scan();');
    expect(whyOutdated(root, TARGET)).toBeUndefined();
  });

  it.each<[string, string, string, RegExp]>([
    ['a source', 'native/scan.cc', 'int scan(int);', /other sources/],
    ['a new source', 'native/deep/find.cc', 'int find();', /other sources/],
    ['how it is built', 'binding.gyp', '{ "targets": [] }', /other sources/],
    ['simdjson', 'node_modules/@nozbe/simdjson/package.json', '{ "version": "3.0.1" }', /other sources/],
    ['the version', 'package.json', '{ "version": "1.0.1" }', /is of version 1\.0\.0, the sources are 1\.0\.1/],
    ['the addon itself', 'prebuilds/linux-arm64/airs-mcp.glibc.node', 'downloaded', /another than was built here/],
  ])('is outdated by a change of %s', (_what, file, text, reason) => {
    write(file, text);
    expect(whyOutdated(root, TARGET)).toMatch(reason);
  });

  it('is not known where it is missing, or came from elsewhere', () => {
    rmSync(prebuiltPath(root, TARGET));
    expect(whyOutdated(root, TARGET)).toMatch(/is missing/);
    write('prebuilds/linux-x64/airs-mcp.glibc.node', 'downloaded');
    expect(whyOutdated(root, 'linux-x64')).toMatch(/of which sources .* is not known/);
  });
});
